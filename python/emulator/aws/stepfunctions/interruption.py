"""Ends from outside: a failed sibling, a timeout, a stop."""

import datetime
import time
from typing import Any

from moto.stepfunctions.parser.asl.component.common.timeouts.timeout import TimeoutSeconds
from moto.stepfunctions.parser.asl.component.program.program import Program
from moto.stepfunctions.parser.asl.component.state.exec.state_map.iteration.inline_iteration_component import (  # noqa: E501
    InlineIterationComponent,
)
from moto.stepfunctions.parser.asl.eval.environment import Environment
from moto.stepfunctions.parser.asl.eval.program_state import ProgramTimedOut
from moto.stepfunctions.parser.backend.execution_worker import ExecutionWorker

from emulator.aws.patching import replace, wrap

_SETTLING_SECONDS = 5.0


def install() -> None:
    """Stop the siblings of a failed iteration, and complete the history before the end."""
    wrap(InlineIterationComponent, "_eval_body", _stop_siblings)
    wrap(Program, "eval", _settle)
    wrap(ExecutionWorker, "stop", _stop_when_started)
    replace(TimeoutSeconds, "eval", _timeout)


def _stop_siblings(original: Any, self: Any, env: Environment) -> None:
    try:
        original(self, env)
    except Exception:
        now = datetime.datetime.now(tz=datetime.timezone.utc)
        for frame in list(env._frames):
            frame.set_stop(stop_date=now, cause=None, error=None)
        _wait_until(lambda: not env._frames)
        raise


def _settle(original: Any, self: Any, env: Environment) -> None:
    # On a timeout, moto returns before the interpreter's thread has recorded ExecutionTimedOut.
    original(self, env)
    if env.is_frame() or not isinstance(env.program_state(), ProgramTimedOut):
        return
    _wait_until(lambda: _has_event(env, "ExecutionTimedOut"))


def _timeout(self: Any, env: Environment) -> None:
    # moto evaluates nothing in what is being stopped, and would take the state's input for the
    # timeout, which no history can tell.
    self._eval_body(env)


def _has_event(env: Environment, kind: str) -> bool:
    return any(event.get("type") == kind for event in env.event_manager.get_event_history())


def _stop_when_started(original: Any, self: Any, **details: Any) -> None:
    # A stop before the start of the interpreter's thread would be lost.
    _wait_until(lambda: self.env is not None and self.env.program_state() is not None)
    original(self, **details)


def _wait_until(condition: Any) -> None:
    deadline = time.monotonic() + _SETTLING_SECONDS
    while not condition() and time.monotonic() < deadline:
        time.sleep(0.01)
