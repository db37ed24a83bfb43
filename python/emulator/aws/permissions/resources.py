"""The ARNs of a request's resources, built from its parameters."""

import functools
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from moto.iam.models import iam_backends
from moto.kms.models import kms_backends

from emulator.aws.account import ACCOUNT
from emulator.aws.permissions.actions import Action, ResourceType

_PLACEHOLDER = re.compile(r"\$\{(\w+)\}")
# Defaults of parameters that a request leaves out.
_DEFAULTS = {
    ("scheduler", "GroupName"): "default",
    ("events:PutEvents", "EventBusName"): "default",
}

# The names of placeholders' resources in operations, if they differ.
_NOUNS = {"GroupName": "ScheduleGroup"}


@dataclass(frozen=True)
class Scope:
    """The partition, region and account of a request."""

    partition: str
    region: str

    def fill(self, template: str) -> str:
        """Return an ARN template with its partition, region and account."""
        return (
            template.replace("${Partition}", self.partition)
            .replace("${Region}", self.region)
            .replace("${Account}", ACCOUNT)
        )


@dataclass(frozen=True)
class _Found:
    arns: tuple[str, ...]
    required: bool
    placeholders: int


def resource_arns(action: Action, parameters: Mapping[str, Any], scope: Scope) -> list[str]:
    """Return the ARNs on which a request's action is checked; ``*`` if it names no resource."""
    found = [_find(action, kind, parameters, scope) for kind in action.resources]
    found = [one for one in found if one is not None]
    wanted = found
    if not any(one.required for one in found):
        # An event rule's ARN may include its bus: the longer form is used.
        fullest = max((one.placeholders for one in found), default=0)
        wanted = [one for one in found if one.placeholders == fullest]
    arns = dict.fromkeys(arn for one in wanted for arn in one.arns)
    if action.name == "sagemaker:CreateModelPackage" and "ModelPackageGroupName" in parameters:
        # SageMaker numbers versions below the group's name.
        group = _last_part(parameters["ModelPackageGroupName"]).lower()
        template = "arn:${Partition}:sagemaker:${Region}:${Account}:model-package/"
        arns[scope.fill(template) + f"{group}/*"] = None
    if action.name == "sagemaker:CreateModel":
        # Creating a model from a package also needs permission for the package.
        # https://docs.aws.amazon.com/sagemaker/latest/dg/model-registry-deploy-xaccount.html
        for container in _nested(parameters):
            for name in _strings(container, "ModelPackageName"):
                package = name.rpartition(":model-package/")[2].lower()
                template = "arn:${Partition}:sagemaker:${Region}:${Account}:model-package/"
                arns[scope.fill(template) + package] = None
    if action.name.startswith("lambda:") and parameters.get("Qualifier"):
        # https://docs.aws.amazon.com/lambda/latest/dg/lambda-api-permissions-ref.html
        return [f"{arn}:{parameters['Qualifier']}" for arn in arns]
    if action.name.startswith("ecr:") and parameters.get("registryId"):
        own = scope.fill("arn:${Partition}:ecr:${Region}:${Account}:")
        registry = own.replace(ACCOUNT, parameters["registryId"])
        return [f"{registry}{arn.removeprefix(own)}" for arn in arns]
    if arns:
        return list(arns)
    required = next((kind for kind in action.resources if kind.required), None)
    if required is None:
        return ["*"]
    return [_PLACEHOLDER.sub("*", scope.fill(required.arn))]


def _find(
    action: Action, kind: ResourceType, parameters: Mapping[str, Any], scope: Scope
) -> _Found | None:
    template = scope.fill(_template(action, kind.arn))
    names = _PLACEHOLDER.findall(template)
    expression = _expression(template)
    given = [_unqualified(action, value) for value in _arns(parameters)]
    by_arn = [arn for arn in given if expression.fullmatch(arn)]
    if by_arn:
        return _Found(tuple(dict.fromkeys(by_arn)), kind.required, len(names))
    values = [_values(action, name, parameters) for name in names]
    if not all(values):
        return None
    arns = [template]
    for name, options in zip(names, values, strict=True):
        arns = [arn.replace(f"${{{name}}}", option) for arn in arns for option in options]
    return _Found(tuple(arns), kind.required, len(names))


def _template(action: Action, template: str) -> str:
    if template.endswith(":log-group:${LogGroupName}") and "Tag" not in action.name:
        # Only tagging uses the ARN without a suffix.
        # https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/iam-access-control-overview-cwl.html
        return f"{template}:log-stream:"
    return template


@functools.cache
def _expression(template: str) -> re.Pattern[str]:
    parts = _PLACEHOLDER.split(template)
    # A qualified function is a separate resource, and a stream's name is a time of day.
    any_name = ".+" if template.split(":")[2] in ("dynamodb", "lambda", "logs") else "[^:]+"
    return re.compile(
        "".join(any_name if i % 2 else re.escape(part) for i, part in enumerate(parts))
    )


def _unqualified(action: Action, arn: str) -> str:
    # Versions and aliases are a condition key of Step Functions, not a resource.
    # https://docs.aws.amazon.com/step-functions/latest/dg/auth-version-alias.html
    if action.name.startswith("states:") and ":stateMachine:" in arn:
        return ":".join(arn.split(":")[:7])
    return arn


def _arns(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        if value.startswith("arn:"):
            yield value
    elif isinstance(value, Mapping):
        for member, item in value.items():
            # A version's own members are not resources of the request.
            if member != "CustomerMetadataProperties":
                yield from _arns(item)
    elif isinstance(value, list):
        for item in value:
            yield from _arns(item)


def _values(action: Action, placeholder: str, parameters: Mapping[str, Any]) -> list[str]:
    """Return the values of a request for a part of an ARN."""
    prefix, _, operation = action.name.partition(":")
    for member in _members(placeholder, operation):
        for structures in ([parameters], _nested(parameters)):
            names = [name for one in structures for name in _strings(one, member)]
            if placeholder == "EventBusName" and operation != "PutEvents":
                names = [name for name in names if name != "default"]
            if names:
                return [_name(prefix, placeholder, name) for name in names]
    default = _DEFAULTS.get((prefix, placeholder)) or _DEFAULTS.get((action.name, placeholder))
    return [default] if default else []


def _members(placeholder: str, operation: str) -> Iterator[str]:
    base = placeholder.removesuffix("WithPath").removesuffix("WithoutLeadingSlash")
    noun = base.removesuffix("Name").removesuffix("Id")
    yield base
    if re.sub(r"^[A-Z][a-z]+", "", operation) in (noun, _NOUNS.get(placeholder)):
        yield "Name"
    yield f"{noun}Arn"
    yield f"{noun}Url"
    yield noun


def _nested(value: Any) -> Iterator[Mapping[str, Any]]:
    for item in value.values() if isinstance(value, Mapping) else value:
        if isinstance(item, Mapping):
            yield item
        if isinstance(item, Mapping | list):
            yield from _nested(item)


def _strings(structure: Mapping[str, Any], member: str) -> list[str]:
    wanted = (member.lower(), f"{member.lower()}s")
    values = [value for name, value in structure.items() if name.lower() in wanted]
    items = [item for value in values for item in (value if type(value) is list else [value])]
    return [item for item in items if isinstance(item, str) and item]


def _last_part(arn_or_name: str) -> str:
    return arn_or_name.rpartition("/")[2] if arn_or_name.startswith("arn:") else arn_or_name


def _name(prefix: str, placeholder: str, value: str) -> str:
    if prefix == "sagemaker":
        # https://docs.aws.amazon.com/sagemaker/latest/dg/automating-sagemaker-with-eventbridge.html
        return _last_part(value).lower()
    if prefix == "lambda" and placeholder == "FunctionName":
        return re.sub(r"^(arn:[^:]+:lambda:[^:]+:)?\d{12}:(function:)?|^function:", "", value)
    if prefix == "ssm":
        return value.removeprefix("/")  # a parameter's ARN has one slash before the name, not two
    if prefix == "kms" and placeholder == "KeyId":
        key = find_key(value)
        return key.id if key else _last_part(value)
    if placeholder == "RoleNameWithPath":
        role = iam_backends[ACCOUNT]["aws"].roles
        path = next((one.path for one in list(role.values()) if one.name == value), "/")
        return f"{path.lstrip('/')}{value}"
    return value.rpartition("/")[2] if "://" in value else _last_part(value)


def find_key(name: str) -> Any | None:
    """Return moto's record of a KMS key given by id, ARN or alias, or None if there is none."""
    region = name.split(":")[3] if name.startswith("arn:") else None
    for backend_region, backend in list(kms_backends[ACCOUNT].items()):
        if region in (None, backend_region):
            try:
                return backend.keys[backend.any_id_to_key_id(name)]
            except (KeyError, AttributeError):  # moto's exception for an unknown alias
                continue
    return None
