"""Nested executions: ``states:startExecution``, also with ``.sync`` and ``.sync:2``.

Source: https://docs.aws.amazon.com/step-functions/latest/dg/connect-stepfunctions.html
"""

import contextlib
import json
from typing import Any

from botocore.exceptions import ClientError
from moto.stepfunctions.parser.asl.component.common.error_name.failure_event import (
    FailureEventException,
)
from moto.stepfunctions.parser.asl.component.state.exec.state_task.service import (
    state_task_service_callback,
)
from moto.stepfunctions.parser.asl.eval.environment import Environment

from emulator.aws.patching import replace
from emulator.aws.protocol.operations import operation_model
from emulator.aws.stepfunctions.tasks.optimized_tasks import OptimizedTask, to_result
from emulator.aws.stepfunctions.tasks.task_parameters import json_text

_POLL_SECONDS = 0.1


def install() -> None:
    """Poll a nested execution often enough for tests."""
    replace(state_task_service_callback, "_DELAY_SECONDS_SYNC_CONDITION_CHECK", _POLL_SECONDS)


class NestedExecutionTask(OptimizedTask):
    """A task that starts an execution."""

    def _adapted(self, env: Environment, parameters: dict[str, Any]) -> dict[str, Any]:
        if parameters.get("Input") is None:
            return {**parameters, "Input": {}}
        return parameters

    def _build_sync_resolver(
        self,
        env: Environment,
        resource_runtime_part: Any,
        normalised_parameters: dict[str, Any],
        state_credentials: Any,
    ) -> Any:
        del normalised_parameters
        client = self._client(resource_runtime_part, state_credentials)
        return _Child(self, env, client, env.stack.pop()["ExecutionArn"])

    _build_sync2_resolver = _build_sync_resolver

    def _eval_sync(self, env: Environment, sync_resolver: Any, *args: Any, **kwargs: Any) -> Any:
        outcome = super()._eval_sync(env, sync_resolver, *args, **kwargs)
        if not env.is_running() and not isinstance(outcome, dict):
            sync_resolver.stop()  # ended with the task, by a stop or a timeout
        return outcome

    def description(self, answer: dict[str, Any]) -> dict[str, Any]:
        """Return a task's result for an ended execution; ``.sync:2`` parses its JSON."""
        shape = operation_model("stepfunctions", "DescribeExecution").output_shape
        result = to_result(answer, shape)
        if self.called.pattern == "sync:2":
            for name in ("Input", "Output"):
                if name in result:
                    result[name] = json.loads(result[name])
        return result


class _Child:
    """An execution that a task waits for; a call returns the result once it has ended."""

    def __init__(self, task: NestedExecutionTask, env: Environment, client: Any, arn: str) -> None:
        self._task = task
        self._env = env
        self._client = client
        self._arn = arn

    def __call__(self) -> dict[str, Any] | None:
        answer = self._client.describe_execution(executionArn=self._arn)
        if answer["status"] == "RUNNING":
            return None
        result = self._task.description(answer)
        if answer["status"] != "SUCCEEDED":
            failure = self._task.failure(self._env, "States.TaskFailed", json_text(result))
            raise FailureEventException(failure)
        return result

    def stop(self) -> None:
        with contextlib.suppress(ClientError):  # it may have ended by itself
            self._client.stop_execution(executionArn=self._arn)
