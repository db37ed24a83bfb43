"""A job that is interrupted and started again, with checkpoints."""

import io
import json
import re
import signal
import subprocess
import sys
import tarfile
import threading
from collections.abc import Callable, Iterator
from itertools import pairwise
from pathlib import Path

import joblib
import numpy as np
import pytest
from sklearn.ensemble import HistGradientBoostingRegressor
from threadpoolctl import threadpool_limits

import gradient_boosting
from checkpoints import Checkpoint, Checkpoints
from emulator.runtime.environments import Environments
from emulator.runtime.host import Host
from emulator.runtime.jobs.job import JobOutcome
from emulator.runtime.jobs.runner import JobRunner
from emulator.runtime.processes.isolation import detect_isolation
from gradient_boosting import boost
from tests.emulator.runtime.disk_cloud import FakeAws
from tests.patience import FOR_EVER
from training_input import Dataset, planned_fits

SCRIPT = Path(gradient_boosting.__file__)


@pytest.fixture(scope="module", autouse=True)
def one_thread() -> Iterator[None]:
    """Tests share the CPUs, where the threads of several processes would wait for each other."""
    with threadpool_limits(1, user_api="openmp"):
        yield


def evaluation(folder: Path) -> "dict[str, float]":
    return json.loads((folder / "output/data/evaluation.json").read_text())


@pytest.mark.parametrize("folds", [0, 3])
def test_an_interrupted_training_ends_as_one_that_is_not(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys, folds: int
):
    X = np.random.default_rng(0).normal(size=(300, 3))
    data = Dataset(X, X[:, 0] ** 2 + X[:, 1], ["a", "b", "c"])
    fits = planned_fits(data, data, folds, 0)

    def new_model() -> HistGradientBoostingRegressor:
        return HistGradientBoostingRegressor(max_iter=23, random_state=0)

    def predictions(folder: Path) -> "list[list[float]]":
        return [model.predict(X).tolist() for model in boost(fits, new_model, folder, 5)]

    expected = predictions(tmp_path / "nowhere")
    capsys.readouterr()
    write = Checkpoints.write

    def write_and_stop(self: Checkpoints, checkpoint: Checkpoint) -> None:
        write(self, checkpoint)
        raise KeyboardInterrupt

    for before, iteration in pairwise((0, 5, 10, 15, 20, 23)):
        monkeypatch.setattr(Checkpoints, "write", write_and_stop)
        with pytest.raises(KeyboardInterrupt):
            predictions(tmp_path)
        lines = capsys.readouterr().out.splitlines()
        assert lines[0].startswith(
            f"continues after iteration {before} of 23" if before else "iteration 1 of 23: "
        )
        assert lines[-1].startswith(f"iteration {iteration} of 23: ")
    monkeypatch.undo()

    assert predictions(tmp_path) == expected
    assert capsys.readouterr().out == "continues after iteration 23 of 23, from a checkpoint\n"


def test_a_killed_job_continues_with_the_result_of_one_that_ran_through(
    few_rows: Path, tmp_path: Path, train
):
    folder = tmp_path / "checkpoints"
    folder.mkdir()
    arguments = ["--max-iter", "600", "--max-leaf-nodes", "4", "--checkpoint-iterations", "20"]
    command = [sys.executable, str(SCRIPT), "--checkpoint-dir", str(folder), *arguments]
    job = subprocess.Popen(
        [*command, "--train", str(few_rows / "train"), "--test", str(few_rows / "test")],
        stdout=subprocess.PIPE,
        text=True,
    )
    assert job.stdout is not None
    # It writes on only as far as the pipe holds, which is less than 600 lines.
    for line in job.stdout:
        if line.startswith("iteration 41 "):
            break
    job.send_signal(signal.SIGKILL)
    job.communicate(timeout=FOR_EVER)
    assert job.returncode == -signal.SIGKILL

    resumed = train(few_rows, tmp_path, "--checkpoint-dir", folder, *arguments, script=SCRIPT.name)
    through = train(few_rows, tmp_path / "through", *arguments, script=SCRIPT.name)

    assert (resumed.returncode, through.returncode) == (0, 0)
    first = resumed.stdout.splitlines()[0]
    found = re.fullmatch(r"continues after iteration (\d+) of 600, from a checkpoint", first)
    assert found
    assert 40 <= int(found[1]) < 600
    assert through.stdout.splitlines()[0].startswith("iteration 1 of 600: ")
    assert evaluation(tmp_path) == evaluation(tmp_path / "through")
    rows = np.random.default_rng(1).normal(size=(500, 2))
    models = [joblib.load(path / "model/model.pkl") for path in (tmp_path, tmp_path / "through")]
    assert models[0].predict(rows).tolist() == models[1].predict(rows).tolist()
    assert models[0].get_params() == models[1].get_params()


def test_a_checkpoint_with_other_folds_is_not_used(
    few_rows: Path, tmp_path: Path, train_here, capsys
):
    folder = tmp_path / "checkpoints"
    folder.mkdir()
    arguments = (few_rows, tmp_path, "--max-iter", 5, "--checkpoint-dir", folder)
    assert train_here(*arguments, script=gradient_boosting) == 0
    capsys.readouterr()

    assert train_here(*arguments, "--folds", 2, script=gradient_boosting) == 0

    assert "its folds is 0, that of this job is 2" in capsys.readouterr().out
    assert "cv_r2" in evaluation(tmp_path)


def test_a_checkpoint_of_another_version_is_named_and_training_begins_anew(
    few_rows: Path, tmp_path: Path, train_here, capsys
):
    folder = tmp_path / "checkpoints"
    folder.mkdir()
    arguments = (few_rows, tmp_path, "--max-iter", 20, "--checkpoint-dir", folder)
    assert train_here(*arguments, script=gradient_boosting) == 0
    expected = evaluation(tmp_path)
    for path in folder.iterdir():
        content = path.read_bytes()
        path.write_bytes(re.sub(rb'"scikit-learn": "[^"]+"', b'"scikit-learn": "0.24.2"', content))
    capsys.readouterr()

    assert train_here(*arguments, script=gradient_boosting) == 0

    first, second, *_ = capsys.readouterr().out.splitlines()
    assert first.startswith(f"{folder}/checkpoint-00000020 is not used: its scikit-learn is 0.24.2")
    assert second.startswith("iteration 1 of 20: ")
    assert evaluation(tmp_path) == expected


class ThisPython(Environments):
    """Has jobs of the emulator run in the tests' environment."""

    def python_for_image(self, image_uri: str) -> Path:
        return Path(sys.executable)


def scripts(**changed: "Callable[[str], str]") -> bytes:
    """The tar.gz of the scripts, some of them changed."""
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w:gz") as tar:
        for path in SCRIPT.parent.glob("*.py"):
            text = changed.get(path.stem, lambda text: text)(path.read_text()).encode()
            member = tarfile.TarInfo(path.name)
            member.size = len(text)
            tar.addfile(member, io.BytesIO(text))
    return packed.getvalue()


def test_the_job_after_an_interrupted_one_continues_from_its_checkpoint_in_s3(
    few_rows: Path, tmp_path: Path
):
    aws = FakeAws(tmp_path / "s3")
    for path in few_rows.rglob("*.*"):
        aws.s3.put(f"processed/{path.relative_to(few_rows)}", path.read_bytes())
    host = Host(tmp_path / "state", aws, ThisPython(), detect_isolation())
    channels = {"train": "processed/train/", "test": "processed/test/", "code": "code/a.tar.gz"}

    def outcome_with(code: bytes) -> JobOutcome:
        aws.s3.put("code/a.tar.gz", code)
        return JobRunner(host).run_training(
            {
                "TrainingJobName": "job",
                "RoleArn": "arn:aws:iam::123456789012:role/sagemaker",
                "AlgorithmSpecification": {"TrainingImage": "image", "TrainingInputMode": "File"},
                "HyperParameters": {
                    "sagemaker_program": SCRIPT.name,
                    "sagemaker_submit_directory": "s3://bucket/code/a.tar.gz",
                    "max-iter": "25",
                },
                "InputDataConfig": [
                    {
                        "ChannelName": name,
                        "DataSource": {
                            "S3DataSource": {
                                "S3DataType": "S3Prefix",
                                "S3Uri": f"s3://bucket/{prefix}",
                            }
                        },
                    }
                    for name, prefix in channels.items()
                ],
                "CheckpointConfig": {"S3Uri": "s3://bucket/checkpoints/"},
                "OutputDataConfig": {"S3OutputPath": "s3://bucket/models/"},
                "ResourceConfig": {"InstanceCount": 1, "InstanceType": "ml.m5.large"},
                "Environment": {"OMP_NUM_THREADS": "1"},
                "StoppingCondition": {"MaxRuntimeInSeconds": 120},
            },
            "arn:aws:sagemaker:us-east-1:123456789012:training-job/job",
            threading.Event(),
            lambda status, message: None,
        )

    def exits(text: str) -> str:
        written = "        self._written.append(path)\n"
        assert written in text
        return text.replace(written, "        raise SystemExit(3)\n")

    assert outcome_with(scripts(checkpoints=exits)).status == "Failed"
    before = len(aws.log("/aws/sagemaker/TrainingJobs"))
    outcome = outcome_with(scripts())

    assert outcome.status == "Completed", outcome.failure_reason
    first, second, *_ = aws.log("/aws/sagemaker/TrainingJobs")[before:]
    assert first == "continues after iteration 10 of 25, from a checkpoint"
    assert second.startswith("iteration 11 of 25: ")
