import json
import shutil
import tarfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import comparison
from gate import decide, read_comparison
from job import run

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
"""A model that loads quickly, for tests that do not depend on the kind of model."""


def pack(trained: Path, folder: Path) -> Path:
    """Pack a model as SageMaker does; return the folder of its model.tar.gz."""
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
    """A quarter of the held-out rows, for speed."""
    folder = tmp_path_factory.mktemp("held-out")
    lines = (processed / "holdout" / "test.csv").read_text().splitlines(keepends=True)
    (folder / "test.csv").write_text("".join(lines[:1001]))
    return folder


def linear_model(held_out: Path, folder: Path, share: float) -> Path:
    """Pack the linear model that fits the held-out rows best, its weights times `share`."""
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
def compare(
    held_out: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys
) -> Callable[..., "tuple[int, Any, str]"]:
    """Run the script in this process; return exit code, comparison.json, last line of stderr."""

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
    """Return the gate's decision on comparison.json."""
    read = read_comparison(json.dumps(found).encode())
    return decide(found["challenger"]["metrics"], "test_r2", -1, read)
