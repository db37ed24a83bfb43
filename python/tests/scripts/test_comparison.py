import json
import re
import shutil
import tarfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import comparison
from gate import decide, read_comparison
from held_out import HeldOut
from job import run
from preprocessing import preprocess

FILES = {"comparison.json", "model-quality.json", "report.html"}

LINEAR = """
import json
from pathlib import Path


def model_fn(folder):
    return json.loads((Path(folder) / "weights.json").read_text())


def input_fn(body, content_type):
    return json.loads(body)["instances"]


def predict_fn(rows, weights):
    return [sum(weight * (cell or 0) for weight, cell in zip(weights, row)) for row in rows]
"""
"""A model that is loaded at once, for what is the same with every model."""


def pack(trained: Path, folder: Path) -> Path:
    """Pack a model as SageMaker does, and give the folder of its model.tar.gz."""
    folder.mkdir(parents=True)
    with tarfile.open(folder / "model.tar.gz", "w:gz") as tar:
        tar.add(trained / "model", arcname=".")
    return folder


@pytest.fixture(scope="session")
def good(trained: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The recipe's model."""
    return pack(trained, tmp_path_factory.mktemp("good") / "input")


@pytest.fixture(scope="session")
def weak(train, processed: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A model of ten shallow trees."""
    folder = tmp_path_factory.mktemp("weak")
    assert train(processed, folder, "--max-depth", 3, "--n-estimators", 10).returncode == 0
    return pack(folder, folder / "input")


@pytest.fixture(scope="session")
def held_out(processed: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A quarter of the held-out rows, which is quicker."""
    folder = tmp_path_factory.mktemp("held-out")
    lines = (processed / "holdout" / "test.csv").read_text().splitlines(keepends=True)
    (folder / "test.csv").write_text("".join(lines[:1001]))
    return folder


def linear_model(held_out: Path, folder: Path, share: float) -> Path:
    """Pack the best linear model of the held-out rows, or a share of it."""
    table = np.loadtxt(held_out / "test.csv", delimiter=",", skiprows=1)
    weights, *_ = np.linalg.lstsq(table[:, :-1], table[:, -1], rcond=None)
    (folder / "model" / "code").mkdir(parents=True)
    (folder / "model" / "code" / "inference.py").write_text(LINEAR)
    (folder / "model" / "weights.json").write_text(json.dumps((share * weights).tolist()))
    return pack(folder, folder / "input")


@pytest.fixture(scope="session")
def linear(held_out: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return linear_model(held_out, tmp_path_factory.mktemp("linear"), 1)


@pytest.fixture(scope="session")
def damped(held_out: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return linear_model(held_out, tmp_path_factory.mktemp("damped"), 0.9)


@pytest.fixture
def compare(held_out: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys):
    """Run the script here; give its exit code, comparison.json and last line of stderr."""

    def call(
        challenger: Path, champion: "Path | None" = None, *arguments: object, data: Any = None
    ) -> "tuple[int, Any, str]":
        output = tmp_path / "compared"
        shutil.rmtree(output, ignore_errors=True)
        paths = ["--challenger", challenger, "--champion", champion or tmp_path / "absent"]
        paths += ["--test-data", data or held_out, "--output", output]
        options = ["--resamples", 200, *arguments]
        monkeypatch.setattr("sys.argv", ["comparison.py", *map(str, [*paths, *options])])
        code = run(comparison.main)
        if code == 0:
            assert {path.name for path in output.iterdir()} == FILES
            return code, json.loads((output / "comparison.json").read_text()), ""
        assert not output.exists() or list(output.iterdir()) == []
        return code, None, capsys.readouterr().err.splitlines()[-1]

    return call


def verdict(found: Any) -> Any:
    """What the gate makes of comparison.json."""
    read = read_comparison(json.dumps(found).encode())
    return decide(found["challenger"]["metrics"], "test_r2", -1, read)


def test_a_clearly_better_model_wins(compare, good: Path, weak: Path):
    _, found, _ = compare(good, weak)

    assert found["status"] == "compared"
    assert found["reason"] is None
    assert found["difference"]["low"] > 0.02
    assert (verdict(found).passed, verdict(found).rule) == (True, "Margin")
    _, turned, _ = compare(weak, good)
    assert turned["difference"]["high"] < -0.02
    assert verdict(turned).passed is False
    assert turned["champion"] == found["challenger"]


def test_the_same_model_does_not_win(compare, linear: Path):
    _, found, _ = compare(linear, linear)

    assert [found["difference"][key] for key in ("value", "low", "high")] == [0, 0, 0]
    assert verdict(found).passed is False


def test_the_first_release_has_no_champion_and_says_so(compare, linear: Path, tmp_path: Path):
    (tmp_path / "empty").mkdir()
    for champion in (tmp_path / "absent", tmp_path / "empty"):
        _, found, _ = compare(linear, champion)

        assert found["status"] == "first-release"
        assert found["reason"] == "this is the first release, there is no champion"
        assert found["champion"] is found["difference"] is None
        assert (verdict(found).passed, verdict(found).rule) == (True, "FirstRelease")


def test_the_served_code_measures_what_training_measured(
    compare, good: Path, trained: Path, processed: Path
):
    evaluation = json.loads((trained / "output/data/evaluation.json").read_text())

    _, found, _ = compare(good, data=processed / "holdout")

    for name, value in found["challenger"]["metrics"].items():
        assert value == pytest.approx(evaluation[name], rel=1e-9)


def test_the_files_tell_of_slices_importances_and_quality(
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


def test_the_seed_decides_everything(compare, linear: Path, damped: Path):
    first = compare(linear, damped)

    assert compare(linear, damped) == first
    assert compare(linear, damped, "--seed", 1)[1]["difference"] != first[1]["difference"]


@pytest.fixture
def narrow(raw: Path, tmp_path: Path, train):
    """A champion from before the last two features came."""
    folder = tmp_path / "narrow"
    folder.mkdir()
    for name in ("train", "test"):
        lines = (raw / f"{name}.csv").read_text().splitlines()[:2001]
        kept = [",".join([*line.split(",")[:6], line.split(",")[-1]]) for line in lines]
        (folder / f"{name}.csv").write_text("\n".join(kept))
    preprocess(folder, folder / "processed", "target", 5000)
    assert train(folder / "processed", folder, "--n-estimators", 5).returncode == 0
    return folder


def test_a_champion_with_fewer_features_is_compared(compare, good: Path, narrow: Path):
    _, found, _ = compare(good, pack(narrow, narrow / "input"))

    assert found["status"] == "compared"
    unused = {part["name"] for part in found["featureImportances"] if part["champion"] is None}
    assert unused == {"Latitude", "Longitude"}


def test_a_champion_that_needs_more_features_is_not_comparable(compare, good: Path, narrow: Path):
    rows = narrow / "processed" / "holdout"

    _, found, _ = compare(pack(narrow, narrow / "input"), good, data=rows)

    assert found["status"] == "not-comparable"
    assert "must have the model's features Latitude, Longitude" in found["reason"]
    assert (verdict(found).passed, verdict(found).rule) == (False, "ChampionNotComparable")


def break_archive(model: Path) -> None:
    (model / "model.tar.gz").write_bytes(b"no archive")


def rename_archive(model: Path) -> None:
    (model / "model.tar.gz").rename(model / "other.tar.gz")


@pytest.fixture
def unreadable(trained: Path, tmp_path: Path) -> Path:
    """A model whose pickle is none."""
    shutil.copytree(trained / "model", tmp_path / "unreadable" / "model")
    (tmp_path / "unreadable" / "model" / "model.pkl").write_bytes(b"no pickle")
    return pack(tmp_path / "unreadable", tmp_path / "unreadable" / "input")


@pytest.mark.parametrize(
    ("spoil", "reason"),
    [
        (break_archive, "must be a readable tar.gz"),
        (rename_archive, "model.tar.gz: does not exist; .* contains other.tar.gz"),
        (lambda _: None, "model.tar.gz: "),
    ],
)
def test_a_broken_champion_is_told_and_a_broken_challenger_fails(
    compare, linear: Path, unreadable: Path, spoil, reason: str
):
    spoil(unreadable)

    code, found, _ = compare(linear, unreadable)

    assert code == 0
    assert found["status"] == "not-comparable"
    assert found["reason"].startswith("the champion could not be evaluated: ")
    assert re.search(reason, found["reason"])
    assert found["champion"] is found["difference"] is None
    code, _, last = compare(unreadable, linear)
    assert code == 1
    assert re.search(reason, last)


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        (["--slice", "Rooms"], "--slice: must be one of MedInc, HouseAge"),
        (["--metric", "accuracy"], "invalid choice: 'accuracy'"),
        (["--confidence", "95"], "must be at least 0.5 and below 1, got '95'"),
        (["--resamples", "10"], "must be a whole number of 100 or more, got '10'"),
        (["--target", "price"], "must have the target column 'price'"),
        (["--program", "serve.py"], "code/serve.py: does not exist;"),
    ],
)
def test_fails_at_a_wrong_argument(compare, linear: Path, arguments: "list[str]", reason: str):
    code, _, last = compare(linear, None, *arguments)

    assert code == 1
    assert reason in last


@pytest.mark.parametrize(
    ("rows", "reason"),
    [
        (0, "must have rows, but ends after its header"),
        (1, "must have two or more rows with a target, got 1"),
        (-1, "test_r2 must be finite, got .*: the target does not vary"),
    ],
)
def test_fails_when_the_held_out_rows_are_too_few(
    compare, linear: Path, raw: Path, tmp_path: Path, rows: int, reason: str
):
    header, first, *_ = (raw / "test.csv").read_text().splitlines(keepends=True)
    (tmp_path / "few").mkdir()
    (tmp_path / "few" / "test.csv").write_text(header + first * (rows if rows >= 0 else 9))

    code, _, last = compare(linear, None, data=tmp_path / "few")

    assert code == 1
    assert re.search(reason, last)


def test_rows_with_missing_values_are_compared(compare, linear: Path, raw: Path, tmp_path: Path):
    header, *lines = (raw / "test.csv").read_text().splitlines()[:100]
    cut = [f",{line.split(',', 1)[1]}" if n % 3 == 0 else line for n, line in enumerate(lines)]
    (tmp_path / "gaps").mkdir()
    (tmp_path / "gaps" / "test.csv").write_text("\n".join([header, *cut, ",1,1,1,1,1,1,1,"]))

    _, found, _ = compare(linear, linear, "--slice", "MedInc", data=tmp_path / "gaps")

    assert found["rows"] == 99
    last = found["slices"][-1]
    assert (last["name"], last["rows"]) == ("MedInc not known", 33)


def test_a_job_runs_as_a_process_of_its_own(
    run_script, good: Path, weak: Path, held_out: Path, tmp_path: Path
):
    arguments = ["--challenger", good, "--champion", weak, "--output", tmp_path / "out"]

    done = run_script("comparison.py", *arguments, "--test-data", held_out)

    assert done.returncode == 0, done.stderr
    assert {path.name for path in (tmp_path / "out").iterdir()} == FILES
    assert re.search(r"^challenger test_r2: 0\.\d+$", done.stdout, re.MULTILINE)
    assert done.stdout.splitlines()[-1].startswith("R²: the challenger is better, beyond noise.")

    done = run_script("comparison.py", *arguments, "--test-data", tmp_path)

    assert done.returncode == 1
    assert done.stderr.splitlines() == [
        f"{tmp_path}/test.csv: does not exist; {tmp_path} contains out"
    ]


def test_nothing_of_the_models_is_left_behind(
    compare, linear: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    (tmp_path / "temporary").mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "temporary"))

    compare(linear, linear)

    assert list((tmp_path / "temporary").iterdir()) == []


def test_the_importance_of_a_feature_is_what_shuffling_it_costs():
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
