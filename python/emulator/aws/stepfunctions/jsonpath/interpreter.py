"""The evaluators' interface to moto's interpreter: its data, and recording of errors."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, NoReturn

from moto.stepfunctions.parser.api import HistoryEventType
from moto.stepfunctions.parser.asl.component.common.error_name.failure_event import (
    FailureEvent,
    FailureEventException,
)
from moto.stepfunctions.parser.asl.component.common.error_name.states_error_name_type import (
    StatesErrorNameType,
)
from moto.stepfunctions.parser.asl.eval.environment import Environment
from moto.stepfunctions.parser.asl.utils.encoding import to_json_str

from emulator.aws.stepfunctions.errors import any_error_name, reported_name
from emulator.aws.stepfunctions.jsonpath.path_evaluation import PAST_THE_END, PathNotFoundError
from emulator.aws.stepfunctions.jsonpath.path_syntax import Path
from emulator.aws.stepfunctions.jsonpath.templates import EvaluationError, FunctionError, Scope
from emulator.aws.stepfunctions.recorded_events import Recorded

RUNTIME = StatesErrorNameType.StatesRuntime
_INTRINSIC_FAILURE = "States.IntrinsicFailure"


def scope(env: Environment) -> Scope:
    """Return the data that paths can read now; the value on top of the stack is ``$``."""
    store = env.variable_store
    return Scope(
        data=plain(env.stack[-1]) if env.stack else None,
        context=plain(env.states.context_object.context_object_data),
        variables={**store._outer_scope, **store._inner_scope},
    )


def plain(value: Any) -> Any:
    """Return a JSON copy: boto3's results contain times, and the interpreter changes its data."""
    return json.loads(to_json_str(value))


def look_up(env: Environment, path: Path) -> Any:
    """Return the value at the path of a field such as ``InputPath``.

    Raises
    ------
    PathNotFoundError
        If it matches nothing.
    """
    found = scope(env).find(path)
    return None if found is PAST_THE_END else found


@contextmanager
def failing_as_on_aws(env: Environment, *, path_failure: str = "") -> Iterator[None]:
    """Turn an expression's exception into the failure that the state records.

    `path_failure` is the documented name of a failing path in this field, if any.
    """
    try:
        yield
    except FunctionError as error:
        fail(env, str(error), documented=_INTRINSIC_FAILURE)
    except EvaluationError as error:
        fail(env, str(error), documented=path_failure)


@contextmanager
def invalid_path_fails(env: Environment, path: Path) -> Iterator[None]:
    """Turn a path that matches nothing into AWS's "Invalid path"."""
    try:
        yield
    except PathNotFoundError as error:
        fail(env, f"Invalid path '{path.text}' : {error}")


def fail(
    env: Environment, cause: str, error: StatesErrorNameType = RUNTIME, *, documented: str = ""
) -> NoReturn:
    """End the current state with an error; ``States.Runtime`` leaves no event of the task.

    `documented` is another name that catchers and retriers may use for it.
    """
    runtime = error is RUNTIME
    name = reported_name(error.to_name(), documented) if documented else error.to_name()
    kind = HistoryEventType.ExecutionFailed if runtime else HistoryEventType.TaskFailed
    field = "executionFailedEventDetails" if runtime else "taskFailedEventDetails"
    details: Any = (Recorded if runtime else dict)({field: {"error": name, "cause": cause}})
    raise FailureEventException(
        FailureEvent(
            env=env,
            error_name=any_error_name(name),
            event_type=kind,
            event_details=details,
        )
    )
