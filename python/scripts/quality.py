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
# The sums of the squares of larger numbers may be no doubles.
GREATEST_MEASURED = 1e100


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
        not vary, or of numbers beyond `GREATEST_MEASURED`.
    """
    with np.errstate(all="ignore"):
        errors, target = predictions - targets, centred(targets)
        columns = np.column_stack(
            [np.ones(len(target)), errors**2, np.abs(errors), target, target**2],
        )
        fewer = columns[:: -(-len(columns) // RESAMPLED_ROWS)]
        sums = [columns.sum(axis=0, keepdims=True)]
        sums += resampled_sums(fewer, RESAMPLES, np.random.default_rng(seed))
        count, squared, absolute, first, second = np.concatenate(sums).T
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
    names = dict.fromkeys(name for pair in pairs for name in pair)
    places = {name: place for place, name in enumerate(names)}
    predicted, true = (np.array([places[pair[side]] for pair in pairs]) for side in (0, 1))
    counts = np.array(list(pairs.values()))
    rows = counts.sum()
    drawn = np.random.default_rng(seed).multinomial(rows, counts / rows, size=RESAMPLES)
    equal = predicted == true

    # One sample after the other: a table of all pairs and all categories may not fit into memory.
    def measured(sample: np.ndarray) -> tuple[float, float]:
        right = np.bincount(predicted[equal], sample[equal], len(places))
        either = np.bincount(predicted, sample, len(places))
        either += np.bincount(true, sample, len(places))
        occurring = either > 0
        return right.sum() / rows, float(np.mean(2 * right[occurring] / either[occurring]))

    found = np.array([measured(sample) for sample in (counts, *drawn)])
    return _finite({"accuracy": found[:, 0], "f1": found[:, 1]})


def _finite(metrics: dict[str, np.ndarray], scale: float = 1.0) -> dict[str, Measured]:
    found = {}
    for name, values in metrics.items():
        resampled = values[1:][np.isfinite(values[1:])]
        if np.isfinite(values[0]) and len(resampled):
            # The square of a large metric may be no double.
            greatest = float(np.abs(resampled).max()) or 1.0
            deviation = greatest * float(np.std(resampled / greatest))
            found[name] = Measured(float(values[0]), float(scale * deviation))
    return found
