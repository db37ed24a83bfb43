"""Task tokens, and activities, whose workers fetch tasks and complete them by their tokens.

Source: https://docs.aws.amazon.com/step-functions/latest/apireference/API_GetActivityTask.html
"""

import json
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator
from typing import Any

from moto.core.responses import ActionResult, EmptyResult
from moto.stepfunctions.exceptions import ActivityDoesNotExist
from moto.stepfunctions.models import Activity
from moto.stepfunctions.parser.api import HistoryEventType
from moto.stepfunctions.parser.asl.component.common.error_name.failure_event import (
    FailureEvent,
    FailureEventException,
)
from moto.stepfunctions.parser.asl.component.state.exec.state_task.service.state_task_service_callback import (  # noqa: E501
    StateTaskServiceCallback,
)
from moto.stepfunctions.parser.asl.component.state.exec.state_task.state_task_activitiy import (
    StateTaskActivity,
)
from moto.stepfunctions.parser.asl.eval.callback.callback import (
    ActivityCallbackEndpoint,
    ActivityTaskStartEndpoint,
    CallbackEndpoint,
    CallbackOutcomeFailure,
    CallbackOutcomeSuccess,
    HeartbeatEndpoint,
)
from moto.stepfunctions.parser.asl.eval.environment import Environment
from moto.stepfunctions.responses import StepFunctionResponse

from emulator.aws.patching import add, replace, wrap
from emulator.aws.protocol.errors import EmulatorError
from emulator.aws.stepfunctions.errors import any_error_name

LONGEST_POLL_SECONDS = 60.0
"""Time that GetActivityTask waits for a task."""

_RUNTIME = "States.Runtime"
_scheduled = threading.Condition()
_waiting = threading.local()


def install() -> None:
    """Let workers fetch tasks; handle tokens like AWS."""
    add(Activity, "add_task", _add_task)
    add(StepFunctionResponse, "get_activity_task", _get_activity_task)
    # moto reads it even if it was never set because no worker fetched the task in time.
    add(ActivityTaskStartEndpoint, "_outcome", None)
    wrap(StateTaskActivity, "_eval_execution", _eval_execution)
    wrap(StateTaskServiceCallback, "_after_eval_execution", _after_eval_execution)
    # moto does not wake the waiting task, so the execution would keep running.
    for end in ("set_stop", "set_timed_out", "set_ended"):
        wrap(Environment, end, _wake)
    wrap(CallbackEndpoint, "wait", _wait)
    wrap(ActivityTaskStartEndpoint, "wait", _wait)
    wrap(HeartbeatEndpoint, "clear_and_wait", _wait)
    replace(StepFunctionResponse, "send_task_success", _send_task_success)
    replace(StepFunctionResponse, "send_task_failure", _send_task_failure)
    replace(StepFunctionResponse, "send_task_heartbeat", _send_task_heartbeat)


def _add_task(self: Any, task: Any) -> None:
    with _scheduled:
        _tasks(self).append(task)
        _scheduled.notify_all()


def _tasks(activity: Any) -> deque[Any]:
    return vars(activity).setdefault("tasks", deque())


def _get_activity_task(self: Any) -> ActionResult:
    arn, backend = self._get_param("activityArn"), self.stepfunction_backend
    activity = backend.activities.get(arn)
    if activity is None:
        raise ActivityDoesNotExist(f"Activity Does Not Exist: '{arn}'")
    deadline = time.monotonic() + LONGEST_POLL_SECONDS
    while True:
        with _scheduled:
            left = deadline - time.monotonic()
            if not _tasks(activity) and left > 0:
                _scheduled.wait(left)
            if not _tasks(activity):
                if time.monotonic() >= deadline:
                    return ActionResult({})
                continue
            task = _tasks(activity).popleft()
        endpoint = _open_endpoint(backend, task.task_token)
        if endpoint is not None:  # its execution is still waiting
            endpoint.notify_activity_task_start(self._get_param("workerName"))
            return ActionResult({"taskToken": task.task_token, "input": task.task_input})


def _eval_execution(original: Any, self: Any, env: Environment) -> None:
    arn = self.resource.resource_arn
    if arn not in env.activity_store:
        cause = f"The activity {arn} does not exist."
        failure = {"error": _RUNTIME, "cause": cause}
        details: Any = {"activityScheduleFailedEventDetails": failure}
        kind = HistoryEventType.ActivityScheduleFailed
        raise FailureEventException(FailureEvent(env, any_error_name(_RUNTIME), kind, details))
    while_running(env, lambda: original(self, env))


def _after_eval_execution(
    original: Any, self: Any, env: Environment, *rest: Any, **named: Any
) -> None:
    while_running(env, lambda: original(self, env, *rest, **named))


def while_running(env: Environment, wait: Callable[[], Any]) -> bool:
    """Wait, and return whether the task continues; one ended from outside records nothing."""
    _waiting.env = env
    try:
        wait()
    except Exception:
        if env.is_running():
            raise
    finally:
        _waiting.env = None
    if not env.is_running():
        env.stack.append(None)
        return False
    return True


def _wait(original: Any, self: Any, *limits: Any, **named: Any) -> Any:
    # An end before the wait had no waiter to wake.
    env = getattr(_waiting, "env", None)
    return original(self, *limits, **named) if env is None or env.is_running() else None


def _wake(original: Any, self: Any, *details: Any, **named: Any) -> None:
    original(self, *details, **named)
    token = self.states.context_object.context_object_data.get("Task", {}).get("Token")
    endpoint = self.callback_pool_manager.get(token)
    if endpoint is None:
        return
    endpoint.interrupt_all()
    if isinstance(endpoint, ActivityCallbackEndpoint):
        endpoint.get_activity_task_start_endpoint()._next_activity_task_start_event.set()


def _send_task_success(self: Any) -> EmptyResult:
    token, output = self._get_param("taskToken"), self._get_param("output")
    try:
        json.loads(output)
    except ValueError as error:
        raise EmulatorError("InvalidOutput", f"Invalid Output: '{error}'") from error
    _endpoint(self, token).notify(CallbackOutcomeSuccess(callback_id=token, output=output))
    return EmptyResult()


def _send_task_failure(self: Any) -> EmptyResult:
    token = self._get_param("taskToken")
    error, cause = self._get_param("error"), self._get_param("cause")
    _endpoint(self, token).notify(
        CallbackOutcomeFailure(callback_id=token, error=error, cause=cause)
    )
    return EmptyResult()


def _send_task_heartbeat(self: Any) -> EmptyResult:
    _endpoint(self, self._get_param("taskToken")).notify_heartbeat()
    return EmptyResult()


def _endpoint(response: Any, token: str) -> Any:
    backend = response.stepfunction_backend
    if not any(env.callback_pool_manager.get(token) for _, env in _executions(backend)):
        raise EmulatorError("InvalidToken", "Invalid Token: 'Invalid token'")
    endpoint = _open_endpoint(backend, token)
    if endpoint is None:
        raise EmulatorError(
            "TaskTimedOut", "Task Timed Out: 'Provided task does not exist anymore'"
        )
    return endpoint


def _open_endpoint(backend: Any, token: str) -> Any | None:
    """Return the endpoint that waits for a token; None if none does any more."""
    for execution, env in _executions(backend):
        endpoint = env.callback_pool_manager.get(token)
        if endpoint is not None:
            # It is set by a response, and by anything else that ends the wait.
            ended = execution.status != "RUNNING" or endpoint._notify_event.is_set()
            return None if ended else endpoint
    return None


def _executions(backend: Any) -> Iterator[tuple[Any, Any]]:
    for machine in list(backend.state_machines):
        for execution in list(machine.executions):
            env = execution.exec_worker.env if execution.exec_worker else None
            if env is not None:
                yield execution, env
