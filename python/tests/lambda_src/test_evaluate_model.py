import base64
import hashlib
import io
import json
import subprocess
import sys
import tarfile
from pathlib import Path
from typing import Any

import pytest

import evaluate_model
from evaluate_model import lambda_handler
from evaluation import ArchiveTooLarge, EvaluationFileMissing, InvalidEvent, MetricMissing

PREFIX = "model-artifacts/demo-train-1/output/"
EVENT = {
    "TrainingJobName": "demo-train-1",
    "S3Bucket": "artifacts",
    "ModelDataUrl": f"s3://artifacts/{PREFIX}model.tar.gz",
    "Metric": "test_r2",
    "Threshold": 0.7,
}
METRICS = {"test_r2": 0.774, "test_rmse": 0.54}


class InMemoryS3:
    """The function's two calls, on objects in a dictionary."""

    class exceptions:  # noqa: N801
        class NoSuchKey(Exception):  # noqa: N818
            pass

    def __init__(self):
        self.objects: dict[tuple[str, str], bytes] = {}
        self.content_types: dict[str, str] = {}
        self.checksums: dict[str, str] = {}

    def get_object(self, Bucket: str, Key: str) -> dict[str, Any]:
        if (Bucket, Key) not in self.objects:
            raise self.exceptions.NoSuchKey(Key)
        body = self.objects[Bucket, Key]
        return {"Body": io.BytesIO(body), "ContentLength": len(body)}

    def put_object(
        self, Bucket: str, Key: str, Body: bytes, ContentType: str, ChecksumSHA256: str
    ) -> None:
        self.objects[Bucket, Key] = Body
        self.checksums[Key] = ChecksumSHA256
        self.content_types[Key] = ContentType


@pytest.fixture
def s3(monkeypatch: pytest.MonkeyPatch) -> InMemoryS3:
    client = InMemoryS3()
    monkeypatch.setattr(evaluate_model, "_s3", lambda: client)
    return client


def store(s3: InMemoryS3, metrics: dict) -> bytes:
    content = json.dumps(metrics).encode()
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz") as tar:
        info = tarfile.TarInfo("evaluation.json")
        info.size = len(content)
        tar.addfile(info, io.BytesIO(content))
    s3.objects["artifacts", f"{PREFIX}output.tar.gz"] = buffer.getvalue()
    return content


@pytest.mark.parametrize(
    ("r2", "passed", "reason"),
    [
        (0.774, True, "test_r2 is 0.774, greater than 0.7"),
        (0.7, False, "test_r2 is 0.7, must be greater than 0.7"),
        (0.77384567890123, True, "test_r2 is 0.7738, greater than 0.7"),
        (0.7000012345, True, "test_r2 is 0.700001, greater than 0.7"),
        (16512.75, True, "test_r2 is 16513, greater than 0.7"),
        (0.1, False, "test_r2 is 0.1, must be greater than 0.7"),
    ],
)
def test_returns_metrics_and_verdict(s3: InMemoryS3, r2: float, passed: bool, reason: str):
    metrics = {**METRICS, "test_r2": r2}
    content = store(s3, metrics)

    assert lambda_handler(EVENT, None) == {
        "TrainingJobName": "demo-train-1",
        "EvaluationUrl": f"s3://artifacts/{PREFIX}evaluation.json",
        "EvaluationSha256": base64.b64encode(hashlib.sha256(content).digest()).decode(),
        "Metrics": metrics,
        "Metric": "test_r2",
        "Value": r2,
        "Threshold": 0.7,
        "Better": "greater",
        "Passed": passed,
        "Rule": "Threshold",
        "Reason": reason,
    }


@pytest.mark.parametrize(("rmse", "passed"), [(0.49, True), (0.5, False)])
def test_smaller_values_of_a_metric_may_be_better(s3: InMemoryS3, rmse: float, passed: bool):
    store(s3, {**METRICS, "test_rmse": rmse})

    result = lambda_handler(
        {**EVENT, "Metric": "test_rmse", "Threshold": 0.5, "Better": "smaller"}, None
    )

    assert (result["Passed"], result["Better"]) == (passed, "smaller")


def test_writes_the_evaluation_beside_the_archive_as_the_job_wrote_it(s3: InMemoryS3):
    content = store(s3, METRICS)

    result = lambda_handler(EVENT, None)

    assert s3.objects["artifacts", f"{PREFIX}evaluation.json"] == content
    assert s3.checksums == {f"{PREFIX}evaluation.json": result["EvaluationSha256"]}
    assert s3.content_types == {f"{PREFIX}evaluation.json": "application/json"}


def test_fails_when_the_job_left_no_output_archive(s3: InMemoryS3):
    with pytest.raises(EvaluationFileMissing) as caught:
        lambda_handler(EVENT, None)

    assert f"s3://artifacts/{PREFIX}output.tar.gz does not exist" in str(caught.value)
    assert "demo-train-1" in str(caught.value)


def test_fails_before_reading_when_the_archive_is_too_large(
    s3: InMemoryS3, monkeypatch: pytest.MonkeyPatch
):
    store(s3, METRICS)
    monkeypatch.setattr(evaluate_model, "MAX_ARCHIVE_BYTES", 10)

    with pytest.raises(
        ArchiveTooLarge, match=r"output\.tar\.gz must have at most 10 bytes, got \d+"
    ):
        lambda_handler(EVENT, None)


def test_a_missing_metric_is_an_error_and_the_evaluation_is_kept(s3: InMemoryS3):
    store(s3, METRICS)

    with pytest.raises(MetricMissing):
        lambda_handler({**EVENT, "Metric": "f1"}, None)

    assert ("artifacts", f"{PREFIX}evaluation.json") in s3.objects


COMPARISON_KEY = "comparisons/demo-compare-1/comparison.json"
COMPARED = {**EVENT, "ComparisonUrl": f"s3://artifacts/{COMPARISON_KEY}"}
DIFFERENCE = {"metric": "test_r2", "value": 0.02, "low": 0.01, "high": 0.03, "confidence": 0.95}


def compare(s3: InMemoryS3, **comparison: object) -> None:
    s3.objects["artifacts", COMPARISON_KEY] = json.dumps(comparison).encode()


@pytest.mark.parametrize(("margin", "passed"), [(None, True), (0.005, True), (0.01, False)])
def test_a_model_that_is_compared_must_beat_the_champion_by_the_margin(
    s3: InMemoryS3, margin: "float | None", passed: bool
):
    store(s3, METRICS)
    compare(s3, status="compared", difference={**DIFFERENCE, "resamples": 1000})

    result = lambda_handler({**COMPARED, **({} if margin is None else {"Margin": margin})}, None)

    assert (result["Passed"], result["Rule"]) == (passed, "Margin")
    assert result["ComparisonUrl"] == COMPARED["ComparisonUrl"]
    assert result["ComparisonStatus"] == "compared"
    assert result["Margin"] == (margin or 0)
    assert result["Difference"] == DIFFERENCE
    assert json.loads(json.dumps(result)) == result


def test_the_first_release_has_its_reason(s3: InMemoryS3):
    store(s3, METRICS)
    compare(s3, status="first-release", reason="there is no champion", difference=None)

    result = lambda_handler(COMPARED, None)

    assert (result["Passed"], result["Rule"]) == (True, "FirstRelease")
    assert result["Difference"] is None


@pytest.mark.parametrize("accept", [False, True])
def test_a_champion_that_cannot_be_compared_is_replaced_only_on_request(
    s3: InMemoryS3, accept: bool
):
    store(s3, METRICS)
    compare(s3, status="not-comparable", reason="its artifact is broken")

    result = lambda_handler({**COMPARED, "AcceptIncomparable": accept}, None)

    assert (result["Passed"], result["Rule"]) == (accept, "ChampionNotComparable")
    assert "its artifact is broken" in result["Reason"]


def test_a_comparison_url_of_null_means_no_comparison(s3: InMemoryS3):
    store(s3, METRICS)

    assert lambda_handler({**EVENT, "ComparisonUrl": None}, None)["Rule"] == "Threshold"


def test_fails_when_the_comparison_is_missing(s3: InMemoryS3):
    store(s3, METRICS)

    with pytest.raises(EvaluationFileMissing, match=r"comparison\.json does not exist"):
        lambda_handler(COMPARED, None)


def test_fails_when_the_comparison_is_too_large(s3: InMemoryS3):
    store(s3, METRICS)
    s3.objects["artifacts", COMPARISON_KEY] = b" " * (1024**2 + 1)

    with pytest.raises(
        ArchiveTooLarge, match=r"comparison\.json must have at most 1048576 bytes, got 1048577"
    ):
        lambda_handler(COMPARED, None)


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"TrainingJobName": None}, "TrainingJobName must be a non-empty text, got null"),
        ({"S3Bucket": ""}, 'S3Bucket must be a non-empty text, got ""'),
        ({"Metric": 3}, "Metric must be a non-empty text, got 3"),
        ({"Threshold": None}, "Threshold must be a finite number, got null"),
        ({"Threshold": "0.7"}, 'Threshold must be a finite number, got "0.7"'),
        ({"Threshold": True}, "Threshold must be a finite number, got true"),
        ({"Threshold": float("nan")}, "Threshold must be a finite number, got NaN"),
        ({"Margin": None}, "Margin must be a finite number, got null"),
        ({"Margin": "0"}, 'Margin must be a finite number, got "0"'),
        ({"Better": "lower"}, 'Better must be greater or smaller, got "lower"'),
        ({"Better": None}, "Better must be greater or smaller, got null"),
        ({"AcceptIncomparable": "no"}, 'AcceptIncomparable must be true or false, got "no"'),
        ({"ComparisonUrl": "s3://other/c.json"}, "ComparisonUrl must be the address of an object"),
        ({"ComparisonUrl": 3}, "ComparisonUrl must be the address of an object"),
        ({"OutputUrl": "s3://other/output.tar.gz"}, "OutputUrl must be the address of an object"),
        ({"ModelDataUrl": "model.tar.gz"}, "ModelDataUrl must be the address of an object"),
        ({"ModelDataUrl": "s3://artifacts/"}, "ModelDataUrl must be the address of an object"),
        ({"ModelDataUrl": "s3://other/model.tar.gz"}, "in bucket artifacts, as s3://artifacts/"),
    ],
)
def test_fails_for_an_invalid_event(s3: InMemoryS3, changes: dict, reason: str):
    store(s3, METRICS)

    with pytest.raises(InvalidEvent) as caught:
        lambda_handler({**EVENT, **changes}, None)

    assert reason in str(caught.value)


def test_the_evaluation_is_next_to_the_model_even_if_the_archive_is_not(s3: InMemoryS3):
    content = store(s3, METRICS)
    model = "s3://artifacts/kept/model.tar.gz"

    lambda_handler(
        {**EVENT, "ModelDataUrl": model, "OutputUrl": f"s3://artifacts/{PREFIX}output.tar.gz"}, None
    )

    assert s3.objects["artifacts", "kept/evaluation.json"] == content


def test_the_archive_may_lie_at_the_root_of_the_bucket(s3: InMemoryS3):
    store(s3, METRICS)
    s3.objects["artifacts", "output.tar.gz"] = s3.objects["artifacts", f"{PREFIX}output.tar.gz"]

    result = lambda_handler({**EVENT, "ModelDataUrl": "s3://artifacts/model.tar.gz"}, None)

    assert result["EvaluationUrl"] == "s3://artifacts/evaluation.json"


def test_importing_the_function_creates_no_client():
    program = "import boto3; boto3.client = None; import evaluate_model"

    subprocess.run(
        [sys.executable, "-c", program], cwd=Path(evaluate_model.__file__).parent, check=True
    )
