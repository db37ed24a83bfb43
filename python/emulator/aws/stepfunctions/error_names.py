"""Failures with the names that the States Language reserves for them, so that Catch matches.

Source: https://states-language.net/spec.html#appendix-a
"""

from typing import Any

from moto.stepfunctions.parser.asl.component.common.error_name.custom_error_name import (
    CustomErrorName,
)
from moto.stepfunctions.parser.asl.component.state.exec.state_task.state_task import StateTask
from moto.stepfunctions.parser.asl.eval.callback.callback import HeartbeatTimeoutError
from moto.stepfunctions.parser.asl.eval.environment import Environment

from emulator.aws.patching import replace_everywhere, wrap
from emulator.aws.stepfunctions.errors import any_error_name


def install() -> None:
    """Use AWS's names for failures, and allow definitions to use either name."""
    # Definitions may catch custom names that begin with States., which callbacks may report.
    replace_everywhere(CustomErrorName, any_error_name)
    wrap(StateTask, "_from_error", _task_error)


def _task_error(original: Any, self: Any, env: Environment, ex: Exception) -> Any:
    failure = original(self, env, ex)
    if isinstance(ex, HeartbeatTimeoutError):
        failure.error_name = any_error_name("States.HeartbeatTimeout")
        for details in failure.event_details.values():
            details["error"] = "States.HeartbeatTimeout"
    return failure
