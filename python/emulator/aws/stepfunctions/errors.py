"""Error names: which may leave a state, what wildcards match, what clients receive."""

from typing import Any

from moto.stepfunctions.parser import api
from moto.stepfunctions.parser.asl.component.common.error_name.error_equals_decl import (
    ErrorEqualsDecl,
)
from moto.stepfunctions.parser.asl.component.common.error_name.error_name import ErrorName
from moto.stepfunctions.parser.asl.component.common.error_name.failure_event import (
    FailureEventException,
)
from moto.stepfunctions.parser.asl.component.common.error_name.states_error_name import (
    StatesErrorName,
)
from moto.stepfunctions.parser.asl.component.state.exec.state_map.iteration import iteration_worker
from moto.stepfunctions.parser.asl.component.state.exec.state_task.state_task_lambda import (
    StateTaskLambda,
)
from moto.stepfunctions.parser.asl.component.state.fail import state_fail
from moto.stepfunctions.parser.asl.eval.environment import Environment

from emulator.aws.patching import replace, wrap
from emulator.aws.stepfunctions.service_errors import service_error

_TIMEOUTS = {"States.Timeout", "States.HeartbeatTimeout"}
_EXECUTING = "An error occurred while executing the state "
_TOLD_WITH_STATE = ("States.Runtime", "States.QueryEvaluationError")
_NEVER_BY_WILDCARD = {"States.Runtime", "States.DataLimitExceeded"}


def install() -> None:
    """Let States.* errors leave branches, iterations and Fail states; return error codes."""
    for module in (iteration_worker, state_fail):
        replace(module, "CustomErrorName", any_error_name)
    replace(ErrorEqualsDecl, "_eval_body", _matches)
    wrap(StateTaskLambda, "_from_error", _lambda_error)
    wrap(FailureEventException, "get_execution_failed_event_details", _without_repetition)
    for error in vars(api).values():
        # moto responds with TYPE, but these classes have only `code`.
        if isinstance(error, type) and "code" in vars(error):
            error.TYPE = error.code  # pyright: ignore[reportAttributeAccessIssue]


class ReportedName(str):
    """An error's name as AWS reports it, with the documented names of the same failure.

    Recorded responses of AWS have ``States.Runtime`` for failures with narrower names in its
    documentation. Catchers and retriers may use either.
    """

    documented: frozenset[str] = frozenset()


def reported_name(name: str, *documented: str) -> ReportedName:
    """Return a name that catchers and retriers of the documented names also match."""
    reported = ReportedName(name)
    reported.documented = frozenset(documented) | _documented(name)
    return reported


def _documented(name: str | None) -> frozenset[str]:
    return name.documented if isinstance(name, ReportedName) else frozenset()


def any_error_name(error_name: str | None) -> ErrorName:
    """Return an error name that may be one of the States.* names, such as a re-raised one."""
    if isinstance(error_name, ReportedName):
        return ErrorName(error_name=error_name)
    try:
        return StatesErrorName.from_name(error_name or "")
    except ValueError:
        return ErrorName(error_name=error_name)


def branch_error_name(error_name: str | None) -> ErrorName:
    """Return the error name of a Parallel state, from that of its failed branch."""
    return any_error_name(reported_name(error_name or "", "States.BranchFailed"))


def _without_repetition(original: Any, self: Any) -> Any:
    details = original(self)
    cause = (details or {}).get("cause", "")
    if cause.startswith(_EXECUTING) and details.get("error") in _TOLD_WITH_STATE:
        # The enclosing state would repeat it.
        details["cause"] = _EXECUTING + cause.rpartition(_EXECUTING)[2]
    return details


def _lambda_error(original: Any, self: Any, env: Environment, ex: Exception) -> Any:
    failure = original(self, env, ex)
    named = service_error("lambda", ex)
    if named:
        error, cause = named
        failure.error_name = any_error_name(error)
        failure.event_details["lambdaFunctionFailedEventDetails"] = {"error": error, "cause": cause}
    return failure


def _matches(self: Any, env: Environment) -> None:
    name = env.stack.pop().error_name
    wanted = {error.error_name for error in self.error_names}
    wildcard = name not in _NEVER_BY_WILDCARD and (
        "States.ALL" in wanted or ("States.TaskFailed" in wanted and name not in _TIMEOUTS)
    )
    wildcard = wildcard or (name in _TIMEOUTS and "States.Timeout" in wanted)
    env.stack.append(wildcard or name in wanted or bool(wanted & _documented(name)))
