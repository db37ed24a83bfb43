"""The parameters of a task against the model of the operation that it calls."""

import functools
import re
from collections.abc import Iterator
from typing import Any

from botocore import xform_name

from emulator.aws.operations import operation_model, service_model, services
from emulator.aws.stepfunctions.field_values import is_expression, is_number
from emulator.aws.stepfunctions.sdk_names import boto_names, member_name, service_name

OPTIMIZED_SAGEMAKER = {
    "createProcessingJob": True,
    "createTrainingJob": True,
    "createTransformJob": True,
    "createModel": False,
    "createEndpointConfig": False,
    "createEndpoint": False,
    "updateEndpoint": False,
}
"""What the optimized integration can call, and whether ``.sync`` goes with it."""

_RESOURCE = re.compile(
    r"arn:aws[\w-]*:states:[\w-]*:\d*:(?:(?P<sdk>aws-sdk):)?(?P<service>[\w-]+):(?P<action>\w+)"
    r"(?:\.(?P<pattern>[\w:]+))?"
)


@functools.cache
def boto_service(api_name: str) -> str:
    """Return boto3's name of a service that a task's resource names, ``sfn`` for instance.

    It is empty if there is no such service.
    """
    if api_name in services() and service_name(service_model(api_name).service_id) == api_name:
        return api_name  # most of them, without a look at all the others
    return boto_names().get(api_name, "")


def sdk_service_name(service: str) -> str:
    """Return how errors name a service, as the AWS SDK for Java does: ``Sfn``, ``DynamoDb``."""
    words = service_model(service).service_id.split()
    return "".join(re.sub(r"([A-Z])([A-Z]+)(?=\d|$|[A-Z][a-z])", _lower_tail, w) for w in words)


def _lower_tail(match: re.Match[str]) -> str:
    return match[1] + match[2].lower()


def sdk_operation(service: str, action: str) -> Any:
    """Return the model of a camelCase action such as ``s3:copyObject``."""
    wanted = xform_name(action[:1].upper() + action[1:])
    for name in service_model(service).operation_names:
        if xform_name(name) == wanted:
            return operation_model(service, name)
    return None


def parameter_problems(state: dict[str, Any], path: str) -> Iterator[str]:
    """Say what is wrong with the resource of a task and the parameters given to it."""
    resource = state.get("Resource")
    match = _RESOURCE.fullmatch(resource) if isinstance(resource, str) else None
    if match is None:
        if not isinstance(resource, str):
            yield f"SCHEMA_VALIDATION_FAILED: The field 'Resource' is required at {path}"
        return
    if not match["sdk"] and match["service"] != "sagemaker":
        return  # moto knows the parameters of the optimized integrations that it has
    service = boto_service(match["service"])
    operation = sdk_operation(service, match["action"]) if service in services() else None
    syncs = match["pattern"] in (None, "waitForTaskToken")
    if not match["sdk"]:
        sync_allowed = OPTIMIZED_SAGEMAKER.get(match["action"])
        syncs = match["pattern"] is None or (match["pattern"] == "sync" and bool(sync_allowed))
        operation = None if sync_allowed is None else operation
    if operation is None or not syncs:
        yield (
            f"SCHEMA_VALIDATION_FAILED: The resource provided {resource} is not recognized. The "
            "value is not a valid resource ARN, or the resource is not available in this region. "
            f"at {path}/Resource"
        )
        return
    field = "Arguments" if "Arguments" in state else "Parameters"
    given = state.get(field, {})
    if isinstance(given, dict) and operation.input_shape is not None:
        yield from _structure_problems(operation.input_shape, given, f"{path}/{field}")
        if not match["sdk"]:
            yield from _missing(operation.input_shape, given, f"{path}/{field}")


_KINDS = {
    "structure": ("an OBJECT", lambda value: isinstance(value, dict)),
    "map": ("an OBJECT", lambda value: isinstance(value, dict)),
    "list": ("an ARRAY", lambda value: isinstance(value, list)),
    # Public definitions write booleans as text.
    "boolean": ("a BOOLEAN", lambda value: isinstance(value, bool) or value in ("true", "false")),
    **dict.fromkeys(
        ("integer", "long"),
        ("an INTEGER", lambda value: is_number(value) and float(value).is_integer()),
    ),
    **dict.fromkeys(("float", "double"), ("a NUMBER", is_number)),
    # JSON that is given for a text or for bytes is sent as text.
    "string": ("a STRING", lambda value: isinstance(value, (str, dict, list))),
}


def evaluated_faults(shape: Any, parameters: dict[str, Any]) -> list[str]:
    """Say which fields of evaluated parameters an operation does not have, or not of this type."""
    return [
        problem.removeprefix("SCHEMA_VALIDATION_FAILED: ").rpartition(" at ")[0]
        for problem in _structure_problems(shape, parameters, "")
    ]


def _problems(shape: Any, value: Any, path: str) -> Iterator[str]:
    wanted, fits = _KINDS.get(shape.type_name, ("", lambda _: True))
    if value is None or is_expression(value):
        return
    if not fits(value):
        yield (
            f"SCHEMA_VALIDATION_FAILED: The value for the field '{path.rpartition('/')[2]}' must "
            f"be {wanted}, got {value!r} at {path}"
        )
    elif shape.type_name == "structure" and isinstance(value, dict):
        yield from _structure_problems(shape, value, path)
    elif shape.type_name == "list" and isinstance(value, list):
        for i, item in enumerate(value):
            yield from _problems(shape.member, item, f"{path}[{i}]")
    elif shape.type_name == "map" and isinstance(value, dict):
        for key, item in value.items():
            if not key.endswith(".$"):
                yield from _problems(shape.value, item, f"{path}/{key}")


def _structure_problems(shape: Any, value: dict[str, Any], path: str) -> Iterator[str]:
    members = {
        spelling: member
        for name, member in shape.members.items()
        for spelling in (name[:1].upper() + name[1:], member_name(name))
    }
    for key, item in value.items():
        member = members.get(key.removesuffix(".$"))
        if member is None:
            yield (
                f'SCHEMA_VALIDATION_FAILED: The field "{key}" is not supported by Step Functions '
                f"at {path}"
            )
        elif not key.endswith(".$"):
            yield from _problems(member, item, f"{path}/{key}")


def _missing(shape: Any, value: dict[str, Any], path: str) -> Iterator[str]:
    given = {key.removesuffix(".$") for key in value}
    for name in shape.required_members:
        if name not in given:
            yield (
                f'SCHEMA_VALIDATION_FAILED: The field "{name}" is required but was missing at '
                f"{path}"
            )
