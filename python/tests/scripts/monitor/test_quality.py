from collections import Counter

import numpy as np
import pytest
from sklearn.metrics import (
    accuracy_score,
    f1_score,
    mean_absolute_error,
    mean_squared_error,
    r2_score,
)

import quality
from quality import BETTER, base_name, of_categories, of_numbers


@pytest.mark.parametrize("offset", [0.0, 1e6])
def test_metrics_of_numbers_are_those_of_scikit_learn(offset: float):
    rng = np.random.default_rng(0)
    targets = offset + rng.normal(size=400)
    predictions = targets + 0.4 * rng.normal(size=400)

    found = of_numbers(predictions, targets, 0)

    assert set(found) == {"r2", "rmse", "mae"} < set(BETTER)
    assert found["r2"].value == pytest.approx(r2_score(targets, predictions), rel=1e-9)
    assert found["rmse"].value == pytest.approx(mean_squared_error(targets, predictions) ** 0.5)
    assert found["mae"].value == pytest.approx(mean_absolute_error(targets, predictions))
    errors = np.abs(predictions - targets)
    assert found["mae"].deviation == pytest.approx(errors.std() / 20, rel=0.15)


def test_metrics_of_categories_are_those_of_scikit_learn():
    rng = np.random.default_rng(1)
    targets = rng.choice(["cat", "dog", "fish"], 500)
    predictions = np.where(rng.random(500) < 0.7, targets, rng.choice(["cat", "dog", "cow"], 500))

    found = of_categories(Counter(zip(predictions.tolist(), targets.tolist())), 0)

    accuracy = accuracy_score(targets, predictions)
    assert found["accuracy"].value == pytest.approx(accuracy)
    assert found["f1"].value == pytest.approx(f1_score(targets, predictions, average="macro"))
    assert found["accuracy"].deviation == pytest.approx(
        np.sqrt(accuracy * (1 - accuracy) / 500), rel=0.15
    )


def test_the_deviation_of_many_rows_comes_from_some_of_them(monkeypatch: pytest.MonkeyPatch):
    rng = np.random.default_rng(2)
    targets, errors = rng.normal(size=(2, 9000))
    whole = of_numbers(targets + errors, targets, 0)

    monkeypatch.setattr(quality, "RESAMPLED_ROWS", 1000)
    fewer = of_numbers(targets + errors, targets, 0)

    for name in whole:
        assert fewer[name].value == whole[name].value
        assert fewer[name].deviation == pytest.approx(whole[name].deviation, rel=0.25)


def test_without_variation_there_is_no_r2():
    assert set(of_numbers(np.arange(5.0), np.full(5, 1 / 3), 0)) == {"rmse", "mae"}


def test_the_prefix_of_a_metric_is_no_part_of_its_name():
    assert [base_name(name) for name in ("test_r2", "accuracy")] == ["r2", "accuracy"]
