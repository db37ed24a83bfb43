"""The check of a task's resource and parameters against the model of its operation."""

import functools
import json
import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from botocore import xform_name

from emulator.aws.protocol.operation_table import OPERATIONS
from emulator.aws.protocol.operations import operation_model, service_model, services
from emulator.aws.stepfunctions.field_values import is_expression, is_number
from emulator.aws.stepfunctions.tasks.integrations import (
    RUNS,
    Integration,
    integration,
    is_arn,
    is_function_or_activity,
    unavailable,
)
from emulator.aws.stepfunctions.tasks.sdk_names import boto_names, member_name, service_name

NOT_RUN_HERE = "EMULATOR_DOES_NOT_RUN"
"""The code of the emulator's own limitations: AWS would accept the definition."""

# Members that accept any JSON, which the integration converts to text.
_JSON_MEMBERS = {
    "events": frozenset({"Detail"}),
    "lambda": frozenset({"Payload"}),
    "sns": frozenset({"Message"}),
    "sqs": frozenset({"MessageBody"}),
    "states": frozenset({"Input"}),
}
# Step Functions' names of the types, and the JSON types of each.
_TYPES: Mapping[str, tuple[str, Callable[[Any], bool]]] = {
    "structure": ("an OBJECT", lambda value: isinstance(value, dict)),
    "map": ("an OBJECT", lambda value: isinstance(value, dict)),
    "list": ("an ARRAY", lambda value: isinstance(value, list)),
    # Public definitions contain booleans as text.
    "boolean": ("a BOOLEAN", lambda value: isinstance(value, bool) or value in ("true", "false")),
    **dict.fromkeys(
        ("integer", "long"),
        ("an INTEGER", lambda value: is_number(value) and float(value).is_integer()),
    ),
    **dict.fromkeys(("float", "double"), ("a NUMBER", is_number)),
    "string": ("a STRING", lambda value: isinstance(value, str)),
}


@functools.cache
def boto_service(api_name: str) -> str:
    """Return boto3's name of a service in a task's resource, such as ``sfn``.

    It is empty if the service does not exist.
    """
    if api_name in services() and service_name(service_model(api_name).service_id) == api_name:
        return api_name  # most services, without loading the others
    return boto_names().get(api_name, "")


def optimized_service(name: str) -> str:
    """Return boto3's name of a service with optimized integrations, such as ``states``."""
    return "stepfunctions" if name == "states" else name


def sdk_service_name(service: str) -> str:
    """Return a service's name in errors, as in the AWS SDK for Java: ``Sfn``, ``DynamoDb``."""
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


def resource_problem(resource: str) -> str | None:
    """Return why Step Functions or the emulator refuses a task's resource, or None.

    It begins with its code; `NOT_RUN_HERE` is the emulator's.
    """
    if not is_arn(resource):
        return f"SCHEMA_VALIDATION_FAILED: Value is not a valid resource ARN, {_wanted(resource)}"
    called = integration(resource)
    if called is None and is_function_or_activity(resource):
        return None
    operation = _operation(called) if called is not None else None
    if called is not None and operation is not None:
        if called.sdk and called.pattern in ("", "waitForTaskToken"):
            refused = OPERATIONS.reason(boto_service(called.service), operation.name)
            return f"{NOT_RUN_HERE}: {refused}" if refused else None
        if called.name in RUNS:
            return None
    reason = unavailable(resource)
    if reason:
        return f"{NOT_RUN_HERE}: {reason}"
    return (
        f"SCHEMA_VALIDATION_FAILED: The resource provided {resource} is not recognized. The value "
        "is not a valid resource ARN, or the resource is not available in this region."
    )


def _wanted(resource: str) -> str:
    return (
        f"got '{resource}'; a function is arn:aws:lambda:<region>:<account>:function:<name>, a "
        "service arn:aws:states:::<service>:<action>"
    )


def parameter_problems(state: dict[str, Any], path: str) -> Iterator[str]:
    """Return the problems of a task's resource and parameters."""
    resource = state.get("Resource")
    if resource is None and "Resource" not in state:
        yield f"SCHEMA_VALIDATION_FAILED: The field 'Resource' is required at {path}"
    if not isinstance(resource, str):
        return
    problem = resource_problem(resource)
    if problem:
        yield f"{problem} at {path}/Resource"
        return
    called = integration(resource)
    field = "Arguments" if "Arguments" in state else "Parameters"
    given = state.get(field, {})
    if called is not None and isinstance(given, dict):
        for text, where in value_problems(called, given, f"{path}/{field}"):
            yield f"SCHEMA_VALIDATION_FAILED: {text} at {where}"


def value_problems(
    called: Integration, given: dict[str, Any], path: str = "", *, evaluated: bool = False
) -> Iterator[tuple[str, str]]:
    """Yield the problems of parameters, with their locations.

    Parameters
    ----------
    evaluated : bool
        Whether `given` has the results of expressions instead of a definition's own text.
    """
    operation = _operation(called)
    if operation is None or operation.input_shape is None:
        return
    check = _Check(called, evaluated)
    yield from check.structure(operation.input_shape, given, path)
    if not called.sdk:
        yield from check.missing(operation.input_shape, given, path)


def _operation(called: Integration) -> Any:
    service = (boto_service if called.sdk else optimized_service)(called.service)
    return sdk_operation(service, called.action) if service in services() else None


class _Check:
    def __init__(self, called: Integration, evaluated: bool) -> None:
        self._called = called
        self._evaluated = evaluated
        self._json = frozenset[str]() if called.sdk else _JSON_MEMBERS.get(called.service, ())

    def structure(self, shape: Any, value: dict[str, Any], path: str) -> Iterator[tuple[str, str]]:
        members = self._members(shape)
        for key, item in value.items():
            name = key.removesuffix(".$")
            if name not in members:
                yield f'The field "{key}" is not supported by Step Functions', path
            elif name == key and name not in self._json:
                yield from self._value(members[name], item, name, f"{path}/{key}")

    def missing(self, shape: Any, value: dict[str, Any], path: str) -> Iterator[tuple[str, str]]:
        given = {key.removesuffix(".$") for key in value}
        for name in (member[:1].upper() + member[1:] for member in shape.required_members):
            if name not in given:
                yield f'The field "{name}" is required but was missing', path

    def _members(self, shape: Any) -> dict[str, Any]:
        named = {name[:1].upper() + name[1:]: member for name, member in shape.members.items()}
        if self._called.sdk:
            spelled = {member_name(name): member for name, member in shape.members.items()}
            return {**named, **spelled}
        return named

    def _value(self, shape: Any, value: Any, name: str, path: str) -> Iterator[tuple[str, str]]:
        if not self._fits(shape, value):
            wanted = _TYPES[shape.type_name][0]
            yield f"The value for the field '{name}' must be {wanted}, got {value!r}", path
        elif shape.type_name == "structure" and isinstance(value, dict):
            yield from self.structure(shape, value, path)
        elif shape.type_name == "list" and isinstance(value, list):
            for i, item in enumerate(value):
                yield from self._value(shape.member, item, name, f"{path}[{i}]")
        elif shape.type_name == "map" and isinstance(value, dict):
            for key, item in value.items():
                if not key.endswith(".$"):
                    yield from self._value(shape.value, item, key, f"{path}/{key}")

    def _fits(self, shape: Any, value: Any) -> bool:
        _, fits = _TYPES.get(shape.type_name, ("", lambda _: True))
        if value is None or (is_expression(value) and not self._evaluated):
            return True
        if self._called.sdk and shape.type_name == "string":
            fits = _is_text_or_json
        return fits(value)


def _is_text_or_json(value: Any) -> bool:
    # Objects and arrays for a text parameter are sent as text.
    return isinstance(value, (str, dict, list))


def json_text(value: Any) -> str:
    """Return JSON as text, in the format of integrations."""
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False)
