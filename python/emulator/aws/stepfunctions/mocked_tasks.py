"""Executions whose tasks have results from the mock file."""

import copy
from typing import Any

from moto.stepfunctions.parser.api import HistoryEventType
from moto.stepfunctions.parser.asl.component.common.error_name.failure_event import (
    FailureEvent,
    FailureEventException,
)
from moto.stepfunctions.parser.asl.component.state.exec.state_task import mock_eval_utils
from moto.stepfunctions.parser.asl.component.state.exec.state_task.service.state_task_service import (  # noqa: E501
    StateTaskService,
)
from moto.stepfunctions.parser.asl.component.state.exec.state_task.state_task_activitiy import (
    StateTaskActivity,
)
from moto.stepfunctions.parser.asl.eval.environment import Environment
from moto.stepfunctions.parser.backend.execution import Execution

from emulator.aws.mock_file import Answer, MockCase, MockFile, MockFileError
from emulator.aws.patching import replace, replace_everywhere, wrap
from emulator.aws.protocol.errors import EmulatorError
from emulator.aws.stepfunctions.errors import any_error_name
from emulator.aws.stepfunctions.jsonpath.interpreter import fail

_TIMEOUTS = ("States.Timeout", "States.HeartbeatTimeout")


def install() -> None:
    """Use the results of an execution's test case; other tasks call their services."""
    wrap(Execution, "_get_start_execution_worker", _worker)
    replace(Environment, "get_current_mocked_response", _next_answer)
    replace_everywhere(mock_eval_utils.eval_mocked_response, _answer)
    wrap(StateTaskService, "_eval_execution", _eval_execution)
    wrap(StateTaskActivity, "_eval_execution", _eval_activity)


def split_case(mocks: MockFile, arn: str) -> tuple[str, str | None]:
    """Split ``<ARN>#<test case>``; without mocks it is an ARN like any other, as on AWS."""
    if mocks.path is None or "#" not in arn:
        return arn, None
    machine, _, case = arn.partition("#")
    return machine, case


def mock_case(mocks: MockFile, machine: str, case: str | None) -> MockCase | None:
    """Return the results of a test case; None without one.

    Raises
    ------
    EmulatorError
        If the file does not have the test case.
    """
    if case is None:
        return None
    try:
        return mocks.case(machine, case)
    except MockFileError as error:
        raise EmulatorError("ValidationException", str(error)) from error


def _worker(original: Any, self: Any) -> Any:
    worker = original(self)
    worker._mock_test_case = getattr(self, "mock_case", None)
    return worker


def _next_answer(self: Any) -> Answer:
    try:
        return self.mock_test_case.next_answer(self.next_state_name)
    except MockFileError as error:
        fail(self, str(error))


def _eval_execution(original: Any, self: Any, env: Environment) -> None:
    if not env.is_mocked_mode():
        original(self, env)
        return
    self.resource.eval(env=env)
    runtime_part = env.stack.pop()
    parameters = self._eval_parameters(env=env)
    credentials = self._eval_state_credentials(env=env)
    self._before_eval_execution(env, runtime_part, parameters, credentials)
    named = {"resource": self._get_sfn_resource(), "resourceType": self._get_sfn_resource_type()}
    _answer(env, _next_answer(env), **named)
    # Not the task's own: a job or token that was never created cannot be waited for.
    StateTaskService._after_eval_execution(self, env, runtime_part, parameters, credentials)


def _eval_activity(original: Any, self: Any, env: Environment) -> None:
    if env.is_mocked_mode():
        _answer(env, _next_answer(env))
    else:
        original(self, env)


def _answer(env: Environment, mocked_response: Answer, **task: str) -> None:
    """Put the result on the stack, or raise the error."""
    answer = mocked_response
    if answer.error is None:
        env.stack.append(copy.deepcopy(answer.result))
        return
    reported = {"error": answer.error} | ({} if answer.cause is None else {"cause": answer.cause})
    timed_out = answer.error in _TIMEOUTS
    kind = HistoryEventType.TaskTimedOut if timed_out else HistoryEventType.TaskFailed
    field = "taskTimedOutEventDetails" if timed_out else "taskFailedEventDetails"
    details: Any = {field: {**reported, **task}}
    raise FailureEventException(FailureEvent(env, any_error_name(answer.error), kind, details))
