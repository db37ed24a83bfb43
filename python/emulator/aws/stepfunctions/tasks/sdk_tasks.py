"""``aws-sdk:`` tasks: names of services, parameters and errors as in the AWS SDK for Java."""

import datetime
from typing import Any

from botocore.exceptions import BotoCoreError
from botocore.response import StreamingBody
from moto.stepfunctions.parser.asl.component.state.exec.state_task.service.state_task_service_aws_sdk import (  # noqa: E501
    StateTaskServiceAwsSdk,
)
from moto.stepfunctions.parser.asl.eval.environment import Environment

from emulator.aws.patching import replace, wrap
from emulator.aws.stepfunctions.context import iso_time
from emulator.aws.stepfunctions.tasks.sdk_names import member_name
from emulator.aws.stepfunctions.tasks.task_parameters import (
    boto_service,
    json_text,
    sdk_operation,
    sdk_service_name,
)


def install() -> None:
    """Translate between PascalCase and the API's own names; name errors by service."""
    replace(StateTaskServiceAwsSdk, "_get_boto_service_name", _boto_service_name)
    replace(StateTaskServiceAwsSdk, "_normalise_parameters", _normalise_parameters)
    replace(StateTaskServiceAwsSdk, "_normalise_response", _normalise_response)
    replace(StateTaskServiceAwsSdk, "_normalise_service_error_name", staticmethod(_error_prefix))
    replace(StateTaskServiceAwsSdk, "_normalise_exception_name", staticmethod(_error_name))
    wrap(StateTaskServiceAwsSdk, "_from_error", _from_error)


def _boto_service_name(self: Any, boto_service_name: str | None = None) -> str:
    return boto_service(boto_service_name or self.resource.api_name)


def _error_prefix(api_name: str) -> str:
    return sdk_service_name(boto_service(api_name))


def _error_name(prefix: str, error: Exception) -> str:
    # Newer models of S3 contain AccessDenied, but its operations do not declare it.
    name = type(error).__name__
    if name in ("ClientError", "AccessDenied"):
        name = prefix
    return f"{prefix}.{name.removesuffix('Exception')}Exception"


def _from_error(original: Any, self: Any, env: Environment, ex: Exception) -> Any:
    if isinstance(ex, BotoCoreError):
        prefix = _error_prefix(self.resource.api_name)
        return self._get_task_failure_event(env, f"{prefix}.SdkClientException", str(ex))
    return original(self, env, ex)


def _normalise_parameters(self: Any, parameters: dict[str, Any], *_: Any) -> None:
    operation = sdk_operation(self._get_boto_service_name(), self.resource.api_action)
    if operation is not None and operation.input_shape is not None:
        request = to_request(parameters, operation.input_shape)
        parameters.clear()
        parameters.update(request)


def _normalise_response(self: Any, response: Any, *_: Any) -> None:
    operation = sdk_operation(self._get_boto_service_name(), self.resource.api_action)
    if operation is not None and operation.output_shape is not None:
        result = from_response(response, operation.output_shape)
        response.clear()
        response.update(result)


def to_request(value: Any, shape: Any) -> Any:
    """Return parameters in PascalCase with the names and types of boto3."""
    if shape.type_name == "structure" and isinstance(value, dict):
        names = {
            spelling: name
            for name in shape.members
            for spelling in (name[:1].upper() + name[1:], member_name(name))
        }
        return {
            names.get(key, key): to_request(item, shape.members[names[key]])
            if key in names
            else item
            for key, item in value.items()
        }
    if shape.type_name == "list" and isinstance(value, list):
        return [to_request(item, shape.member) for item in value]
    if shape.type_name == "map" and isinstance(value, dict):
        return {key: to_request(item, shape.value) for key, item in value.items()}
    if shape.type_name == "boolean" and value in ("true", "false"):
        return value == "true"
    if shape.type_name == "string" and not isinstance(value, str):
        return json_text(value)
    if shape.type_name == "blob" and not isinstance(value, bytes):
        text = value if isinstance(value, str) else json_text(value)
        return text.encode()
    return value


def from_response(value: Any, shape: Any) -> Any:
    """Return a response of boto3 as a state sees it: PascalCase names, times as text."""
    if shape.type_name == "structure" and isinstance(value, dict):
        return {
            member_name(key): from_response(item, shape.members[key])
            for key, item in value.items()
            if key in shape.members
        }
    if shape.type_name == "list" and isinstance(value, list):
        return [from_response(item, shape.member) for item in value]
    if shape.type_name == "map" and isinstance(value, dict):
        return {key: from_response(item, shape.value) for key, item in value.items()}
    if isinstance(value, datetime.datetime):
        return iso_time(value)
    if isinstance(value, StreamingBody):
        value = value.read()
    return value.decode(errors="replace") if isinstance(value, bytes) else value
