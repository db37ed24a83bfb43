"""Measure predictions against what came true, and how much chance is in the measurement."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np

from comparison_statistics import centred, resampled_sums

RESAMPLES = 300
# Of more rows, only so many are resampled; their deviation is that of all by the root of the sizes.
RESAMPLED_ROWS = 20_000
# The name of a metric may begin with the data it is measured on.
PREFIX = "test_"


class Measured(NamedTuple):
    """A metric, and its standard deviation over bootstrap resamples of the rows."""

    value: float
    deviation: float


BETTER = {
    **{"r2": "greater", "rmse": "smaller", "mae": "smaller"},
    **{"accuracy": "greater", "f1": "greater"},
}
"""The metrics that can be measured, and which of their values are better."""

NUMBERS = ("r2", "rmse", "mae")


def base_name(metric: str) -> str:
    """Return the name of a metric without the data that it is measured on."""
    return metric[len(PREFIX) :] if metric.startswith(PREFIX) else metric


def of_numbers(predictions: np.ndarray, targets: np.ndarray, seed: int) -> dict[str, Measured]:
    """Measure predicted numbers.

    Parameters
    ----------
    predictions, targets : ndarray of shape (n_rows,)
        Finite numbers of two or more rows.
    seed : int
        Seed of the resamples.

    Returns
    -------
    dict of str to Measured
        ``r2``, ``rmse`` and ``mae``; without those that are not finite, as R² if the target does
        not vary.
    """
    errors, target = predictions - targets, centred(targets)
    columns = np.column_stack(
        [np.ones(len(target)), errors**2, np.abs(errors), target, target**2],
    )
    fewer = columns[:: -(-len(columns) // RESAMPLED_ROWS)]
    sums = [columns.sum(axis=0, keepdims=True)]
    sums += resampled_sums(fewer, RESAMPLES, np.random.default_rng(seed))
    count, squared, absolute, first, second = np.concatenate(sums).T
    with np.errstate(all="ignore"):
        variation = second - first**2 / count
        # If all targets are equal, the remainder is a rounding error.
        variation[variation <= 1e-12 * second] = np.nan
        return _finite(
            {
                "r2": 1 - squared / variation,
                "rmse": np.sqrt(squared / count),
                "mae": absolute / count,
            },
            np.sqrt(len(fewer) / len(columns)),
        )


def of_categories(pairs: Mapping[tuple[str, str], int], seed: int) -> dict[str, Measured]:
    """Measure predicted categories.

    Parameters
    ----------
    pairs : mapping of (str, str) to int
        How often each prediction came with each target.
    seed : int
        Seed of the resamples.

    Returns
    -------
    dict of str to Measured
        ``accuracy``, and ``f1``, the mean over the categories that are predicted or came true.
    """
    predicted, true = (np.array([pair[side] for pair in pairs]) for side in (0, 1))
    names = np.unique(np.concatenate([predicted, true]))
    counts = np.array(list(pairs.values()))
    rows = counts.sum()
    drawn = np.random.default_rng(seed).multinomial(rows, counts / rows, size=RESAMPLES)
    counts = np.concatenate([counts[np.newaxis], drawn])
    # Which of the pairs that occur belong to each category.
    by_prediction = np.equal.outer(predicted, names).astype(float)
    by_target = np.equal.outer(true, names).astype(float)
    right = counts @ (by_prediction * by_target)
    either = counts @ by_prediction + counts @ by_target
    with np.errstate(invalid="ignore"):
        scores = 2 * right / either
    return _finite({"accuracy": right.sum(axis=1) / rows, "f1": np.nanmean(scores, axis=1)})


def _finite(metrics: dict[str, np.ndarray], scale: float = 1.0) -> dict[str, Measured]:
    found = {}
    for name, values in metrics.items():
        resampled = values[1:][np.isfinite(values[1:])]
        if np.isfinite(values[0]) and len(resampled):
            found[name] = Measured(float(values[0]), float(scale * np.std(resampled)))
    return found
