"""The values of a metric in a period, and CloudWatch's statistics of them."""

from __future__ import annotations

import re

_PERCENTILE = re.compile(r"p(100|\d{1,2}(?:\.\d{1,10})?)")
STATISTICS = ("SampleCount", "Average", "Sum", "Minimum", "Maximum")


def percentile_of(statistic: str) -> float | None:
    """Return 99.9 for ``p99.9``, and None for other statistics."""
    found = _PERCENTILE.fullmatch(statistic)
    return float(found[1]) if found else None


def is_statistic(name: str) -> bool:
    """Whether `Summary.statistic` supports a statistic."""
    return name in STATISTICS or percentile_of(name) is not None


class Summary:
    """Count, sum, extremes and distribution of values.

    The distribution keeps three digits of each value: its size depends on the range of the values,
    not on their number. CloudWatch's own is coarser.
    """

    __slots__ = ("count", "distribution", "high", "low", "total")

    def __init__(self) -> None:
        self.count = 0.0
        self.total = 0.0
        self.low = float("inf")
        self.high = float("-inf")
        self.distribution: dict[float, float] | None = {}

    @classmethod
    def of_set(cls, count: float, total: float, low: float, high: float) -> Summary:
        """Return the summary of a statistic set, which has percentiles if all values are equal."""
        summary = cls()
        if low == high:
            summary.add(low, count)
            return summary
        summary.count, summary.total, summary.low, summary.high = count, total, low, high
        summary.distribution = None
        return summary

    def add(self, value: float, times: float = 1) -> None:
        """Count a value."""
        self.count += times
        self.total += value * times
        self.low = min(self.low, value)
        self.high = max(self.high, value)
        if self.distribution is not None:
            rounded = float(f"{value:.3g}")
            self.distribution[rounded] = self.distribution.get(rounded, 0) + times

    def merge(self, other: Summary) -> None:
        """Add the values of `other`."""
        self.count += other.count
        self.total += other.total
        self.low = min(self.low, other.low)
        self.high = max(self.high, other.high)
        if self.distribution is None or other.distribution is None:
            self.distribution = None
            return
        for value, times in other.distribution.items():
            self.distribution[value] = self.distribution.get(value, 0) + times

    def statistic(self, name: str) -> float | None:
        """Return a statistic, or None if there are no values for it.

        Raises
        ------
        ValueError
            If the statistic is not supported.
        """
        if name == "SampleCount":
            return self.count
        if name == "Sum":
            return self.total
        if name == "Average":
            return self.total / self.count if self.count else None
        if name == "Minimum":
            return self.low
        if name == "Maximum":
            return self.high
        percentile = percentile_of(name)
        if percentile is None:
            raise ValueError(
                f"the emulator does not support the statistic {name!r}; it supports "
                f"{', '.join(STATISTICS)} and percentiles such as p99.9"
            )
        return self._percentile(percentile)

    def _percentile(self, percentile: float) -> float | None:
        if not self.distribution:
            return None
        rank, seen = percentile / 100 * self.count, 0.0
        for value in sorted(self.distribution):
            seen += self.distribution[value]
            if seen >= rank:
                return min(max(value, self.low), self.high)
        return self.high
