"""The clock that triggers schedules."""

import datetime
import logging
import threading
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from emulator.aws.eventbridge.expressions import Expression

LOG = logging.getLogger("emulator")

_TICK_SECONDS = 0.5


@dataclass(frozen=True)
class Schedule:
    """A schedule and its callback.

    Attributes
    ----------
    key : str
        Its ARN.
    fire : callable
        Called with the scheduled time.
    start, end : datetime, optional
        The schedule fires only between them.
    """

    key: str
    expression: Expression
    fire: Callable[[datetime.datetime], None]
    start: datetime.datetime | None = None
    end: datetime.datetime | None = None


@dataclass
class _Due:
    expression: Expression
    begun: datetime.datetime
    next: datetime.datetime | None


class Clock:
    """Fires the schedules that are due; `schedules` returns those enabled now.

    If several times were missed while the machine slept, a schedule fires once for all of them.
    """

    def __init__(
        self, schedules: Callable[[], Iterable[Schedule]], time_scale: float = 1.0
    ) -> None:
        self._schedules = schedules
        self._time_scale = time_scale
        self._due: dict[str, _Due] = {}
        self._closed = threading.Event()

    def start(self) -> None:
        """Start the thread of the clock."""
        threading.Thread(target=self._run, name="schedules", daemon=True).start()

    def close(self) -> None:
        """Stop firing."""
        self._closed.set()

    def tick(self, now: datetime.datetime) -> None:
        """Fire the schedules that are due at `now`."""
        seen = {}
        for schedule in self._schedules():
            due = self._due.get(schedule.key)
            if due is None or due.expression != schedule.expression:
                begun = max(now, schedule.start) if schedule.start else now
                due = _Due(schedule.expression, begun, None)
                due.next = self._next(due, begun)
            seen[schedule.key] = due
            if due.next is None or due.next > now:
                continue
            scheduled, due.next = due.next, self._next(due, now)
            if schedule.end is None or scheduled <= schedule.end:
                self._fire(schedule, scheduled)
        self._due = seen  # a rule that was removed or disabled starts again when it is back

    def _next(self, due: _Due, moment: datetime.datetime) -> datetime.datetime | None:
        return due.expression.next_after(moment, due.begun, self._time_scale)

    def _fire(self, schedule: Schedule, scheduled: datetime.datetime) -> None:
        try:
            schedule.fire(scheduled)
        except Exception:
            LOG.exception("the schedule %s failed inside the emulator", schedule.key)

    def _run(self) -> None:
        while not self._closed.wait(_TICK_SECONDS):
            try:
                self.tick(datetime.datetime.now(tz=datetime.timezone.utc))
            except Exception:
                LOG.exception("the schedules failed inside the emulator")
