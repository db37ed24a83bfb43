"""Failures under the names that the States Language reserves for them, so that Catch finds them.

Source: https://states-language.net/spec.html#appendix-a
"""

from typing import Any, NoReturn

from botocore.exceptions import BotoCoreError, ClientError
from moto.stepfunctions.parser.api import HistoryEventType
from moto.stepfunctions.parser.asl.component.common.error_name.custom_error_name import (
    CustomErrorName,
)
from moto.stepfunctions.parser.asl.component.common.error_name.failure_event import (
    FailureEvent,
    FailureEventException,
)
from moto.stepfunctions.parser.asl.component.common.string.string_expression import (
    StringIntrinsicFunction,
)
from moto.stepfunctions.parser.asl.component.state.choice.state_choice import StateChoice
from moto.stepfunctions.parser.asl.component.state.exec.state_map.state_map import StateMap
from moto.stepfunctions.parser.asl.component.state.exec.state_task.service.state_task_service_dynamodb import (  # noqa: E501
    StateTaskServiceDynamoDB,
)
from moto.stepfunctions.parser.asl.component.state.exec.state_task.state_task import StateTask
from moto.stepfunctions.parser.asl.eval.callback.callback import HeartbeatTimeoutError
from moto.stepfunctions.parser.asl.utils.json_path import NoSuchJsonPathError

from emulator.aws.patching import replace_everywhere, wrap
from emulator.aws.stepfunctions.errors import any_error_name


def install() -> None:
    """Give failures the names that AWS gives them, and let definitions use any name."""
    # Definitions may catch names of their own that begin with States., and callbacks report them.
    replace_everywhere(CustomErrorName, any_error_name)
    wrap(StateChoice, "_eval_state", _choose)
    wrap(StringIntrinsicFunction, "_eval_body", _evaluate_function)
    wrap(StateTask, "_from_error", _task_error)
    wrap(StateTaskServiceDynamoDB, "_from_error", _dynamodb_error)
    wrap(StateMap, "_eval_execution", _evaluate_map)


def fail(env: Any, error: str, cause: str) -> NoReturn:
    """End a state with an error of the States Language."""
    details: Any = {"taskFailedEventDetails": {"error": error, "cause": cause}}
    raise FailureEventException(
        FailureEvent(
            env=env,
            error_name=any_error_name(error),
            event_type=HistoryEventType.TaskFailed,
            event_details=details,
        )
    )


def _choose(original: Any, self: Any, env: Any) -> None:
    try:
        original(self, env)
    except RuntimeError as error:
        if not str(error).startswith("('No branching option"):
            raise
        fail(
            env,
            "States.NoChoiceMatched",
            f"No rule of the Choice state '{self.name}' matched, and it has no Default",
        )


def _evaluate_function(original: Any, self: Any, env: Any) -> None:
    try:
        original(self, env)
    except (FailureEventException, NoSuchJsonPathError):
        raise
    except Exception as error:
        call = self.intrinsic_function_derivation
        cause = f"The function '{call}' had the following error: {error}"
        fail(env, "States.IntrinsicFailure", cause)


def _task_error(original: Any, self: Any, env: Any, ex: Exception) -> Any:
    failure = original(self, env, ex)
    if isinstance(ex, HeartbeatTimeoutError):
        failure.error_name = any_error_name("States.HeartbeatTimeout")
        for details in failure.event_details.values():
            details["error"] = "States.HeartbeatTimeout"
    return failure


def _dynamodb_error(original: Any, self: Any, env: Any, ex: Exception) -> Any:
    # What fails before the call is not DynamoDB's error.
    if isinstance(ex, (ClientError, BotoCoreError)):
        return original(self, env, ex)
    return StateTask._from_error(self, env, ex)


def _evaluate_map(original: Any, self: Any, env: Any) -> None:
    try:
        original(self, env)
    except FailureEventException as error:
        cause = (error.extract_error_cause_pair() or (None, ""))[1] or ""
        if self.items_path is None or not cause.startswith("Map state input must be an array"):
            raise
        path = self.items_path.string_sampler.literal_value
        fail(env, "States.Runtime", f'Reference path "{path}" must point to array.')
