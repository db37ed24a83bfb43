"""Reduce two distributions to what a picture of them needs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from sketches import Sketch

BARS = 24
CATEGORIES = 12


def number_chart(sketch: Sketch, values: np.ndarray) -> dict[str, Any] | None:
    """Return the shares of a baseline's and of other values in bins of equal width.

    The outermost bins include all values beyond: one distant value would compress all others.
    Without a chart, some values are so large that bins between them cannot be told apart.
    """
    known = sketch.up_to / sketch.rows
    with np.errstate(over="ignore", invalid="ignore"):
        low, high = (
            float(pick(np.interp(share, known, sketch.points), np.quantile(values, share)))
            for pick, share in ((np.minimum, 0.005), (np.maximum, 0.995))
        )
        if low == high:
            low, high = low - 0.5, high + 0.5
        edges = np.linspace(low, high, BARS + 1)
        if not np.isfinite(edges).all() or not (np.diff(edges) > 0).all():
            return None
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
