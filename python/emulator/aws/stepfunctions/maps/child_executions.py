"""Child executions of a Map Run, with their own histories and limited concurrency."""

import datetime
import json
import queue
import threading
import uuid
from collections.abc import Callable, Iterator
from typing import Any

from moto.stepfunctions.parser.asl.eval.environment import Environment
from moto.stepfunctions.parser.asl.eval.event.event_manager import EventHistoryContext, EventManager
from moto.stepfunctions.parser.asl.eval.program_state import (
    ProgramEnded,
    ProgramError,
    ProgramTimedOut,
)
from moto.stepfunctions.parser.asl.eval.variable_store import VariableStore

from emulator.aws.stepfunctions.checkpoints import Progress, continue_from
from emulator.aws.stepfunctions.context import iso_time
from emulator.aws.stepfunctions.crashes import runtime_error

MOST_AT_ONCE = 40
"""Maximum concurrency, even if MaxConcurrency is larger; AWS's is 10,000."""


class Child:
    """One execution of the item processor, for an item or a batch of items."""

    def __init__(self, run: Any, number: int, value: Any, items: int) -> None:
        self.number, self.value, self.items = number, value, items
        self.name = str(uuid.uuid4())
        self.machine_arn = run.map_state_machine_arn
        self.arn = f"{self.machine_arn.replace(':stateMachine:', ':execution:')}:{self.name}"
        self.status = "PENDING"
        self.output: Any = None
        self.error: str | None = None
        self.cause: str | None = None
        self.started: datetime.datetime | None = None
        self.stopped: datetime.datetime | None = None
        self.progress = Progress()
        self.redrive_count = 0
        self.redriven: datetime.datetime | None = None

    def redrive(self, now: datetime.datetime) -> None:
        """Make it pending, to continue from where it failed or, if it never started, to start."""
        if self.status != "PENDING":
            self.redrive_count += 1
            self.redriven = now
        self.status, self.progress = "PENDING", self.progress.again()
        self.error = self.cause = self.stopped = None

    def describe(self) -> dict[str, Any]:
        """Return the fields of DescribeExecution that a ResultWriter writes."""
        description = {
            "ExecutionArn": self.arn,
            "Input": _text(self.value),
            "InputDetails": {"Included": True},
            "Name": self.name,
            "RedriveCount": self.redrive_count,
            **self._redrive_status(),
            "StateMachineArn": self.machine_arn,
            "Status": self.status,
        }
        if self.status == "SUCCEEDED":
            description["Output"] = _text(self.output)
            description["OutputDetails"] = {"Included": True}
        optional = {
            "Error": self.error,
            "Cause": self.cause,
            "StartDate": self.started and iso_time(self.started),
            "StopDate": self.stopped and iso_time(self.stopped),
            "RedriveDate": self.redriven and iso_time(self.redriven),
        }
        description.update({key: value for key, value in optional.items() if value is not None})
        return dict(sorted(description.items()))

    def _redrive_status(self) -> dict[str, str]:
        if self.status != "SUCCEEDED":
            return {"RedriveStatus": "REDRIVABLE_BY_MAP_RUN"}
        reason = "Execution is SUCCEEDED and cannot be redriven"
        return {"RedriveStatus": "NOT_REDRIVABLE", "RedriveStatusReason": reason}


def _text(value: Any) -> str:
    return json.dumps(value, separators=(",", ":"), default=str)


def run_children(
    env: Environment, program: Any, run: Any, children: list[Child], exceeded: Callable[[int], bool]
) -> int:
    """Run the children until all have ended, or too many items have failed.

    Returns
    -------
    int
        The number of failed items.
    """
    waiting: queue.SimpleQueue[Child] = queue.SimpleQueue()
    unfinished = [child for child in children if child.status != "SUCCEEDED"]
    for child in unfinished:
        waiting.put(child)
    failures = _Failures(exceeded)

    def work() -> None:
        while env.is_running() and not failures.too_many:
            try:
                child = waiting.get_nowait()
            except queue.Empty:
                return
            _run_child(env, program, run, child)
            if child.status in ("FAILED", "TIMED_OUT") and failures.add(child.items):
                _stop_all(env)

    most = run.max_concurrency or MOST_AT_ONCE
    threads = [
        threading.Thread(target=work, daemon=True, name=f"map run {run.map_run_arn}")
        for _ in range(min(most, MOST_AT_ONCE, len(unfinished)))
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return failures.items


class _Failures:
    def __init__(self, exceeded: Callable[[int], bool]) -> None:
        self._exceeded = exceeded
        self._lock = threading.Lock()
        self.items = 0
        self.too_many = False

    def add(self, items: int) -> bool:
        with self._lock:
            self.items += items
            self.too_many = self.too_many or self._exceeded(self.items)
            return self.too_many


def _stop_all(env: Environment) -> None:
    now = datetime.datetime.now(tz=datetime.timezone.utc)
    for frame in list(env._frames):
        frame.set_stop(stop_date=now, cause=None, error=None)


def _run_child(env: Environment, program: Any, run: Any, child: Child) -> None:
    _count(run, child, "pending", -1)
    _count(run, child, "running", 1)
    child.status = "RUNNING"
    child.started = child.started or datetime.datetime.now(tz=datetime.timezone.utc)
    frame = env.open_inner_frame(event_history_context=EventHistoryContext.of_program_start())
    try:
        _enter(frame, child)
        program.eval(frame)
        _leave(frame, child)
    except BaseException as error:
        child.status = "FAILED"
        child.error, child.cause = runtime_error(error).values()
    finally:
        env.delete_frame(frame)
        child.stopped = datetime.datetime.now(tz=datetime.timezone.utc)
        _count(run, child, "running", -1)
        _count(run, child, child.status.lower(), 1)


def _enter(frame: Any, child: Child) -> None:
    # A child has its own history, variables and execution.
    frame.event_manager = EventManager()
    frame.variable_store = VariableStore()
    context = frame.states.context_object.context_object_data
    context["Execution"] = {
        **context["Execution"],
        "Id": child.arn,
        "Name": child.name,
        "Input": child.value,
        "StartTime": iso_time(child.started) if child.started else None,
        "RedriveCount": child.redrive_count,
    }
    frame.states.reset(input_value=child.value)
    continue_from(frame, child.progress)


def _leave(frame: Any, child: Child) -> None:
    state = frame.program_state()
    if isinstance(state, ProgramEnded):
        child.status, child.output = "SUCCEEDED", frame.states.get_input()
    elif isinstance(state, ProgramError):
        details = state.error or {}
        child.status = "FAILED"
        child.error, child.cause = details.get("error"), details.get("cause")
    else:
        child.status = "TIMED_OUT" if isinstance(state, ProgramTimedOut) else "ABORTED"


def redrive_children(run: Any, children: list[Child], now: datetime.datetime) -> None:
    """Make the children that did not succeed pending again."""
    for child in children:
        if child.status == "SUCCEEDED":
            continue
        _count(run, child, child.status.lower(), -1)
        _count(run, child, "pending", 1)
        child.redrive(now)


def _count(run: Any, child: Child, name: str, amount: int) -> None:
    for counters, times in _counters(run, child):
        getattr(counters, name).offset(amount * times)


def _counters(run: Any, child: Child) -> Iterator[tuple[Any, int]]:
    yield run.execution_counter, 1
    yield run.item_counter, child.items
