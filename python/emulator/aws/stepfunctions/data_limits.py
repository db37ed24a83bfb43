"""Size limits of Step Functions, except those of inputs and outputs, which moto checks.

Source: https://docs.aws.amazon.com/step-functions/latest/dg/service-quotas.html
"""

import json
from typing import Any

from moto.stepfunctions.parser.api import ExecutionFailedEventDetails, HistoryEventType
from moto.stepfunctions.parser.asl.component.common.assign.assign_decl import AssignDecl
from moto.stepfunctions.parser.asl.component.common.error_name.failure_event import (
    FailureEvent,
    FailureEventException,
)
from moto.stepfunctions.parser.asl.component.common.error_name.states_error_name import (
    StatesErrorName,
)
from moto.stepfunctions.parser.asl.component.common.error_name.states_error_name_type import (
    StatesErrorNameType,
)
from moto.stepfunctions.parser.asl.component.state.fail.cause_decl import Cause
from moto.stepfunctions.parser.asl.eval.environment import Environment
from moto.stepfunctions.parser.asl.eval.event.event_detail import EventDetails
from moto.stepfunctions.parser.asl.eval.variable_store import VariableStore

from emulator.aws.patching import wrap

# Per variable, and for all variables of one Assign.
MAX_ASSIGNED_BYTES = 256 * 1024
# The limit of DescribeExecution. The behavior of a Fail state with a longer cause is undocumented.
MAX_CAUSE_CHARACTERS = 32768


class _TooLargeError(Exception):
    pass


def install() -> None:
    """Fail a state with States.DataLimitExceeded if its variables or its cause are too large."""
    wrap(VariableStore, "set", _set)
    wrap(AssignDecl, "_eval_body", _assign)
    wrap(Cause, "_eval_body", _check_cause)


def _set(original: Any, self: Any, variable_identifier: str, variable_value: Any) -> None:
    text = json.dumps(variable_value, ensure_ascii=False, default=str)
    assigned = getattr(self, "assigned_bytes", 0) + len(text.encode("utf-8", "surrogatepass"))
    if assigned > MAX_ASSIGNED_BYTES:
        raise _TooLargeError(
            f"The variables that are assigned, the last one {variable_identifier}, have more than "
            f"{MAX_ASSIGNED_BYTES} bytes."
        )
    self.assigned_bytes = assigned
    original(self, variable_identifier=variable_identifier, variable_value=variable_value)


def _assign(original: Any, self: Any, env: Environment) -> None:
    store: Any = env.variable_store
    store.assigned_bytes = 0
    try:
        original(self, env)
    except _TooLargeError as error:
        raise _exceeded(env, str(error)) from error


def _check_cause(original: Any, self: Any, env: Environment) -> None:
    original(self, env)
    cause = env.stack[-1]
    if isinstance(cause, str) and len(cause) > MAX_CAUSE_CHARACTERS:
        raise _exceeded(
            env,
            f"The cause has {len(cause)} characters, more than the {MAX_CAUSE_CHARACTERS} that an "
            "execution can tell.",
        )


def _exceeded(env: Environment, cause: str) -> FailureEventException:
    error = StatesErrorNameType.StatesStatesDataLimitExceeded
    details = ExecutionFailedEventDetails(error=error.to_name(), cause=cause)
    return FailureEventException(
        failure_event=FailureEvent(
            env=env,
            error_name=StatesErrorName(typ=error),
            event_type=HistoryEventType.TaskFailed,
            event_details=EventDetails(executionFailedEventDetails=details),  # pyright: ignore[reportCallIssue]
        )
    )
