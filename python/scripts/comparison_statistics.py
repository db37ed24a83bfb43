"""Measure regression models, and the confidence of a difference between two of them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

# How many draws are in memory at once; more rows than this are drawn one resample at a time.
DRAWS_PER_BLOCK = 1_000_000
# Model Monitor reports no standard deviation for fewer rows. Source:
# https://docs.aws.amazon.com/sagemaker/latest/dg/model-monitor-model-quality-metrics.html
ROWS_FOR_DEVIATION = 200


class Metric(NamedTuple):
    """How people write a metric, and which of its values are better.

    Attributes
    ----------
    title : str
    better : str
        ``greater`` or ``smaller``, as the workflow's gate says it.
    """

    title: str
    better: str


METRICS = {
    "test_r2": Metric("R²", "greater"),
    "test_rmse": Metric("RMSE", "smaller"),
    "test_mae": Metric("MAE", "smaller"),
}


class Difference(NamedTuple):
    """The challenger's improvement, with its confidence interval.

    Attributes
    ----------
    value : float
        In the metric's unit, positive if the challenger is better, for every metric.
    low, high : float
        Bounds of the percentile interval.
    """

    value: float
    low: float
    high: float


def metrics(y: np.ndarray, predictions: np.ndarray) -> dict[str, float]:
    """Measure predictions.

    Parameters
    ----------
    y, predictions : ndarray of shape (n_rows,)
        The target, and the prediction of each row, in the unit of the target.

    Returns
    -------
    dict of str to float
        ``test_r2``; ``test_rmse`` and ``test_mae`` in units of the target. R² is not finite if the
        target does not vary.
    """
    errors = predictions - y
    squared = np.mean(errors**2)
    with np.errstate(all="ignore"):
        r2 = 1.0 - squared / np.mean(centred(y) ** 2)
    return {
        "test_r2": float(r2),
        "test_rmse": float(np.sqrt(squared)),
        "test_mae": float(np.mean(np.abs(errors))),
    }


def paired_bootstrap(
    y: np.ndarray,
    challenger: np.ndarray,
    champion: np.ndarray,
    metric: str,
    confidence: float,
    resamples: int,
    seed: int,
) -> Difference:
    """Return the challenger's improvement, with a percentile bootstrap interval.

    Both models are measured on the same resampled rows, so that rows that are hard for both cancel
    out, and similar models have a narrow interval. The interval covers the randomness of the
    held-out rows, not of training: a lucky seed produces a model that really is a little better.
    The gate's margin sets how much improvement is worth a release.

    Parameters
    ----------
    y, challenger, champion : ndarray of shape (n_rows,)
        The target, and each model's predictions, in the unit of the target.
    metric : str
        A key of `METRICS`.
    confidence : float
        Level of the two-sided interval, between 0 and 1.
    resamples : int
        Number of resamples; each draws as many rows as there are.
    seed : int
        Seed; the same seed returns the same interval.

    Raises
    ------
    ValueError
        If the metric is not defined on the rows, or on any resample of them.

    Notes
    -----
    Efron and Tibshirani, An Introduction to the Bootstrap (1993), chapters 13 and 16.
    """
    columns = _columns(y, challenger, champion)
    value = _improvement(metric, columns.sum(axis=0, keepdims=True))[0]
    blocks = resampled_sums(columns, resamples, np.random.default_rng(seed))
    improvements = np.concatenate([_improvement(metric, sums) for sums in blocks])
    # A resample of a small data set may have only one target value, for which R² is not defined.
    improvements = improvements[np.isfinite(improvements)]
    if not np.isfinite(value) or not len(improvements):
        raise ValueError(
            f"{metric} is not defined for the {len(y)} rows, because the target hardly varies"
        )
    tail = (1 - confidence) / 2
    low, high = np.quantile(improvements, [tail, 1 - tail])
    return Difference(float(value), float(low), float(high))


def model_quality(y: np.ndarray, predictions: np.ndarray, seed: int) -> dict[str, dict]:
    """Return regression statistics in the format of SageMaker Model Monitor, for a model package.

    The standard deviation is that of five random subsets of 80 % of the rows, or the text "NaN" if
    there are too few rows.
    Source: https://docs.aws.amazon.com/sagemaker/latest/dg/model-monitor-model-quality-metrics.html
    """

    def measure(rows: np.ndarray) -> dict[str, float]:
        measured = metrics(y[rows], predictions[rows])
        rmse = measured["test_rmse"]
        return {
            **{"mae": measured["test_mae"], "mse": rmse**2},
            **{"rmse": rmse, "r2": measured["test_r2"]},
        }

    rng = np.random.default_rng(seed)
    everything = np.arange(len(y))
    subsets = []
    if len(y) >= ROWS_FOR_DEVIATION:
        size = len(y) * 4 // 5
        subsets = [measure(rng.choice(len(y), size, replace=False)) for _ in range(5)]
    return {
        "regression_metrics": {
            name: {
                "value": value,
                "standard_deviation": float(np.std([subset[name] for subset in subsets]))
                if subsets
                else "NaN",
            }
            for name, value in measure(everything).items()
        }
    }


def slice_rows(name: str, values: np.ndarray) -> Iterator[tuple[str, np.ndarray]]:
    """Split rows by the quartiles of a column.

    Parameters
    ----------
    name : str
        The column.
    values : ndarray of shape (n_rows,)
        Its values; NaN for a missing value.

    Yields
    ------
    label : str
        The column and the range of the slice; rows without a value have a slice of their own.
    rows : ndarray of bool of shape (n_rows,)
        Which rows are in the slice. Empty slices, a result of equal values, are omitted.
    """
    missing = np.isnan(values)
    known = values[~missing]
    edges = np.unique(np.quantile(known, [0.0, 0.25, 0.5, 0.75, 1.0])) if len(known) else known
    if len(edges) == 1:
        yield f"{name} = {edges[0]:.4g}", ~missing
    for position, (low, high) in enumerate(zip(edges[:-1], edges[1:])):
        above = values >= low if position == 0 else values > low
        rows = above & (values <= high)
        if rows.any():
            yield f"{name} {low:.4g} to {high:.4g}", rows
    if missing.any():
        yield f"{name} not known", missing


def slice_errors(y: np.ndarray, predictions: np.ndarray, rows: np.ndarray) -> dict[str, float]:
    """Return ``rmse`` and ``mae`` of a slice, and ``bias``, the mean of prediction minus target."""
    measured = metrics(y[rows], predictions[rows])
    return {
        "rmse": measured["test_rmse"],
        "mae": measured["test_mae"],
        "bias": float(np.mean(predictions[rows] - y[rows])),
    }


def _columns(y: np.ndarray, challenger: np.ndarray, champion: np.ndarray) -> np.ndarray:
    """Return columns from whose sums over rows every improvement can be computed.

    Errors are subtracted row by row, so that equal predictions differ by exactly 0.
    """
    errors, others = challenger - y, champion - y
    gains = [others**2 - errors**2, np.abs(others) - np.abs(errors)]
    target = centred(y)
    return np.column_stack(
        [np.ones(len(y)), *gains, errors**2, others**2, target, target**2],
    )


def centred(y: np.ndarray) -> np.ndarray:
    """Return a target minus its mean, exactly 0 if it does not vary.

    Rounding of the squares of large targets would lose their variance.
    """
    return y - y.mean() if np.ptp(y) > 0 else np.zeros(len(y))


def _improvement(metric: str, sums: np.ndarray) -> np.ndarray:
    count, squared, absolute, errors, others, target, target_squared = sums.T
    with np.errstate(all="ignore"):
        if metric == "test_mae":
            return absolute / count
        if metric == "test_rmse":
            together = np.sqrt(others / count) + np.sqrt(errors / count)
            return np.divide(squared / count, together, out=0 * count, where=together > 0)
        variation = target_squared - target**2 / count
        # If all targets are equal, the remainder is a rounding error.
        variation[variation <= 1e-12 * target_squared] = np.nan
        return squared / variation


def resampled_sums(
    columns: np.ndarray, resamples: int, rng: np.random.Generator
) -> Iterator[np.ndarray]:
    """Yield the columns' sums over the rows of bootstrap resamples, some resamples at a time.

    Parameters
    ----------
    columns : ndarray of shape (n_rows, n_columns)
    resamples : int
        How many; each draws as many rows as there are.
    rng : Generator

    Yields
    ------
    ndarray of shape (n_resamples, n_columns)
    """
    n_rows = len(columns)
    block = max(1, DRAWS_PER_BLOCK // n_rows)
    for start in range(0, resamples, block):
        size = min(block, resamples - start)
        drawn = rng.integers(0, n_rows, (size, n_rows))
        drawn += np.arange(size)[:, np.newaxis] * n_rows
        counts = np.bincount(drawn.ravel(), minlength=size * n_rows)
        yield counts.reshape(size, n_rows) @ columns
