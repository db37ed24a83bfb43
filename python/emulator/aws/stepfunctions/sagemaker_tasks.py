"""The optimized integration ``arn:aws:states:::sagemaker:*``, request/response and ``.sync``."""

import contextlib
import datetime
import json
import time
from dataclasses import dataclass
from typing import Any

from botocore.exceptions import ClientError
from moto.stepfunctions.parser.api import HistoryEventType
from moto.stepfunctions.parser.asl.component.common.error_name.failure_event import (
    FailureEvent,
    FailureEventException,
)
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
from moto.stepfunctions.parser.asl.utils import boto_client

from emulator.aws.patching import replace_everywhere
from emulator.aws.stepfunctions.errors import any_error_name
from emulator.aws.stepfunctions.sdk_tasks import to_request
from emulator.aws.stepfunctions.task_parameters import OPTIMIZED_SAGEMAKER, sdk_operation

_POLL_SECONDS = 0.1
# The errors that the integration names; every other one is AmazonSageMakerException.
_NAMED_ERRORS = {"ResourceInUse", "ResourceLimitExceeded", "ResourceNotFound"}


@dataclass(frozen=True)
class _Job:
    kind: str  # as in describe_<kind> and stop_<kind>
    name_field: str
    status_field: str


_JOBS = {
    "createProcessingJob": _Job("processing_job", "ProcessingJobName", "ProcessingJobStatus"),
    "createTrainingJob": _Job("training_job", "TrainingJobName", "TrainingJobStatus"),
    "createTransformJob": _Job("transform_job", "TransformJobName", "TransformJobStatus"),
}


def install() -> None:
    """Let definitions call SageMaker; moto accepts such tasks and fails when they run."""
    original = state_task_service_factory.state_task_service_for

    def state_task_service_for(service_name: str) -> StateTaskService:
        return SageMakerTask() if service_name == "sagemaker" else original(service_name)

    replace_everywhere(original, state_task_service_for)


class SageMakerTask(StateTaskServiceCallback):
    """A task that calls SageMaker, and with ``.sync`` waits for the job to end."""

    def __init__(self) -> None:
        super().__init__(supported_integration_patterns={ResourceCondition("sync")})

    def _get_supported_parameters(self) -> set[str] | None:
        if self.resource.api_action not in OPTIMIZED_SAGEMAKER:
            return None
        return set(self._input_shape().members)

    def _input_shape(self) -> Any:
        operation = sdk_operation("sagemaker", self.resource.api_action)
        return operation.input_shape if operation else None

    def _eval_service_task(
        self,
        env: Any,
        resource_runtime_part: Any,
        normalised_parameters: dict[str, Any],
        state_credentials: Any,
    ) -> None:
        request = to_request(normalised_parameters, self._input_shape())
        if "Tags" in self._input_shape().members:
            execution_arn = env.states.context_object.context_object_data["Execution"]["Id"]
            request["Tags"] = [*request.get("Tags", []), *_own_tags(execution_arn)]
        client = _client(resource_runtime_part, state_credentials)
        response = getattr(client, self._get_boto_service_action())(**request)
        response.pop("ResponseMetadata", None)
        env.stack.append(_plain(response))

    def _after_eval_execution(
        self,
        env: Any,
        resource_runtime_part: Any,
        normalised_parameters: dict[str, Any],
        state_credentials: Any,
    ) -> None:
        if self.resource.condition == ResourceCondition.Sync:
            self._add_submitted(env, env.stack.pop())
            job = _JOBS[self.resource.api_action]
            client = _client(resource_runtime_part, state_credentials)
            output = _wait_for_end(env, client, job, normalised_parameters[job.name_field])
            env.stack.append(output)
            if output is None:
                return  # ended from outside: nobody waits for a TaskSucceeded
            if output[job.status_field] != "Completed":
                cause = json.dumps(output, separators=(",", ":"))
                raise FailureEventException(self._failure(env, "States.TaskFailed", cause))
        # Past the parent, whose own .sync needs task tokens.
        StateTaskService._after_eval_execution(
            self, env, resource_runtime_part, normalised_parameters, state_credentials
        )

    def _add_submitted(self, env: Any, response: Any) -> None:
        details = {
            "resource": self._get_sfn_resource(),
            "resourceType": self._get_sfn_resource_type(),
            "output": json.dumps(response, separators=(",", ":")),
            "outputDetails": {"truncated": False},
        }
        env.event_manager.add_event(
            context=env.event_history_context,
            event_type=HistoryEventType.TaskSubmitted,
            event_details={"taskSubmittedEventDetails": details},
        )

    def _from_error(self, env: Any, ex: Exception) -> FailureEvent:
        if not isinstance(ex, ClientError):
            return super()._from_error(env, ex)
        code, message = ex.response["Error"]["Code"], ex.response["Error"]["Message"]
        metadata = ex.response["ResponseMetadata"]
        name = f"{code}Exception" if code in _NAMED_ERRORS else "AmazonSageMakerException"
        cause = (
            f"{message} (Service: AmazonSageMaker; Status Code: {metadata['HTTPStatusCode']}; "
            f"Error Code: {code}; Request ID: {metadata['RequestId']}; Proxy: null)"
        )
        return self._failure(env, f"SageMaker.{name}", cause)

    def _failure(self, env: Any, error: str, cause: str) -> FailureEvent:
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


def _own_tags(execution_arn: str) -> list[dict[str, str]]:
    return [
        {"Key": "MANAGED_BY_AWS", "Value": "STARTED_BY_STEP_FUNCTIONS"},
        {"Key": "AWS_STEP_FUNCTIONS_EXECUTION_ARN", "Value": execution_arn},
    ]


def _client(runtime_part: Any, credentials: Any) -> Any:
    return boto_client.boto_client_for(
        region=runtime_part.region, service="sagemaker", state_credentials=credentials
    )


def _wait_for_end(env: Any, client: Any, job: _Job, name: str) -> dict[str, Any] | None:
    """Return the ended job's description, or None if the task was ended and the job stopped."""
    while env.is_running():
        description = getattr(client, f"describe_{job.kind}")(**{job.name_field: name})
        if description[job.status_field] in ("Completed", "Failed", "Stopped"):
            arn = description[job.name_field.replace("Name", "Arn")]
            tags = client.list_tags(ResourceArn=arn)["Tags"]
            description.pop("ResponseMetadata", None)
            return {**_plain(description), "Tags": {tag["Key"]: tag["Value"] for tag in tags}}
        time.sleep(_POLL_SECONDS)
    with contextlib.suppress(ClientError):  # it may have ended by itself
        getattr(client, f"stop_{job.kind}")(**{job.name_field: name})
    return None


def _plain(value: Any) -> Any:
    """Return a response with times as this integration gives them, in epoch milliseconds."""
    if isinstance(value, datetime.datetime):
        return int(value.timestamp() * 1000)
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_plain(item) for item in value]
    return value
