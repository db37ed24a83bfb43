"""Training and serving under AWS's own toolkits, compared with a plain run of the same scripts.

The scikit-learn container's wrapper around the toolkits is not on PyPI;
toolkits/sklearn_container.py replaces it.
"""

import io
import json
import re
import tarfile
import threading
import warnings
from pathlib import Path
from typing import Any

import pytest

from emulator.runtime.environments import Environments
from emulator.runtime.host import Host
from emulator.runtime.jobs.runner import JobRunner
from emulator.runtime.model_servers.server import ModelServer
from emulator.runtime.processes.isolation import detect_isolation
from tests.emulator.runtime.disk_cloud import FakeAws
from tests.scripts.aws_toolkits import (
    ToolkitsRun,
    ToolkitsUnavailableError,
    environment_python,
    run_plainly,
    train_and_serve,
)

pytestmark = pytest.mark.toolkits

HYPERPARAMETERS = {"n-estimators": "20", "max-depth": "6", "random-state": "7"}
ROW = [8.3252, 41.0, 6.984126984126984, 1.0238095238095237, 322.0, 2.5555555555555554]
ROW += [37.88, -122.23]
JSON_BODY = json.dumps({"instances": [ROW, [None, *ROW[1:]]]})
CSV_BODY = ",".join(map(str, ROW)) + "\n"


def request(body: str, content_type: str, accept: str = "application/json") -> dict[str, Any]:
    return {"data": body, "headers": {"Content-Type": content_type, "Accept": accept}}


REQUESTS = {
    "json": request(JSON_BODY, "application/json"),
    "csv": request(CSV_BODY, "text/csv"),
    "charset": request(CSV_BODY, "text/csv; charset=utf-8"),
    "any accept": request(JSON_BODY, "application/json", "*/*"),
    "csv answer": request(JSON_BODY, "application/json", "text/csv, */*"),
    "broken": request("{", "application/json"),
    "other columns": request("1,2,3\n", "text/csv"),
    "image": request("1", "image/png"),
    "image answer": request(JSON_BODY, "application/json", "image/png"),
}


@pytest.fixture(scope="module", autouse=True)
def available() -> None:
    try:
        environment_python()
    except ToolkitsUnavailableError as error:
        reason = f"AWS's toolkits were NOT run: {error}"
        # A skip alone is easily overlooked.
        warnings.warn(reason, stacklevel=1)
        pytest.skip(reason)


@pytest.fixture(scope="module")
def processed(tmp_path_factory: pytest.TempPathFactory, raw: Path) -> Path:
    folder = tmp_path_factory.mktemp("processed")
    run_plainly("preprocessing.py", "--input-data", raw, "--output-data", folder)
    return folder


@pytest.fixture(scope="module")
def under_toolkits(tmp_path_factory: pytest.TempPathFactory, processed: Path) -> ToolkitsRun:
    folder = tmp_path_factory.mktemp("opt-ml")
    return train_and_serve(processed, folder, HYPERPARAMETERS, list(REQUESTS.values()))


@pytest.fixture(scope="module")
def answers(under_toolkits: ToolkitsRun) -> dict[str, dict[str, Any]]:
    assert under_toolkits.training.returncode == 0, under_toolkits.training.stderr
    return dict(zip(["ping", *REQUESTS], under_toolkits.answers))


def test_training_under_the_toolkit_gives_the_metrics_of_a_plain_run(
    under_toolkits: ToolkitsRun, processed: Path, tmp_path: Path
):
    arguments = [part for key, value in HYPERPARAMETERS.items() for part in (f"--{key}", value)]
    run_plainly(
        *("training.py", "--train", processed / "train", "--test", processed / "test"),
        *("--model-dir", tmp_path / "model", "--output-data-dir", tmp_path / "output"),
        *arguments,
    )

    plain = json.loads((tmp_path / "output" / "evaluation.json").read_text())
    assert under_toolkits.evaluation == plain
    log = under_toolkits.training.stdout + under_toolkits.training.stderr
    (logged,) = re.findall(r"^test_r2: ([-+.0-9eE]+)$", log, re.MULTILINE)
    assert float(logged) == plain["test_r2"]


def test_the_server_is_healthy_and_answers_json_and_csv_alike(answers):
    assert answers["ping"]["status"] == 200
    first, with_mean = json.loads(answers["json"]["body"])["predictions"]
    assert first != with_mean
    for name in ("csv", "charset"):
        assert answers[name]["status"] == 200
        assert json.loads(answers[name]["body"])["predictions"] == [first]
    assert answers["any accept"] == answers["json"]
    assert answers["csv answer"] == {
        **{"status": 200, "type": "text/csv"},
        "body": f"{first}\n{with_mean}\n",
    }


@pytest.mark.parametrize(
    ("name", "status", "reason"),
    [
        ("broken", 400, "the body must be application/json"),
        ("other columns", 400, "row 1: must have 8 values"),
        ("image", 415, "the content type must be application/json or text/csv, got 'image/png'"),
        (
            "image answer",
            406,
            "the accepted type must be application/json or text/csv, got 'image/png'",
        ),
    ],
)
def test_a_bad_request_gets_its_status_through_the_toolkit(
    answers, name: str, status: int, reason: str
):
    assert answers[name]["status"] == status
    assert reason in json.loads(answers[name]["body"])["error"]


@pytest.mark.parametrize(
    ("trainer", "keeps_reason"), [("sagemaker_training", True), ("sagemaker_containers", False)]
)
def test_a_failed_training_exits_with_1_and_its_reason_ends_what_the_script_logs(
    processed: Path, tmp_path: Path, trainer: str, keeps_reason: bool
):
    run = train_and_serve(processed, tmp_path, {"max-depth": "deep"}, [], trainer)

    reason = "argument --max-depth: must be a whole number of 1 or more, got 'deep'"
    assert run.training.returncode == 1
    assert reason in run.training.stderr
    # sagemaker-containers overwrites the script's failure file with its own traceback.
    failure = (tmp_path / "output" / "failure").read_text()
    assert failure.startswith(reason if keeps_reason else "framework error:")


def test_gradient_boosting_trains_under_the_toolkit_and_is_served(processed: Path, tmp_path: Path):
    hyperparameters = {"max-iter": "15", "learning-rate": "0.3", "folds": "2"}
    run = train_and_serve(
        *(processed, tmp_path, hyperparameters, [REQUESTS["json"]]),
        program="gradient_boosting.py",
    )

    assert run.training.returncode == 0, run.training.stderr
    log = run.training.stdout + run.training.stderr
    logged = [float(value) for value in re.findall(r"cv_r2: ([-+.0-9eE]+)", log)]
    assert len(logged) == 16
    assert logged[0] < logged[-1] == run.evaluation["cv_r2"]
    _, answer = run.answers
    assert answer["status"] == 200
    assert json.loads(answer["body"])["model_type"] == "HistGradientBoostingRegressor"


class ToolkitsPython(Environments):
    """Environments that use the toolkits' interpreter for every image."""

    def python_for_image(self, image_uri: str) -> Path:
        return environment_python()


@pytest.fixture(scope="module")
def emulated(tmp_path_factory: pytest.TempPathFactory, processed: Path, under_toolkits):
    """The same training and the same requests, in the emulator's runtime."""
    folder = tmp_path_factory.mktemp("emulated")
    aws = FakeAws(folder / "s3")
    for path in processed.rglob("*.*"):
        aws.s3.put(f"processed/{path.relative_to(processed)}", path.read_bytes())
    scripts = under_toolkits.scripts.read_bytes()
    aws.s3.put("code/scripts.tar.gz", scripts)
    script_mode = {
        "sagemaker_program": "training.py",
        "sagemaker_submit_directory": "s3://bucket/code/scripts.tar.gz",
    }
    prefixes = {
        "train": "processed/train/",
        "test": "processed/test/",
        "code": "code/scripts.tar.gz",
    }
    host = Host(folder / "state", aws, ToolkitsPython(), detect_isolation())
    image, role = "an-image", "arn:aws:iam::123456789012:role/sagemaker"
    outcome = JobRunner(host).run_training(
        {
            "TrainingJobName": "job",
            "RoleArn": role,
            "AlgorithmSpecification": {"TrainingImage": image, "TrainingInputMode": "File"},
            "HyperParameters": {**HYPERPARAMETERS, **script_mode},
            "InputDataConfig": [
                {
                    "ChannelName": name,
                    "DataSource": {
                        "S3DataSource": {"S3DataType": "S3Prefix", "S3Uri": f"s3://bucket/{prefix}"}
                    },
                }
                for name, prefix in prefixes.items()
            ],
            "OutputDataConfig": {"S3OutputPath": "s3://bucket/models/"},
            "ResourceConfig": {"InstanceCount": 1, "InstanceType": "ml.m5.large"},
            "StoppingCondition": {"MaxRuntimeInSeconds": 120},
        },
        "arn:aws:sagemaker:us-east-1:123456789012:training-job/job",
        threading.Event(),
        lambda status, message: None,
    )
    assert outcome.status == "Completed", outcome.failure_reason
    with tarfile.open(fileobj=io.BytesIO(aws.s3.get("models/job/output/output.tar.gz"))) as output:
        evaluation = output.extractfile("evaluation.json")
        assert evaluation is not None
        metrics = json.load(evaluation)
    container = {
        "Image": image,
        "ModelDataUrl": "s3://bucket/models/job/output/model.tar.gz",
        "Environment": {
            "SAGEMAKER_PROGRAM": "inference.py",
            "SAGEMAKER_SUBMIT_DIRECTORY": "/opt/ml/model/code",
        },
    }
    server = ModelServer.start(
        host, "primary", container, role, log_group="group", log_stream="stream"
    )
    try:
        answers = {
            name: server.invoke(given["data"].encode(), given["headers"])
            for name, given in REQUESTS.items()
        }
    finally:
        server.stop()
    return metrics, answers


def test_the_emulator_trains_to_the_metrics_of_the_toolkit(emulated, under_toolkits: ToolkitsRun):
    assert emulated[0] == under_toolkits.evaluation


@pytest.mark.parametrize("name", REQUESTS)
def test_the_emulator_answers_as_the_toolkit_does(emulated, answers, name: str):
    answer = emulated[1][name]
    media_type = {key.lower(): value for key, value in answer.headers.items()}["content-type"]
    assert {
        "status": answer.status,
        "type": media_type.split(";")[0],
        "body": answer.body.decode(),
    } == answers[name]
