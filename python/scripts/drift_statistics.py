"""Compare a sample with a baseline: tests, effects, and what they are judged by.

All functions are pure. A test gives the probability that samples of the same distribution differ as
much; an effect says how much they differ, in a unit that does not depend on the number of rows.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any, NamedTuple

import numpy as np
from scipy import stats
from scipy.spatial.distance import jensenshannon

from sketches import Sketch

MOST_BINS = 10
ROWS_PER_BIN = 20
# Below, a chi-square distribution is no good approximation of small p-values.
EXPECTED_IN_CELL = 10
SIMULATIONS = 10_000
# Whatever is farther away is as far away as this: a distance is judged, and stays a number.
GREATEST_DISTANCE = 1e100
# A quantile is simulated only where so many simulations lie beyond it.
FEWEST_BEYOND = 10


class Finding(NamedTuple):
    """The result of a statistical test."""

    statistic: float
    p: float


def kolmogorov_smirnov(baseline: Sketch, values: np.ndarray) -> Finding:
    """Test whether values have the baseline's distribution.

    The statistic is the greatest distance of the distribution functions at the sketch's points, on
    both sides of each. It equals that of the two samples if the sketch is exact; otherwise it is
    less by at most the share of values between two points, so that the test remains valid. The
    p-value is scipy's asymptotic one for the two samples' sizes.

    Parameters
    ----------
    baseline : Sketch
    values : ndarray of shape (n_rows,)
        One or more finite values.
    """
    ordered = np.sort(values)
    n, m = len(ordered), baseline.rows
    under = np.searchsorted(ordered, baseline.points, side="left") / n
    up_to = np.searchsorted(ordered, baseline.points, side="right") / n
    distances = np.abs([baseline.below / m - under, baseline.up_to / m - up_to])
    statistic = float(distances.max())
    p = stats.kstwo.sf(statistic, np.round(m * n / (m + n)))
    return Finding(statistic, float(np.clip(p, 0, 1)))


def chi_square(baseline: np.ndarray, current: np.ndarray) -> Finding:
    """Test whether two samples of categories have the same distribution.

    Parameters
    ----------
    baseline, current : ndarray of int of shape (n_categories,)
        How often each category occurs in each sample, as `merged` returns them.
    """
    if len(baseline) < 2:
        return Finding(0.0, 1.0)
    found: Any = stats.chi2_contingency([baseline, current], correction=False)
    return Finding(float(found[0]), float(found[1]))


def same_share(baseline: tuple[int, int], current: tuple[int, int]) -> float:
    """Return the p-value of the same share in two samples, each given as (count, rows).

    Few counts get Fisher's exact test, many the chi-square test.
    """
    table = np.array([[count, rows - count] for count, rows in (baseline, current)])
    if not table.sum(axis=0).all() or not table.sum(axis=1).all():
        return 1.0
    expected = np.outer(table.sum(axis=1), table.sum(axis=0)) / table.sum()
    if expected.min() >= EXPECTED_IN_CELL:
        found: Any = stats.chi2_contingency(table, correction=False)
    else:
        found = stats.fisher_exact(table)
    return float(found[1])


def beyond_range(outside: int, rows: int, baseline_rows: int) -> float:
    """Return the p-value of so many of `rows` values outside the baseline's range.

    The share of a distribution that is outside the range of m values of it follows Beta(2, m - 1),
    whatever the distribution.
    """
    if baseline_rows < 2 or not rows:
        return 1.0
    return float(stats.betabinom.sf(outside - 1, rows, 2, baseline_rows - 1))


def never_seen(unseen: int, rows: int, once: int, baseline_rows: int) -> float:
    """Return the p-value of so many of `rows` values in categories that the baseline has not.

    The chance of a new category is about the share of categories that occurred once (Good, 1953);
    one more is counted, so that it is never 0.
    """
    if not rows or not baseline_rows:
        return 1.0
    return float(stats.binom.sf(unseen - 1, rows, min(1.0, (once + 1) / baseline_rows)))


def above_share(count: int, rows: int, share: float) -> float:
    """Return the p-value of `count` of `rows` if the true share is not above `share`."""
    return float(stats.binom.sf(count - 1, rows, share)) if rows else 1.0


def holm(p_values: Sequence[float]) -> list[float]:
    """Return p-values corrected for their number, by Holm's method.

    Source: Holm, A Simple Sequentially Rejective Multiple Test Procedure (1979).
    """
    p = np.asarray(p_values, dtype=float)
    order = np.argsort(p, kind="stable")
    corrected = np.maximum.accumulate(p[order] * (len(p) - np.arange(len(p))))
    result = np.empty(len(p))
    result[order] = np.minimum(corrected, 1.0)
    return result.tolist()


def bins(rows: int) -> int:
    """Return how many bins a sample of so many rows is divided into."""
    return max(2, min(MOST_BINS, rows // ROWS_PER_BIN))


def binned(baseline: Sketch, values: np.ndarray, count: int) -> tuple[np.ndarray, np.ndarray]:
    """Return how many values of the baseline and of a sample are in each bin.

    The edges are quantiles of the baseline, so that its bins are equally full, as far as equal
    values allow. A baseline of one value has three bins: less, equal and greater.

    Returns
    -------
    baseline, current : ndarray of int of shape (n_bins,)
    """
    m, n = baseline.rows, len(values)
    ordered = np.sort(values)
    if len(baseline.points) == 1:
        left = np.searchsorted(ordered, baseline.points[0], side="left")
        right = np.searchsorted(ordered, baseline.points[0], side="right")
        return np.array([0, m, 0]), np.array([left, right - left, n - right])
    inner = np.searchsorted(baseline.up_to, np.arange(1, count) * m / count)
    # The greatest value closes the last bin, and is no edge of another one.
    edges = np.unique(inner[inner < len(baseline.points) - 1])
    if not len(edges):
        edges = np.array([len(baseline.points) - 2])
    known = np.diff(np.concatenate([[0], baseline.up_to[edges], [m]]))
    found = np.searchsorted(ordered, baseline.points[edges], side="right")
    return known, np.diff(np.concatenate([[0], found, [n]]))


def psi(baseline: np.ndarray, current: np.ndarray) -> float:
    """Return the population stability index of two samples' counts by bin or category.

    An empty cell counts as half a row, because the index of an empty one is infinite.
    """
    expected, actual = (np.maximum(counts, 0.5) / counts.sum() for counts in (baseline, current))
    return float(np.sum((actual - expected) * np.log(actual / expected)))


def jensen_shannon(baseline: np.ndarray, current: np.ndarray) -> float:
    """Return the Jensen-Shannon distance of two samples' counts: 0 for equal, 1 for disjoint."""
    # Rounding can make the divergence of equal shares less than 0.
    return float(np.nan_to_num(jensenshannon(baseline, current, base=2)))


def wasserstein(baseline: Sketch, values: np.ndarray) -> float | None:
    """Return how far values moved on average, in standard deviations of the baseline.

    Returns
    -------
    float or None
        None if the baseline has a single value, or values too large to square.
    """
    if not 0 < baseline.deviation < np.inf:
        return None
    # The sum of large distances may be no double.
    with np.errstate(over="ignore"):
        distance = stats.wasserstein_distance(baseline.points, values, baseline.weights())
        return float(min(distance / baseline.deviation, GREATEST_DISTANCE))


def psi_limit(counts: np.ndarray, rows: int, level: float, seed: int) -> float:
    """Return the index that samples without drift exceed with probability `level`.

    Simulated for the sizes at hand: both samples are drawn from the baseline's shares. If `level`
    is too small for the number of simulations, the quantile that they can show is scaled as that of
    a chi-square distribution, which the index follows in large samples.
    Source: Yurdakul, Statistical Properties of Population Stability Index (2018).

    Parameters
    ----------
    counts : ndarray of int of shape (n_bins,)
        The baseline's counts.
    rows : int
        Rows of the other sample.
    level : float
        Between 0 and 1.
    seed : int
        Seed of the simulation.
    """
    total = int(counts.sum())
    # Equally full bins differ by a row or so: one simulation serves all such columns.
    shares = tuple(np.round(counts / total, 3).tolist())
    return _simulated_limit(shares, total, rows, level, seed)


@lru_cache(maxsize=1024)
def _simulated_limit(
    shares: tuple[float, ...], baseline_rows: int, rows: int, level: float, seed: int
) -> float:
    known = np.array(shares)
    known = known[known > 0] / known.sum()
    if len(known) < 2:
        return 0.0
    rng = np.random.default_rng(seed)
    drawn = [
        np.maximum(rng.multinomial(size, known, SIMULATIONS), 0.5) / size
        for size in (baseline_rows, rows)
    ]
    indices = np.sum((drawn[1] - drawn[0]) * np.log(drawn[1] / drawn[0]), axis=1)
    shown = max(level, FEWEST_BEYOND / SIMULATIONS)
    limit = float(np.quantile(indices, 1 - shown))
    ratio = stats.chi2.isf(level, len(known) - 1) / stats.chi2.isf(shown, len(known) - 1)
    return limit * float(ratio)


def aligned(
    baseline: Mapping[str, int], current: Mapping[str, int], others: tuple[int, int] = (0, 0)
) -> tuple[np.ndarray, np.ndarray]:
    """Return the counts of two samples by category.

    Categories that the baseline does not name count together, as its `others` do.
    """
    known = [current.get(name, 0) for name in baseline]
    unknown = sum(current.values()) - sum(known) + others[1]
    return (
        np.array([*baseline.values(), others[0]]),
        np.array([*known, unknown]),
    )


def merged(baseline: np.ndarray, current: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Count the rarest categories together until `EXPECTED_IN_CELL` are expected of each.

    Parameters
    ----------
    baseline, current : ndarray of int of shape (n_categories,)
        How often each category occurs in each sample.
    """
    table = np.array([baseline, current])
    table = table[:, table.sum(axis=0) > 0]
    table = table[:, np.argsort(table.sum(axis=0), kind="stable")]
    rows = table.sum(axis=1)
    if not rows.all():
        return baseline[:1], current[:1]
    enough = EXPECTED_IN_CELL * rows.sum() / rows.min()
    while table.shape[1] > 1 and table[:, 0].sum() < enough:
        together = table[:, :2].sum(axis=1, keepdims=True)
        rest = table[:, 2:]
        place = int(np.searchsorted(rest.sum(axis=0), together.sum()))
        table = np.concatenate([rest[:, :place], together, rest[:, place:]], axis=1)
    return table[0], table[1]
