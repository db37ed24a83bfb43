import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import comparison
from held_out import HeldOut


def test_the_served_code_has_the_metrics_of_training(
    compare, good: Path, trained: Path, processed: Path
):
    evaluation = json.loads((trained / "output/data/evaluation.json").read_text())

    _, found, _ = compare(good, data=processed / "holdout")

    for name, value in found["challenger"]["metrics"].items():
        assert value == pytest.approx(evaluation[name], rel=1e-9)


def test_the_files_contain_slices_importances_and_quality(
    compare, good: Path, weak: Path, tmp_path: Path
):
    _, found, _ = compare(good, weak, "--slice", "HouseAge", "--metric", "test_mae")

    assert found["metric"] == found["difference"]["metric"] == "test_mae"
    assert found["difference"]["better"] == "smaller"
    assert found["difference"]["low"] > 0
    names = [part["name"].split()[0] for part in found["slices"]]
    assert names == ["target"] * 4 + ["HouseAge"] * 4
    assert sum(part["rows"] for part in found["slices"]) == 2 * found["rows"]
    importances = [part["challenger"] for part in found["featureImportances"]]
    assert importances == sorted(importances, reverse=True)
    assert found["featureImportances"][0]["name"] in ("MedInc", "Latitude", "Longitude")
    assert importances[0] > 0.05
    folder = tmp_path / "compared"
    quality = json.loads((folder / "model-quality.json").read_text())["regression_metrics"]
    assert quality["r2"]["value"] == found["challenger"]["metrics"]["test_r2"]
    assert "the challenger is better, beyond noise" in (folder / "report.html").read_text()


def test_the_default_slices_are_the_features_that_matter_most(compare, linear: Path):
    _, found, _ = compare(linear)

    most = [part["name"] for part in found["featureImportances"][:2]]
    assert [part["name"].split()[0] for part in found["slices"]] == [
        *["target"] * 4,
        *[name for name in most for _ in range(4)],
    ]


def test_the_result_depends_on_the_seed_only(compare, linear: Path, damped: Path):
    first = compare(linear, damped)

    assert compare(linear, damped) == first
    assert compare(linear, damped, "--seed", 1)[1]["difference"] != first[1]["difference"]


def test_rows_with_missing_values_are_compared(compare, linear: Path, raw: Path, tmp_path: Path):
    header, *lines = (raw / "test.csv").read_text().splitlines()[:100]
    cut = [f",{line.split(',', 1)[1]}" if n % 3 == 0 else line for n, line in enumerate(lines)]
    (tmp_path / "gaps").mkdir()
    (tmp_path / "gaps" / "test.csv").write_text("\n".join([header, *cut, ",1,1,1,1,1,1,1,"]))

    _, found, _ = compare(linear, linear, "--slice", "MedInc", data=tmp_path / "gaps")

    assert found["rows"] == 99
    last = found["slices"][-1]
    assert (last["name"], last["rows"]) == ("MedInc not known", 33)


def test_the_importance_of_a_feature_is_the_error_after_shuffling_it():
    class Model:
        path = Path("model.tar.gz")

        def features(self, columns: Any) -> "list[str]":
            return ["b", "a"]

        def predict(self, rows: np.ndarray) -> np.ndarray:
            return rows[:, 1] * 3

    X = np.random.default_rng(0).normal(size=(2000, 3))
    data = HeldOut(X, 3 * X[:, 0], ["a", "b", "c"])
    model: Any = Model()

    found = comparison.evaluate(model, data, "test_r2", 0)

    assert found.metrics["test_r2"] == 1
    # The squared error of shuffled values is twice the variance.
    assert found.importances == {"a": pytest.approx(2, abs=0.2), "b": 0}
    higher = comparison.evaluate(model, data, "test_mae", 0)
    assert higher.importances["a"] > 1
