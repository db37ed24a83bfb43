"""Which state an alarm's data points give it.

Source: https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/alarms-and-missing-data.html
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Sequence
from dataclasses import dataclass

OK, ALARM, INSUFFICIENT_DATA = "OK", "ALARM", "INSUFFICIENT_DATA"

COMPARISONS: dict[str, Callable[[float, float], bool]] = {
    "GreaterThanOrEqualToThreshold": operator.ge,
    "GreaterThanThreshold": operator.gt,
    "LessThanThreshold": operator.lt,
    "LessThanOrEqualToThreshold": operator.le,
}
# How many more data points CloudWatch looks at than it evaluates, where some are missing. Its own
# examples look at 5 for 3; for other numbers it does not say.
EXTRA_PERIODS = 2


@dataclass(frozen=True)
class Threshold:
    """When data points breach, and how many of them make an alarm.

    Attributes
    ----------
    periods : int
        ``EvaluationPeriods``.
    datapoints : int
        ``DatapointsToAlarm``.
    missing : str
        ``TreatMissingData``: missing, ignore, breaching or notBreaching.
    """

    comparison: str
    value: float
    periods: int
    datapoints: int
    missing: str

    def breaches(self, value: float) -> bool:
        """Whether a value is beyond the threshold."""
        return COMPARISONS[self.comparison](value, self.value)


def next_state(points: Sequence[float | None], threshold: Threshold, current: str) -> str:
    """Return the state that an alarm goes to, or stays in.

    Parameters
    ----------
    points : sequence of float or None
        The last ``periods + EXTRA_PERIODS`` data points, the oldest first; None is missing.
    current : str
        The state it is in.
    """
    found = [(age, v) for age, v in zip(range(len(points), 0, -1), points) if v is not None]
    real = [threshold.breaches(value) for _, value in found[-threshold.periods :]]
    gaps = threshold.periods - len(real)
    breaching = sum(real) + (gaps if threshold.missing == "breaching" else 0)
    if breaching >= threshold.datapoints:
        return ALARM
    undecided = gaps > 0 and all(real) and threshold.missing in ("missing", "ignore")
    if not undecided:
        return OK
    if threshold.missing == "ignore":
        return current
    # Nothing speaks against an alarm, and the first breach is old enough for one.
    if real and found[-len(real)][0] >= threshold.datapoints:
        return ALARM
    return INSUFFICIENT_DATA
