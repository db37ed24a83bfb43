"""Wait states and retry intervals: shortened by the time scale, ended by a stop."""

import datetime
import functools
import time
from typing import Any

from moto.stepfunctions.parser.asl.component.common.retry.jitter_strategy_decl import (
    JitterStrategyDecl,
)
from moto.stepfunctions.parser.asl.component.state.wait.wait_function.timestamp import Timestamp
from moto.stepfunctions.parser.asl.component.state.wait.wait_function.wait_function import (
    WaitFunction,
)
from moto.stepfunctions.parser.asl.eval.environment import Environment

from emulator.aws.patching import method, replace, wrap


def install(time_scale: float) -> None:
    """Multiply the waits of definitions by `time_scale`; timeouts do not change."""
    replace(WaitFunction, "_wait_interval", method(_wait_interval, time_scale))
    wrap(JitterStrategyDecl, "_eval_body", functools.partial(_wait_before_retry, time_scale))
    wrap(Timestamp, "_get_wait_seconds", _seconds_until)


def _wait_interval(time_scale: float, _: Any, env: Environment, wait_seconds: float) -> None:
    _sleep(env, wait_seconds * time_scale)


def _wait_before_retry(time_scale: float, original: Any, self: Any, env: Environment) -> None:
    original(self, env)
    # The jitter is the last to change the interval; the retrier would then sleep through it
    # whatever happens to the execution.
    _sleep(env, env.stack.pop() * time_scale)
    env.stack.append(0)


def _sleep(env: Environment, seconds: float) -> None:
    deadline = time.monotonic() + seconds
    while env.is_running() and (left := deadline - time.monotonic()) > 0:
        env.program_state_event.wait(left)


def _seconds_until(original: Any, self: Any, env: Environment) -> float:
    # moto compares the timestamp, which is in UTC, with the local time.
    seconds = original(self, env)
    offset = datetime.datetime.now().astimezone().utcoffset()
    return seconds + offset.total_seconds() if offset else seconds
