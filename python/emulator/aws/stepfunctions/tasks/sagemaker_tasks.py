"""The optimized integration ``arn:aws:states:::sagemaker:*``, request/response and ``.sync``."""

import contextlib
import time
from dataclasses import dataclass
from typing import Any

from botocore import xform_name
from botocore.exceptions import ClientError
from moto.stepfunctions.parser.asl.component.common.error_name.failure_event import (
    FailureEventException,
)
from moto.stepfunctions.parser.asl.eval.environment import Environment

from emulator.aws.protocol.operations import operation_model
from emulator.aws.sagemaker.endings import ENDINGS
from emulator.aws.stepfunctions.tasks.optimized_tasks import OptimizedTask, to_result
from emulator.aws.stepfunctions.tasks.task_parameters import json_text

_POLL_SECONDS = 0.1
_LONGEST_PAUSE_SECONDS = 5.0
_NOT_IN_TUNING_RESULTS = (
    "ConsumedResources",
    "ObjectiveStatusCounters",
    "OverallBestTrainingJob",
    "TrainingJobStatusCounters",
    "TuningJobCompletionDetails",
)


@dataclass(frozen=True)
class _Job:
    noun: str

    @property
    def kind(self) -> str:
        """As in ``describe_<kind>`` and ``stop_<kind>``."""
        return xform_name(self.noun)

    @property
    def name_field(self) -> str:
        return f"{self.noun}Name"

    @property
    def status_field(self) -> str:
        return f"{self.noun}Status"


class SageMakerTask(OptimizedTask):
    """A task that calls SageMaker, and with ``.sync`` waits for the job to end."""

    def _adapted(self, env: Environment, parameters: dict[str, Any]) -> dict[str, Any]:
        if "Tags" not in self._operation.input_shape.members:
            return parameters
        execution_arn = env.states.context_object.context_object_data["Execution"]["Id"]
        tags = [*(parameters.get("Tags") or []), *_own_tags(execution_arn)]
        return {**parameters, "Tags": tags}

    def _eval_integration_pattern(
        self,
        env: Environment,
        resource_runtime_part: Any,
        normalised_parameters: dict[str, Any],
        state_credentials: Any,
    ) -> None:
        env.stack.pop()
        job = _Job(self.resource.api_action.removeprefix("create"))
        client = self._client(resource_runtime_part, state_credentials)
        output = _wait_for_end(env, client, job, normalised_parameters[job.name_field])
        env.stack.append(output)
        if output is not None and output[job.status_field] != "Completed":
            failure = self.failure(env, "States.TaskFailed", json_text(output))
            raise FailureEventException(failure)


def _own_tags(execution_arn: str) -> list[dict[str, str]]:
    return [
        {"Key": "MANAGED_BY_AWS", "Value": "STARTED_BY_STEP_FUNCTIONS"},
        {"Key": "AWS_STEP_FUNCTIONS_EXECUTION_ARN", "Value": execution_arn},
    ]


def _wait_for_end(env: Environment, client: Any, job: _Job, name: str) -> dict[str, Any] | None:
    """Return the ended job's description, or None if the task was ended and the job stopped."""
    while env.is_running():
        seen = ENDINGS.count
        description = getattr(client, f"describe_{job.kind}")(**{job.name_field: name})
        if description[job.status_field] in ("Completed", "Failed", "Stopped"):
            arn = description[job.name_field.replace("Name", "Arn")]
            tags = client.list_tags(ResourceArn=arn)["Tags"]
            shape = operation_model("sagemaker", f"Describe{job.noun}").output_shape
            described = _as_recorded(job, to_result(description, shape))
            return {**described, "Tags": {tag["Key"]: tag["Value"] for tag in tags}}
        _wait_for_an_ending(env, seen)
    with contextlib.suppress(ClientError):  # it may have ended by itself
        getattr(client, f"stop_{job.kind}")(**{job.name_field: name})
    return None


def _as_recorded(job: _Job, result: dict[str, Any]) -> dict[str, Any]:
    """Return the members of results recorded on AWS; for tuning jobs, only the best job's name."""
    if job.noun != "HyperParameterTuningJob":
        return result
    best = result.get("BestTrainingJob")
    named = {"BestTrainingJob": {"TrainingJobName": best["TrainingJobName"]}} if best else {}
    return {
        **{name: value for name, value in result.items() if name not in _NOT_IN_TUNING_RESULTS},
        **named,
    }


def _wait_for_an_ending(env: Any, seen: int) -> None:
    deadline = time.monotonic() + _LONGEST_PAUSE_SECONDS
    while env.is_running() and ENDINGS.count == seen and time.monotonic() < deadline:
        time.sleep(_POLL_SECONDS)
