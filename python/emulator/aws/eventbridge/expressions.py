"""Schedule expressions ``rate(…)``, ``cron(…)`` and ``at(…)``, and their next times.

Source: https://docs.aws.amazon.com/scheduler/latest/UserGuide/schedule-types.html
"""

import datetime
import re
from dataclasses import dataclass
from typing import Protocol
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from aws_croniter import AwsCroniter

_UTC = datetime.timezone.utc
_EXPRESSION = re.compile(r"(rate|cron|at)\((.*)\)")
_RATE = re.compile(r"([1-9]\d*) (minute|hour|day)s?")


class ExpressionError(ValueError):
    """A schedule expression that EventBridge refuses."""


class Expression(Protocol):
    """The times at which a schedule fires."""

    def next_after(
        self, moment: datetime.datetime, begun: datetime.datetime, time_scale: float
    ) -> datetime.datetime | None:
        """Return the first time after `moment`, or None if there are no more.

        Parameters
        ----------
        begun : datetime
            When the schedule was created; rates start there.
        time_scale : float
            Factor for the interval of a rate.
        """
        ...


@dataclass(frozen=True)
class Rate:
    """A fixed interval, starting when the schedule was created."""

    interval: datetime.timedelta

    def next_after(
        self, moment: datetime.datetime, begun: datetime.datetime, time_scale: float
    ) -> datetime.datetime | None:
        """Return the next multiple of the interval."""
        interval = self.interval * time_scale
        return begun + ((moment - begun) // interval + 1) * interval


@dataclass(frozen=True)
class Cron:
    """The minutes that match six fields, in the local time of a time zone."""

    fields: str
    zone: datetime.tzinfo

    def next_after(
        self, moment: datetime.datetime, begun: datetime.datetime, time_scale: float
    ) -> datetime.datetime | None:
        """Return the next such minute.

        Local times that do not exist in spring are skipped; of those that occur twice in autumn,
        only the first counts.
        """
        clock = moment.astimezone(self.zone).replace(tzinfo=_UTC)
        while True:
            clock = AwsCroniter(self.fields).occurrence(clock).next()
            if clock is None:
                return None
            time = clock.replace(tzinfo=self.zone).astimezone(_UTC)
            is_shown = time.astimezone(self.zone).replace(tzinfo=_UTC) == clock
            if is_shown and time > moment:
                return time


@dataclass(frozen=True)
class At:
    """Once."""

    time: datetime.datetime

    def next_after(
        self, moment: datetime.datetime, begun: datetime.datetime, time_scale: float
    ) -> datetime.datetime | None:
        """Return the time if it is still to come."""
        return self.time if self.time > moment else None


def parse_expression(expression: str, time_zone: str = "UTC") -> Expression:
    """Parse an expression.

    Raises
    ------
    ExpressionError
        If the expression or the time zone is not valid.
    """
    found = _EXPRESSION.fullmatch(expression)
    if found is None:
        raise ExpressionError(f"must be rate(…), cron(…) or at(…), got {expression!r}")
    kind, text = found.groups()
    try:
        zone = _UTC if time_zone == "UTC" else ZoneInfo(time_zone)
    except (ZoneInfoNotFoundError, ValueError) as error:
        raise ExpressionError(
            f"the time zone {time_zone!r} is not in the IANA database, or this machine has no such "
            "database: install tzdata"
        ) from error
    if kind == "rate":
        rate = _RATE.fullmatch(text)
        if rate is None:
            raise ExpressionError(f"{expression!r}: a rate is a number and minutes, hours or days")
        return Rate(datetime.timedelta(**{f"{rate[2]}s": int(rate[1])}))
    if kind == "at":
        try:
            time = datetime.datetime.strptime(text, "%Y-%m-%dT%H:%M:%S").replace(tzinfo=zone)
            return At(time.astimezone(_UTC))
        except ValueError as error:
            raise ExpressionError(f"must be at(yyyy-mm-ddThh:mm:ss), got {expression!r}") from error
    try:
        AwsCroniter(text)
    except ValueError as error:
        raise ExpressionError(f"{expression!r}: {error}") from error
    return Cron(text, zone)
