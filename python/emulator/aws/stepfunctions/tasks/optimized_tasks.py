"""Optimized integrations: a call of a service, with its result and errors as states see them.

Sources: https://docs.aws.amazon.com/step-functions/latest/dg/integrate-optimized.html and, for the
contents of results, executions recorded on AWS.
"""

import datetime
import json
from collections.abc import Mapping
from typing import Any

from botocore import xform_name
from moto.stepfunctions.parser.api import HistoryEventType
from moto.stepfunctions.parser.asl.component.common.error_name.failure_event import (
    FailureEvent,
)
from moto.stepfunctions.parser.asl.component.state.exec.state_task import lambda_eval_utils
from moto.stepfunctions.parser.asl.component.state.exec.state_task.service import (
    state_task_service_factory,
)
from moto.stepfunctions.parser.asl.component.state.exec.state_task.service.resource import (
    ResourceCondition,
)
from moto.stepfunctions.parser.asl.component.state.exec.state_task.service.state_task_service import (  # noqa: E501
    StateTaskService,
)
from moto.stepfunctions.parser.asl.component.state.exec.state_task.service.state_task_service_callback import (  # noqa: E501
    StateTaskServiceCallback,
)
from moto.stepfunctions.parser.asl.eval.environment import Environment
from moto.stepfunctions.parser.asl.utils import boto_client

from emulator.aws.patching import replace_everywhere
from emulator.aws.stepfunctions.errors import any_error_name
from emulator.aws.stepfunctions.service_errors import NAMES, function_error, service_error
from emulator.aws.stepfunctions.tasks.callbacks import while_running
from emulator.aws.stepfunctions.tasks.integrations import RUNS, Integration
from emulator.aws.stepfunctions.tasks.sdk_tasks import to_request
from emulator.aws.stepfunctions.tasks.task_parameters import (
    json_text,
    optimized_service,
    sdk_operation,
)

# As written by AWS's services; boto3 returns header names in lower case.
_HEADERS = ("Content-Length", "Content-Type", "Date", "X-Amz-Executed-Version")


class OptimizedTask(StateTaskServiceCallback):
    """A task that makes one call; with ``.waitForTaskToken`` it then waits for the token."""

    def __init__(self, service: str) -> None:
        names = {name for name in RUNS if name.startswith(f"{service}:")}
        patterns = {name.partition(".")[2] for name in names} - {""}
        super().__init__(supported_integration_patterns={ResourceCondition(p) for p in patterns})

    @property
    def called(self) -> Integration:
        """Return the call that the task makes."""
        condition = self.resource.condition
        return Integration(
            False, self.resource.api_name, self.resource.api_action, str(condition or "")
        )

    @property
    def _operation(self) -> Any:
        return sdk_operation(optimized_service(self.resource.api_name), self.resource.api_action)

    def _get_supported_parameters(self) -> set[str] | None:
        return set() if self.called.name in RUNS else None

    def _eval_service_task(
        self,
        env: Environment,
        resource_runtime_part: Any,
        normalised_parameters: dict[str, Any],
        state_credentials: Any,
    ) -> None:
        operation = self._operation
        given = self._adapted(env, normalised_parameters)
        client = self._client(resource_runtime_part, state_credentials)
        request = to_request(given, operation.input_shape)
        response = getattr(client, xform_name(operation.name))(**request)
        metadata = response.pop("ResponseMetadata")
        result = self._result(to_result(response, operation.output_shape))
        env.stack.append({**result, **self._metadata(metadata)})

    def _after_eval_execution(
        self,
        env: Environment,
        resource_runtime_part: Any,
        normalised_parameters: dict[str, Any],
        state_credentials: Any,
    ) -> None:
        rest = (env, resource_runtime_part, normalised_parameters, state_credentials)
        if self._is_integration_pattern():
            self._add_submitted(env, env.stack[-1])
            if not while_running(env, lambda: self._eval_integration_pattern(*rest)):
                return  # there is no TaskSucceeded yet
        StateTaskService._after_eval_execution(self, *rest)

    def _add_submitted(self, env: Environment, response: Any) -> None:
        submitted = {
            "resource": self._get_sfn_resource(),
            "resourceType": self._get_sfn_resource_type(),
            "output": json_text(response),
            "outputDetails": {"truncated": False},
        }
        details: Any = {"taskSubmittedEventDetails": submitted}
        env.event_manager.add_event(
            context=env.event_history_context,
            event_type=HistoryEventType.TaskSubmitted,
            event_details=details,
        )

    def _adapted(self, env: Environment, parameters: dict[str, Any]) -> dict[str, Any]:
        """Return the parameters with the integration's additions."""
        return parameters

    def _result(self, result: dict[str, Any]) -> dict[str, Any]:
        """Return the integration's result, or raise an exception for its failures."""
        return result

    def _metadata(self, metadata: Mapping[str, Any]) -> dict[str, Any]:
        request_id = metadata["RequestId"]
        given = metadata["HTTPHeaders"]
        headers = {name: given[name.lower()] for name in _HEADERS if name.lower() in given}
        headers["x-amzn-RequestId"] = request_id
        return {
            "SdkHttpMetadata": {
                "AllHttpHeaders": {name: [value] for name, value in headers.items()},
                "HttpHeaders": headers,
                "HttpStatusCode": metadata["HTTPStatusCode"],
            },
            "SdkResponseMetadata": {"RequestId": request_id},
        }

    def _client(self, runtime_part: Any, credentials: Any) -> Any:
        return boto_client.boto_client_for(
            region=runtime_part.region,
            service=optimized_service(self.resource.api_name),
            state_credentials=credentials,
        )

    def _from_error(self, env: Environment, ex: Exception) -> FailureEvent:
        named = service_error(self.resource.api_name, ex)
        return self.failure(env, *named) if named else super()._from_error(env, ex)

    def failure(self, env: Environment, error: str, cause: str) -> FailureEvent:
        """Return the failure of the task, with its event."""
        details: Any = {
            "taskFailedEventDetails": {
                "error": error,
                "cause": cause,
                "resource": self._get_sfn_resource(),
                "resourceType": self._get_sfn_resource_type(),
            }
        }
        return FailureEvent(
            env=env,
            error_name=any_error_name(error),
            event_type=HistoryEventType.TaskFailed,
            event_details=details,
        )


class LambdaTask(OptimizedTask):
    """``lambda:invoke``; an error of the function is the task's error."""

    def _adapted(self, env: Environment, parameters: dict[str, Any]) -> dict[str, Any]:
        if "Payload" not in parameters:
            return parameters
        payload = lambda_eval_utils.to_payload_type(parameters["Payload"])
        return {**parameters, "Payload": payload}

    def _result(self, result: dict[str, Any]) -> dict[str, Any]:
        try:
            payload = json.loads(result.get("Payload", "null"))
        except ValueError:
            payload = result["Payload"]
        if "FunctionError" in result:
            raise lambda_eval_utils.LambdaFunctionErrorException(
                result["FunctionError"], json.dumps(payload, separators=(",", ":"))
            )
        return {**result, "Payload": payload}

    def _from_error(self, env: Environment, ex: Exception) -> FailureEvent:
        if isinstance(ex, lambda_eval_utils.LambdaFunctionErrorException):
            return self.failure(env, function_error(ex.payload), ex.payload)
        return super()._from_error(env, ex)


class EventsTask(OptimizedTask):
    """``events:putEvents``, which fails if one of its events fails."""

    def _adapted(self, env: Environment, parameters: dict[str, Any]) -> dict[str, Any]:
        context = env.states.context_object.context_object_data
        own = [context["StateMachine"]["Id"], context["Execution"]["Id"]]
        entries = [
            {**entry, "Resources": [*(entry.get("Resources") or []), *own]}
            for entry in parameters["Entries"]
        ]
        return {**parameters, "Entries": entries}

    def _result(self, result: dict[str, Any]) -> dict[str, Any]:
        if result.get("FailedEntryCount"):
            raise _FailedEntryError(json_text(result))
        return result

    def _metadata(self, metadata: Mapping[str, Any]) -> dict[str, Any]:
        del metadata  # the one integration whose results have none
        return {}

    def _from_error(self, env: Environment, ex: Exception) -> FailureEvent:
        if isinstance(ex, _FailedEntryError):
            return self.failure(env, "EventBridge.FailedEntry", str(ex))
        return super()._from_error(env, ex)


class _FailedEntryError(Exception):
    """An event was not accepted; the message is the whole result."""


_CLASSES = {"events": EventsTask, "lambda": LambdaTask}


def install(special: Mapping[str, type[OptimizedTask]]) -> None:
    """Support integrations in definitions; `special` are tasks that wait for what they start."""
    original = state_task_service_factory.state_task_service_for
    classes = {**dict.fromkeys(NAMES, OptimizedTask), **_CLASSES, **special}

    def state_task_service_for(service_name: str) -> Any:
        chosen = classes.get(service_name)
        return chosen(service_name) if chosen else original(service_name)

    replace_everywhere(original, state_task_service_for)


def to_result(value: Any, shape: Any) -> Any:
    """Return a response of boto3 as a state sees it, with times in epoch milliseconds."""
    if shape is None:
        return {}
    if shape.type_name == "structure" and isinstance(value, dict):
        return {
            key[:1].upper() + key[1:]: to_result(item, shape.members[key])
            for key, item in value.items()
            if key in shape.members
        }
    if shape.type_name == "list" and isinstance(value, list):
        return [to_result(item, shape.member) for item in value]
    if shape.type_name == "map" and isinstance(value, dict):
        return {key: to_result(item, shape.value) for key, item in value.items()}
    if isinstance(value, datetime.datetime):
        return int(value.timestamp() * 1000)
    if hasattr(value, "read"):
        value = value.read()
    return value.decode(errors="replace") if isinstance(value, bytes) else value
