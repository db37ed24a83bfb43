"""Reduce two distributions to what a picture of them needs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from sketches import Sketch

BARS = 24
CATEGORIES = 12


def number_chart(sketch: Sketch, values: np.ndarray) -> dict[str, Any]:
    """Return the shares of a baseline's and of other values in bins of equal width.

    The outermost bins include all values beyond: one distant value would compress all others.
    """
    known = sketch.up_to / sketch.rows
    low, high = (
        float(pick(*pair))
        for pick, pair in (
            (min, (np.interp(0.005, known, sketch.points), np.quantile(values, 0.005))),
            (max, (np.interp(0.995, known, sketch.points), np.quantile(values, 0.995))),
        )
    )
    if not low < high:
        low, high = low - 0.5, high + 0.5
    edges = np.linspace(low, high, BARS + 1)
    baseline, _ = np.histogram(
        np.clip(sketch.points, low, high), edges, weights=sketch.weights() / sketch.rows
    )
    current, _ = np.histogram(np.clip(values, low, high), edges)
    return {
        "low": low,
        "high": high,
        "baseline": np.round(baseline, 6).tolist(),
        "current": np.round(current / len(values), 6).tolist(),
    }


def category_chart(
    known: Mapping[str, int], found: Mapping[str, int], baseline: np.ndarray, current: np.ndarray
) -> dict[str, Any]:
    """Return the shares of the most frequent categories in a baseline and in a window."""
    totals = int(baseline.sum()), int(current.sum())
    shares = {
        name: (known.get(name, 0) / totals[0], found.get(name, 0) / totals[1])
        for name in {**known, **found}
    }
    names = sorted(shares, key=lambda name: -max(shares[name]))[:CATEGORIES]
    return {
        "names": names,
        "baseline": [round(shares[name][0], 6) for name in names],
        "current": [round(shares[name][1], 6) for name in names],
    }
