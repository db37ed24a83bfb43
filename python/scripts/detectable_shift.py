"""The smallest shift of a column that a sample would have shown, so that silence can be judged."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from scipy import stats

from sketches import Sketch

POWER = 0.9
# A shift that even this many standard deviations, or all rows, would not show is not reported.
GREATEST_SHIFT = 10.0
STEPS = 40


def smallest_shift(baseline: Sketch, rows: int, level: float, tolerance: float) -> float | None:
    """Return the least shift of all values that would be reported with a probability of 90 %.

    Parameters
    ----------
    baseline : Sketch
    rows : int
        Rows of the sample.
    level : float
        Of the Kolmogorov-Smirnov test, after correction for the number of tests.
    tolerance : float
        The Wasserstein distance that drift has at least, in standard deviations of the baseline.

    Returns
    -------
    float or None
        In standard deviations of the baseline; None if the baseline does not vary, or no shift of
        up to `GREATEST_SHIFT` would be reported.
    """
    if not 0 < baseline.deviation < np.inf:
        return None
    n, m = rows, baseline.rows
    critical = float(stats.kstwo.isf(level, np.round(m * n / (m + n))))
    margin = float(stats.norm.ppf(POWER))

    def shown(shift: float) -> bool:
        moved = _distribution(baseline, baseline.points - shift * baseline.deviation)
        still = baseline.up_to / m
        place = int(np.abs(moved - still).argmax())
        spread = sum(
            share[place] * (1 - share[place]) / size for share, size in ((still, m), (moved, n))
        )
        return bool(abs(moved[place] - still[place]) - margin * np.sqrt(spread) >= critical)

    # The distance of a shifted sample varies as the difference of two means does.
    needed = tolerance + margin * np.sqrt(1 / n + 1 / m)
    return _least(shown, float(needed), GREATEST_SHIFT)


def smallest_change(
    counts: np.ndarray, rows: int, level: float, effect: Callable[[np.ndarray, np.ndarray], bool]
) -> float | None:
    """Return the least share of rows whose change of category would be reported, at 90 %.

    The rows change from the most frequent category to the next one.

    Parameters
    ----------
    counts : ndarray of int of shape (n_categories,)
        The baseline's counts.
    rows : int
        Rows of the sample.
    level : float
        Of the chi-square test, after correction for the number of tests.
    effect : callable
        Whether the effect between the baseline's counts and others is over its tolerance.

    Returns
    -------
    float or None
        None if there is one category only, or no such change would be reported.
    """
    if len(counts) < 2:
        return None
    m = counts.sum()
    first, second = np.argsort(-counts, kind="stable")[:2]
    shares = counts / m
    freedom = len(counts) - 1
    critical = stats.chi2.isf(level, freedom)

    def shown(share: float) -> bool:
        moved = shares.copy()
        moved[first] -= share
        moved[second] += share
        together = (m * shares + rows * moved) / (m + rows)
        present = together > 0
        differences = (moved - shares)[present] ** 2 / together[present]
        noncentrality = m * rows / (m + rows) * differences.sum()
        power = stats.ncx2.sf(critical, freedom, noncentrality)
        return bool(power >= POWER and effect(counts, moved * rows))

    return _least(shown, 0.0, float(shares[first]))


def _distribution(baseline: Sketch, at: np.ndarray) -> np.ndarray:
    """Return the distribution function of a baseline, between two points as a straight line."""
    if np.array_equal(baseline.below[1:], baseline.up_to[:-1]):
        # Nothing lies between two points.
        places = np.searchsorted(baseline.points, at, side="right")
        return np.concatenate([[0], baseline.up_to])[places] / baseline.rows
    return np.interp(at, baseline.points, baseline.up_to / baseline.rows, left=0.0)


def _least(shown: Callable[[float], bool], low: float, high: float) -> float | None:
    """Return the least value from `low` to `high` that is shown; more is always shown better."""
    if low > high or not shown(high):
        return None
    if shown(low):
        return low
    for _ in range(STEPS):
        middle = (low + high) / 2
        low, high = (low, middle) if shown(middle) else (middle, high)
    return high
