"""The data points of all metrics, in bounded memory."""

from __future__ import annotations

import bisect
import math
import threading
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from emulator.aws.cloudwatch.summary import Summary

_SLOT_SECONDS = 0.05
_COARSE_SECONDS = 60.0
_MAX_SLOTS = 4096  # per metric: more than an hour of one value per second


@dataclass(frozen=True)
class MetricKey:
    """A metric. Its dimensions are part of its identity: queries must name all of them."""

    namespace: str
    name: str
    dimensions: tuple[tuple[str, str], ...]

    @classmethod
    def of(
        cls, namespace: str, name: str, dimensions: Iterable[Mapping[str, str]] | None
    ) -> MetricKey:
        """Return the key for dimensions in the form of requests."""
        pairs = sorted((one["Name"], one["Value"]) for one in dimensions or ())
        return cls(namespace, name, tuple(pairs))


class _Series:
    """Summaries by time. Older ones are merged into coarser ones, then dropped."""

    def __init__(self) -> None:
        self.times: list[float] = []
        self.summaries: list[Summary] = []

    def add(self, time: float, summary: Summary) -> None:
        slot = math.floor(time / _SLOT_SECONDS) * _SLOT_SECONDS
        i = bisect.bisect_left(self.times, slot)
        if i < len(self.times) and self.times[i] == slot:
            self.summaries[i].merge(summary)
            return
        self.times.insert(i, slot)
        self.summaries.insert(i, summary)
        if len(self.times) > _MAX_SLOTS:
            self._thin()

    def _thin(self) -> None:
        half = len(self.times) // 2
        coarse: dict[float, Summary] = {}
        for time, summary in zip(self.times[:half], self.summaries[:half]):
            minute = math.floor(time / _COARSE_SECONDS) * _COARSE_SECONDS
            coarse.setdefault(minute, Summary()).merge(summary)
        kept = list(coarse.items())
        if len(kept) > half // 2:
            kept = kept[len(kept) // 2 :]
        self.times[:half] = [time for time, _ in kept]
        self.summaries[:half] = [summary for _, summary in kept]


class MetricStore:
    """The values of all metrics. Thread-safe."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._series: dict[MetricKey, dict[str | None, _Series]] = {}

    def put(self, key: MetricKey, unit: str | None, time: float, summary: Summary) -> None:
        """Add values; `time` is in epoch seconds."""
        with self._lock:
            self._series.setdefault(key, {}).setdefault(unit, _Series()).add(time, summary)

    def metrics(self) -> list[MetricKey]:
        """Return every metric that has values."""
        with self._lock:
            return list(self._series)

    def unit_of(self, key: MetricKey) -> str | None:
        """Return the unit of a metric's first values."""
        with self._lock:
            return next(iter(self._series.get(key, {})), None)

    def windows(
        self, key: MetricKey, start: float, end: float, width: float, unit: str | None = None
    ) -> dict[int, Summary]:
        """Summarize the values from `start` until `end` (exclusive), in windows of `width` seconds.

        Parameters
        ----------
        unit : str, optional
            Only values of this unit.

        Returns
        -------
        dict
            Summaries by number of the window, from 0, without empty windows.
        """
        found: dict[int, Summary] = {}
        with self._lock:
            for series in self._of_unit(key, unit):
                first = bisect.bisect_left(series.times, start)
                last = bisect.bisect_left(series.times, end)
                for time, summary in zip(series.times[first:last], series.summaries[first:last]):
                    number = int((time - start) / width)
                    found.setdefault(number, Summary()).merge(summary)
        return dict(sorted(found.items()))

    def _of_unit(self, key: MetricKey, unit: str | None) -> Iterator[_Series]:
        for name, series in self._series.get(key, {}).items():
            if unit is None or name == unit:
                yield series
