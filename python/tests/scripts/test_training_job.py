"""Measuring, with a model that is quick to fit."""

import numpy as np
import pytest
from sklearn.linear_model import LinearRegression
from sklearn.metrics import r2_score

from job import JobError
from training_input import Dataset, Fit, planned_fits
from training_job import evaluate, feature_importances


def dataset(n_rows: int, seed: int) -> Dataset:
    """The target follows `strong`, hardly follows `weak`, and not `noise`."""
    X = np.random.default_rng(seed).normal(size=(n_rows, 3))
    return Dataset(X, 3 * X[:, 1] + 0.3 * X[:, 0], ["weak", "strong", "noise"])


TRAIN, TEST = dataset(50, 1), dataset(20, 2)


def fitted(data: Dataset) -> LinearRegression:
    return LinearRegression().fit(data.X, data.y)


def measured(fits: "list[Fit]") -> "dict[str, float]":
    return evaluate(
        (prefix, data, fitted(fit.train).predict(data.X))
        for fit in fits
        for prefix, data in fit.measured.items()
    )


def test_the_cross_validation_is_the_mean_over_the_folds():
    noisy = TRAIN._replace(y=TRAIN.y + np.random.default_rng(3).normal(size=50))
    fits = planned_fits(noisy, TEST, 4, 0)

    metrics = measured(fits)

    scores = [
        r2_score(fold.measured["cv"].y, fitted(fold.train).predict(fold.measured["cv"].X))
        for fold in fits[1:]
    ]
    assert metrics["cv_r2"] == pytest.approx(np.mean(scores))
    assert len(set(scores)) == 4
    assert {name for name in metrics if name.startswith("cv_")} == {"cv_rmse", "cv_r2", "cv_mae"}


def test_without_folds_there_is_one_model_and_no_cross_validation():
    fits = planned_fits(TRAIN, TEST, 0, 0)

    assert len(fits) == 1
    assert not any(name.startswith("cv_") for name in measured(fits))


def test_fails_when_a_metric_is_not_finite():
    fits = planned_fits(TRAIN, TEST._replace(y=TEST.y * 1e200), 0, 0)

    with np.errstate(all="ignore"), pytest.raises(JobError, match=r"test_rmse must be finite"):
        measured(fits)


def test_importances_are_the_loss_of_r2_without_the_feature_the_largest_first():
    importances = feature_importances(fitted(TRAIN), TEST, 20, 0)

    assert list(importances) == ["importance_strong", "importance_weak", "importance_noise"]
    strong, weak, noise = importances.values()
    # Shuffled, a feature that explains all of the variance costs twice the R² of 1.
    assert strong == pytest.approx(2, abs=0.3)
    assert 0 < weak < 0.1
    assert noise == pytest.approx(0, abs=1e-9)


def test_importances_come_from_a_sample_of_many_rows(monkeypatch: pytest.MonkeyPatch):
    predicted = []

    class Counting(LinearRegression):
        def predict(self, X: np.ndarray) -> np.ndarray:
            predicted.append(len(X))
            return super().predict(X)

    many = dataset(1000, 4)
    monkeypatch.setattr("training_job.IMPORTANCE_ROWS", 1800)

    importances = feature_importances(Counting().fit(many.X, many.y), many, 2, 0)

    assert set(predicted) == {300}
    assert next(iter(importances)) == "importance_strong"


def test_no_repeats_no_importances():
    assert feature_importances(fitted(TRAIN), TEST, 0, 0) == {}
