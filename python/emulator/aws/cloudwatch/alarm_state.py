"""The state of an alarm, from its data points.

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
# If data points are missing, CloudWatch retrieves more than it evaluates. The documented examples
# retrieve 5 for 3; other numbers are not documented.
EXTRA_PERIODS = 2


@dataclass(frozen=True)
class Threshold:
    """When data points breach, and how many breaches raise an alarm.

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
    """Return the next state of an alarm, which may be its current one.

    Parameters
    ----------
    points : sequence of float or None
        The last ``periods + EXTRA_PERIODS`` data points, oldest first; None if missing.
    current : str
        The alarm's current state.
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
    # No data point contradicts an alarm, and the first breach is old enough to raise one.
    if real and found[-len(real)][0] >= threshold.datapoints:
        return ALARM
    return INSUFFICIENT_DATA
