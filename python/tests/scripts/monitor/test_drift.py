"""How often a window is judged wrongly; `__tests__/bench/monitor.py` counts the same at length."""

import numpy as np
import pytest

from baseline import Baseline, column_of, numbers_of, with_predictions
from drift import Tolerances, judge, largest_effect
from sketches import NumberColumns
from tests.scripts.monitor.conftest import NAMES, numbers, predicted
from window import Window

RUNS = 15


def category_of(rng: np.random.Generator, rows: int) -> "list[str]":
    shares = np.array([0.5, 0.3, 0.12, *[0.004] * 20])
    return rng.choice([f"c{place}" for place in range(23)], rows, p=shares / shares.sum()).tolist()


def baseline_of(seed: int) -> Baseline:
    columns = NumberColumns(NAMES, 0)
    columns.add(numbers(4000, seed))
    features = [
        *numbers_of(columns),
        column_of("city", category_of(np.random.default_rng(seed), 4000)),
    ]
    answers = predicted(numbers(1000, seed + 1))
    return with_predictions(features, answers, answers)


def window_of(baseline: Baseline, table: np.ndarray, seed: int) -> Window:
    window = Window(baseline, 0)
    cities = category_of(np.random.default_rng(seed + 2), len(table))
    rows = [[*row, city] for row, city in zip(table.tolist(), cities)]
    window.requests = window.rows = len(rows)
    window.take(rows, predicted(table).tolist())
    return window


def drifted(window: Window, tolerances: "Tolerances | None" = None) -> "set[str]":
    features, prediction, requests = judge(window, tolerances or Tolerances(), 0)
    assert prediction is not None
    return {found["name"] for found in [*features, prediction, *requests] if found["drift"]}


def test_without_drift_there_is_hardly_an_alarm():
    # Tolerances that nothing keeps, so that only the tests' significance is judged.
    strict = Tolerances(0.05, 1e-9, 1e-9, 1e-9, 1e-9)
    alarms = {"strict": 0, "default": 0}
    sizes = (50, 100, 200, 1000)
    for run in range(RUNS):
        for rows in sizes:
            seed = 1000 * rows + 10 * run
            window = window_of(baseline_of(seed), numbers(rows, seed + 7), seed)
            alarms["strict"] += bool(drifted(window, strict) - {"refused", "schema"})
            alarms["default"] += bool(drifted(window))

    # Three standard errors above 5 % and above 1 % of the runs.
    for name, share in (("strict", 0.05), ("default", 0.01)):
        expected = share * RUNS * len(sizes)
        assert alarms[name] <= expected + 3 * np.sqrt(expected)


def test_half_a_standard_deviation_of_one_feature_is_found_in_a_thousand_rows():
    found = 0
    for run in range(RUNS):
        table = numbers(1000, 50_000 + run)
        table[:, 1] += 0.5
        found += "x1" in drifted(window_of(baseline_of(60_000 + 10 * run), table, run))

    assert found >= 0.9 * RUNS


def test_more_checks_correct_more():
    baseline = baseline_of(1)
    table = numbers(500, 2)
    table[:, 0] += 0.2
    window = window_of(baseline, table, 3)
    alone = window_of(baseline._replace(features=baseline.features[:1]), table, 3)

    (check, *_) = judge(window, Tolerances(), 0)[0][0]["checks"]
    (lone, *_) = judge(alone, Tolerances(), 0)[0][0]["checks"]

    assert check["p"] == lone["p"] < 0.05
    assert check["correctedP"] == pytest.approx(lone["correctedP"] * 40 / 8, rel=0.3)


def test_a_small_sample_needs_a_large_index():
    baseline = baseline_of(4)
    effects = [
        judge(window_of(baseline, numbers(rows, 5), 6), Tolerances(), 0)[0][0]["effects"]["psi"]
        for rows in (50, 200, 5000)
    ]

    chances = [effect["chance"] for effect in effects]
    assert chances == sorted(chances, reverse=True)
    assert chances[0] > 0.2
    assert chances[2] < 0.02


@pytest.mark.parametrize(
    ("effects", "largest"),
    [
        ({"psi": {"value": 0.3, "tolerance": 0.1, "chance": 0.2}}, 3.0),
        ({"psi": {"value": 0.3, "tolerance": 0.1, "chance": 0.4}}, 0.0),
        (
            {
                "psi": {"value": 0.3, "tolerance": 0.1, "chance": 0.4},
                "wasserstein": {"value": 0.05, "tolerance": 0.1},
                "jensenShannon": {"value": 0.9, "tolerance": 0.1},
            },
            0.5,
        ),
        ({"jensenShannon": {"value": 0.2, "tolerance": 0.1}}, 2.0),
        ({"wasserstein": {"value": None, "tolerance": 0.1}}, 0.0),
    ],
)
def test_an_index_that_chance_explains_is_no_effect(effects, largest: float):
    assert largest_effect(effects) == pytest.approx(largest)
