"""Summaries of columns in memory that does not grow with the rows: samples, sketches, counts."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

import numpy as np

from cells import kept, number

# Values of a column that a sketch keeps; a column with fewer different values is kept exactly.
SKETCH_POINTS = 200
# Rows that a sample keeps, as far as they fit into so many cells.
SAMPLE_ROWS = 20_000
SAMPLE_CELLS = 2_000_000
FEWEST_SAMPLE_ROWS = 5_000
# Categories that are counted, and those that a baseline names.
COUNTED_CATEGORIES = 10_000
NAMED_CATEGORIES = 200


class Sketch(NamedTuple):
    """How the known values of a column are distributed.

    The cumulative counts at the points are exact; between two points only their difference is
    known. With at most `SKETCH_POINTS` different values, nothing is lost.

    Attributes
    ----------
    points : ndarray of shape (n_points,)
        Values of the column in ascending order, with its least and its greatest value.
    below, up_to : ndarray of int of shape (n_points,)
        How many values are less than each point, and how many are not greater.
    mean, deviation : float
        Mean and standard deviation of the values.
    """

    points: np.ndarray
    below: np.ndarray
    up_to: np.ndarray
    mean: float
    deviation: float

    @property
    def rows(self) -> int:
        """The number of values."""
        return int(self.up_to[-1])

    def weights(self) -> np.ndarray:
        """Return the number of values at each point, those between two points half at each."""
        between = (self.below[1:] - self.up_to[:-1]) / 2
        weights = (self.up_to - self.below).astype(float)
        weights[:-1] += between
        weights[1:] += between
        return weights


def sketch_of(values: np.ndarray, points: int = SKETCH_POINTS) -> Sketch:
    """Return the sketch of one or more finite values.

    Parameters
    ----------
    values : ndarray of shape (n_rows,)
        Finite, in any order.
    points : int
        How many values to keep at most, two or more.
    """
    ordered = np.sort(values)
    kept = np.unique(ordered)
    if len(kept) > points:
        last = len(ordered) - 1
        # Denser at both ends, where the values of a skewed column are far apart.
        ends = 2 ** np.arange(points // 12)
        ends = np.concatenate([ends, last - ends])
        ranks = np.linspace(0, last, points - len(ends)).round().astype(int)
        kept = np.unique(ordered[np.clip(np.concatenate([ranks, ends]), 0, last)])
    with np.errstate(over="ignore", invalid="ignore"):
        mean, deviation = float(np.mean(ordered)), float(np.std(ordered))
    return Sketch(
        kept,
        np.searchsorted(ordered, kept, side="left"),
        np.searchsorted(ordered, kept, side="right"),
        mean,
        deviation,
    )


class RowSample:
    """A uniform random sample of rows of numbers, of which any number may come.

    Parameters
    ----------
    columns : int
        Numbers of a row.
    seed : int
        The same seed and the same rows in the same order give the same sample.
    """

    def __init__(self, columns: int, seed: int):
        fitting = SAMPLE_CELLS // max(columns, 1)
        self.capacity = max(FEWEST_SAMPLE_ROWS, min(SAMPLE_ROWS, fitting))
        self._rng = np.random.default_rng(seed)
        self._limit = 1.0
        # Each row gets a random key; the rows with the least keys are the sample.
        self._keys: list[np.ndarray] = []
        self._rows: list[np.ndarray] = [np.empty((0, columns))]
        self._held = 0

    def add(self, rows: np.ndarray) -> None:
        """Take over some of the rows, shape (n_rows, n_columns)."""
        keys = self._rng.random(len(rows))
        taken = keys < self._limit
        self._keys.append(keys[taken])
        self._rows.append(rows[taken])
        self._held += int(taken.sum())
        if self._held > 1.5 * self.capacity:
            self._shrink()

    def rows(self) -> np.ndarray:
        """Return the sample, shape (n_sampled, n_columns)."""
        if self._held > self.capacity:
            self._shrink()
        return np.concatenate(self._rows)

    def _shrink(self) -> None:
        keys, rows = np.concatenate(self._keys), np.concatenate(self._rows)
        least = np.argpartition(keys, self.capacity)[: self.capacity]
        # In the order in which they came, so that a sample of all rows is the rows.
        least.sort()
        self._keys, self._rows = [keys[least]], [rows[least]]
        self._limit = float(keys[least].max())
        self._held = self.capacity


class NumberColumns:
    """Columns of numbers: a sample of their rows, and exact counts and ranges of all.

    Attributes
    ----------
    rows : int
        How many rows came.
    missing : ndarray of int of shape (n_columns,)
        How many of their values are NaN.
    least, greatest : ndarray of shape (n_columns,)
        The range of the known values; infinite without one.
    """

    def __init__(self, names: Sequence[str], seed: int):
        self.names = list(names)
        self.rows = 0
        self.missing = np.zeros(len(names), dtype=int)
        self.least = np.full(len(names), np.inf)
        self.greatest = np.full(len(names), -np.inf)
        self._sample = RowSample(len(names), seed)

    def add(self, rows: np.ndarray) -> None:
        """Take over rows of shape (n_rows, n_columns); NaN is a missing value."""
        self.rows += len(rows)
        self.missing += np.isnan(rows).sum(axis=0)
        self.least = np.fmin(self.least, np.fmin.reduce(rows, axis=0, initial=np.inf))
        self.greatest = np.fmax(self.greatest, np.fmax.reduce(rows, axis=0, initial=-np.inf))
        self._sample.add(rows)

    def sampled(self) -> dict[str, np.ndarray]:
        """Return the known values of the sampled rows, by column."""
        rows = self._sample.rows()
        return {name: column[~np.isnan(column)] for name, column in zip(self.names, rows.T)}


class Categories:
    """How often each value of a column of categories occurs.

    Parameters
    ----------
    names : iterable of str
        Names of a baseline: a value that is one of them in another notation, as `notation` tells,
        counts as that one.

    Attributes
    ----------
    counts : Counter of str to int
        The first `COUNTED_CATEGORIES` different values.
    others : int
        How many values are none of them.
    missing : int
        How many values are missing.
    """

    def __init__(self, names: Iterable[str] = ()) -> None:
        self.counts: Counter[str] = Counter()
        self.others = 0
        self.missing = 0
        known = {name: notation(name) for name in names}
        times = Counter(known.values())
        # Training told some apart that are written differently: these are known by name only.
        self._by_notation = {short: name for name, short in known.items() if times[short] == 1}

    def add(self, values: Iterable[Any]) -> None:
        """Count values; None and NaN are missing ones."""
        counted = Counter(map(category, values))
        self.missing += counted.pop(None, 0)
        named = {value: times for value, times in counted.items() if value is not None}
        for value, times in named.items():
            name = self._by_notation.get(notation(value), value)
            if name in self.counts or len(self.counts) < COUNTED_CATEGORIES:
                self.counts[name] += times
            else:
                self.others += times

    @property
    def rows(self) -> int:
        """How many values came, missing ones included."""
        return sum(self.counts.values()) + self.others + self.missing


def category(value: Any) -> str | None:
    """Return the name of a category; None for a missing one.

    A whole number has one name, however it is written: training may have read 1, and a request
    contain 1.0. Long texts are cut, so that memory does not grow with what callers send.
    """
    if value is None or value != value:  # noqa: PLR0124 - only NaN differs from itself
        return None
    if isinstance(value, (bool, np.bool_)):
        return "true" if value else "false"
    if isinstance(value, (float, np.floating)) and float(value).is_integer():
        return kept(str(int(value)))
    if isinstance(value, (list, dict)):
        return f"({type(value).__name__})"
    return kept(str(value))


def notation(name: str) -> str:
    """Return one name for all notations of a truth value or a number in text: true, True; 1, 1.0.

    Text, as in CSV, has no types: training may have read the same column as numbers.
    """
    if name.lower() in ("true", "false"):
        return name.lower()
    try:
        value = number(name)
    except ValueError:
        return name
    return category(value) or name
