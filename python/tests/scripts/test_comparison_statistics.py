import tracemalloc
from pathlib import Path

import numpy as np
import pytest
from sklearn.metrics import mean_absolute_error, r2_score

import comparison_statistics
from comparison_statistics import (
    metrics,
    model_quality,
    paired_bootstrap,
    slice_errors,
    slice_rows,
)
from training import fit
from training_input import load


def rows(n_rows: int, seed: int = 0, offset: float = 0.0):
    """A target, and predictions of a good and a worse model."""
    rng = np.random.default_rng(seed)
    signal = rng.normal(size=n_rows)
    y = offset + signal + rng.normal(size=n_rows)
    good = offset + signal + 0.3 * rng.normal(size=n_rows)
    worse = offset + 0.9 * signal + 0.4 * rng.normal(size=n_rows)
    return y, good, worse


def bootstrap(y, challenger, champion, metric="test_r2", resamples=500, seed=1):
    return paired_bootstrap(y, challenger, champion, metric, 0.95, resamples, seed)


@pytest.mark.parametrize("offset", [0.0, 1e6])
def test_the_metrics_are_those_of_scikit_learn(offset: float):
    y, predictions, _ = rows(500, offset=offset)

    found = metrics(y, predictions)

    assert found["test_r2"] == pytest.approx(r2_score(y, predictions), rel=1e-9)
    assert found["test_mae"] == pytest.approx(mean_absolute_error(y, predictions))
    assert found["test_rmse"] == pytest.approx(np.sqrt(np.mean((y - predictions) ** 2)))


@pytest.mark.parametrize(("metric", "sign"), [("test_r2", 1), ("test_rmse", -1), ("test_mae", -1)])
def test_the_better_model_improves_every_metric(metric: str, sign: int):
    y, good, worse = rows(3000)

    better, turned = bootstrap(y, good, worse, metric), bootstrap(y, worse, good, metric)

    gain = metrics(y, good)[metric] - metrics(y, worse)[metric]
    assert better.value == pytest.approx(sign * gain)
    assert 0 < better.low < better.value < better.high
    assert turned == pytest.approx((-better.value, -better.high, -better.low))


def test_the_interval_of_a_mean_is_the_one_that_theory_gives():
    y, good, worse = rows(2000)
    gains = np.abs(worse - y) - np.abs(good - y)
    half_width = 1.96 * gains.std() / np.sqrt(len(y))

    found = bootstrap(y, good, worse, "test_mae", resamples=4000)

    assert found.low == pytest.approx(gains.mean() - half_width, abs=0.1 * half_width)
    assert found.high == pytest.approx(gains.mean() + half_width, abs=0.1 * half_width)


def test_a_95_percent_interval_holds_the_truth_in_95_of_100_data_sets():
    # The squared errors' expectations are 1.09 and 1.17, the target's variance is 2.
    truth = (1.17 - 1.09) / 2
    data_sets = 400

    intervals = [bootstrap(*rows(400, seed), seed=seed) for seed in range(data_sets)]

    held = sum(interval.low <= truth <= interval.high for interval in intervals)
    # Three standard errors around 95 %.
    assert 0.917 <= held / data_sets <= 0.983


def test_models_of_the_same_quality_seldom_differ_beyond_noise():
    pairs = 400
    rng = np.random.default_rng(3)
    wins = 0
    for _ in range(pairs):
        signal, y_noise, one, other = rng.normal(size=(4, 400))
        y = signal + y_noise
        wins += bootstrap(y, signal + 0.3 * one, signal + 0.3 * other, resamples=400).low > 0

    # One tail of a 95 % interval, 2.5 %, and three standard errors.
    assert wins / pairs <= 0.05


def test_another_seed_of_training_is_seldom_better_beyond_noise(processed: Path):
    train, test = load(processed / "train", processed / "test", "target")
    forests = [fit(train, 100, 10, 5, seed) for seed in range(3)]
    predictions = [forest.predict(test.X) for forest in forests]

    wins = sum(
        bootstrap(test.y, challenger, champion).low > 0
        for challenger in predictions
        for champion in predictions
        if challenger is not champion
    )

    assert wins == 0, "of 6 pairs"


@pytest.mark.parametrize("metric", ["test_r2", "test_rmse", "test_mae"])
def test_the_same_predictions_differ_by_exactly_0(metric: str):
    y, good, _ = rows(200)

    assert bootstrap(y, good, good, metric) == (0.0, 0.0, 0.0)
    assert bootstrap(y, y, y, metric) == (0.0, 0.0, 0.0)


def test_the_interval_depends_on_the_seed_and_not_on_the_block_size(
    monkeypatch: pytest.MonkeyPatch,
):
    data = rows(300)
    first = bootstrap(*data, seed=1)

    assert bootstrap(*data, seed=2) != first
    monkeypatch.setattr(comparison_statistics, "DRAWS_PER_BLOCK", 1000)
    assert bootstrap(*data, seed=1) == pytest.approx(first)


def test_memory_does_not_grow_with_the_resamples():
    data = rows(200_000)

    def peak(resamples: int) -> int:
        tracemalloc.start()
        bootstrap(*data, resamples=resamples)
        highest = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return highest

    assert peak(40) < 1.1 * peak(10) < 150e6


def test_a_resample_without_variation_is_left_out():
    y = np.array([1 / 3] * 4 + [2.0])

    found = bootstrap(y, y, np.full(5, y.mean()))

    # A third of the resamples hold equal targets only; rounding gives those a variance of 1e-16.
    assert found.value == pytest.approx(1.0)
    assert 1.0 <= found.low <= found.high < 10


@pytest.mark.parametrize("value", [0.0, 0.1, 1e9 / 3])
def test_fails_when_the_target_does_not_vary(value: float):
    y = np.full(50, value)

    with pytest.raises(ValueError, match="test_r2 is not defined for the 50 rows"):
        bootstrap(y, y + 1, y + 2)


def test_model_quality_is_as_model_monitor_writes_it():
    y, good, _ = rows(1000)

    quality = model_quality(y, good, 1)

    assert list(quality) == ["regression_metrics"]
    assert list(quality["regression_metrics"]) == ["mae", "mse", "rmse", "r2"]
    for name, expected in (
        ("mae", mean_absolute_error(y, good)),
        ("mse", np.mean((y - good) ** 2)),
        ("rmse", np.sqrt(np.mean((y - good) ** 2))),
        ("r2", r2_score(y, good)),
    ):
        statistic = quality["regression_metrics"][name]
        assert set(statistic) == {"value", "standard_deviation"}
        assert statistic["value"] == pytest.approx(expected)
        assert 0 < statistic["standard_deviation"] < 0.1
    assert model_quality(y, good, 1) == quality


@pytest.mark.parametrize(("n_rows", "known"), [(199, False), (200, True)])
def test_few_rows_have_no_standard_deviation(n_rows: int, known: bool):
    y, good, _ = rows(n_rows)

    deviation = model_quality(y, good, 1)["regression_metrics"]["r2"]["standard_deviation"]

    assert (deviation != "NaN") is known


def test_slices_contain_every_row_once():
    values = np.random.default_rng(0).normal(size=1001)
    values[:7] = np.nan

    slices = dict(slice_rows("age", values))

    assert len(slices) == 5
    assert (np.sum(list(slices.values()), axis=0) == 1).all()
    assert slices["age not known"].sum() == 7
    assert {int(found[7:].sum()) for found in slices.values()} <= {0, 248, 249}


@pytest.mark.parametrize(
    ("values", "labels"),
    [
        ([3.0, 3.0, 3.0], {"age = 3": 3}),
        (
            [0.0, 1.0, 2.0, 3.0, 4.0],
            {"age 0 to 1": 2, "age 1 to 2": 1, "age 2 to 3": 1, "age 3 to 4": 1},
        ),
        ([0.0, 0.0, 0.0, 1.0], {"age 0 to 0.25": 3, "age 0.25 to 1": 1}),
        ([np.nan, np.nan], {"age not known": 2}),
        ([1.0, 2.0], {"age 1 to 1.25": 1, "age 1.75 to 2": 1}),
    ],
)
def test_equal_values_stay_in_one_slice(values: list, labels: dict):
    found = {label: int(rows.sum()) for label, rows in slice_rows("age", np.array(values))}

    assert found == labels


def test_the_errors_of_a_slice_are_of_its_rows_only():
    y, predictions = np.array([1.0, 2.0, 9.0]), np.array([2.0, 4.0, 0.0])

    found = slice_errors(y, predictions, np.array([True, True, False]))

    assert found == pytest.approx({"rmse": np.sqrt(2.5), "mae": 1.5, "bias": 1.5})
