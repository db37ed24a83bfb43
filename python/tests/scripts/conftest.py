import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest

import training
import training_job
from generate_sample_data import load, split
from job import run as run_job
from preprocessing import preprocess
from tests.patience import FOR_EVER

SCRIPTS = Path(__file__).parents[2] / "scripts"
RunScript = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.fixture(scope="session")
def run_script() -> RunScript:
    """Run a script like a job; of SageMaker's variables, it has only those in `environment`."""

    def run(
        name: str, *arguments: object, **environment: str
    ) -> "subprocess.CompletedProcess[str]":
        inherited = {key: value for key, value in os.environ.items() if not key.startswith("SM_")}
        return subprocess.run(
            [sys.executable, str(SCRIPTS / name), *map(str, arguments)],
            env={**inherited, **environment},
            capture_output=True,
            text=True,
            timeout=FOR_EVER,
            check=False,
        )

    return run


@pytest.fixture(scope="session")
def raw(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """train.csv and test.csv: the real data if it is available, otherwise synthetic data."""
    folder = tmp_path_factory.mktemp("raw")
    at_hand = Path(os.environ.get("SCIKIT_LEARN_DATA", "/nowhere")).is_dir()
    X, y, _ = load("california" if at_hand else "synthetic", 1, 42)
    split(folder, X, y, 0.2, 42)
    return folder


@pytest.fixture(scope="session")
def processed(tmp_path_factory: pytest.TempPathFactory, raw: Path) -> Path:
    """The output folder of preprocessing for `raw`."""
    folder = tmp_path_factory.mktemp("processed")
    preprocess(raw, folder, "target", 20_000)
    return folder


@pytest.fixture
def few_rows(tmp_path: Path) -> Path:
    """Preprocessing's output for a few rows."""
    raw = tmp_path / "raw"
    raw.mkdir()
    rng = np.random.default_rng(0)
    rows = "".join(f"{a},{b},{3 * a + b * b}\n" for a, b in rng.normal(size=(200, 2)))
    for name in ("train", "test"):
        (raw / f"{name}.csv").write_text("a,b,target\n" + rows)
    preprocess(raw, tmp_path / "processed", "target", 100)
    return tmp_path / "processed"


@pytest.fixture(scope="session")
def train(run_script: RunScript) -> RunScript:
    """Run a training script on preprocessing's output with the variables that SageMaker sets."""

    def run(processed: Path, folder: Path, *arguments: object, script: str = "training.py"):
        variables = training_variables(processed, folder)
        # Tests share the CPUs, where the threads of several processes would wait for each other.
        return run_script(script, *arguments, **variables, OMP_NUM_THREADS="1")

    return run


@pytest.fixture(scope="session")
def trained(tmp_path_factory: pytest.TempPathFactory, train: RunScript, processed: Path) -> Path:
    """model/, output/ and the log of training.py on `processed`, with the recipe's forest."""
    folder = tmp_path_factory.mktemp("trained")
    done = train(processed, folder)
    assert done.returncode == 0, done.stderr
    (folder / "log").write_text(done.stdout)
    return folder


@pytest.fixture
def train_here(monkeypatch: pytest.MonkeyPatch) -> Callable[..., int]:
    """Like `train`, but in this process, which is faster; return the exit code."""

    def run(
        processed: Path, folder: Path, *arguments: object, script: ModuleType = training
    ) -> int:
        for name, value in training_variables(processed, folder).items():
            monkeypatch.setenv(name, value)
        monkeypatch.setattr("sys.argv", [str(script.__file__), *map(str, arguments)])
        return run_job(script.main, training_job.failure_file())

    return run


def training_variables(processed: Path, folder: Path) -> dict[str, str]:
    return {
        "SM_CHANNEL_TRAIN": str(processed / "train"),
        "SM_CHANNEL_TEST": str(processed / "test"),
        "SM_MODEL_DIR": str(folder / "model"),
        "SM_OUTPUT_DATA_DIR": str(folder / "output" / "data"),
        "SM_OUTPUT_DIR": str(folder / "output"),
    }
