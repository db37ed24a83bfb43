"""Invalid data and events, accidental or malicious: faults have a name and a short message."""

import io
import json
import tarfile

import pytest

import evaluation
from answers import Example, InvalidExamples, Range, failures, parse_examples, request_body
from evaluate_model import parse_event as evaluation_event
from evaluation import (
    EvaluationFileInvalid,
    InvalidEvent,
    MetricMissing,
    passes,
    read_archive,
    reported,
)
from experiment_controller import parse_event as experiment_event
from gate import read_comparison
from rewards import InvalidRewards, sum_rewards
from settings import InvalidExperiment
from smoke_test import _first
from tests.lambda_src.odd_values import ODD_TEXTS, as_text, nested, odd_objects

LIMIT = 2000
DEEP = 50_000
"""Beyond every recursion limit that a library of this process may set, such as JSONata's 10,000."""
ODD_BYTES = [text.encode("utf-8", "surrogatepass") for text in ODD_TEXTS]

EVENT = {
    "TrainingJobName": "job",
    "S3Bucket": "bucket",
    "ModelDataUrl": "s3://bucket/model-artifacts/job/output/model.tar.gz",
    "Metric": "test_r2",
    "Threshold": 0.7,
    "Better": "greater",
    "Margin": 0,
    "AcceptIncomparable": False,
}
TEST = {
    "Experiment": "test",
    "EndpointName": "endpoint",
    "S3Bucket": "bucket",
    "Champion": "primary",
    "Challengers": ["challenger"],
    "RewardRange": [0, 1],
    "Effect": 0.1,
    "MaxErrorRate": 0.02,
    "MaxLatencyMilliseconds": 100,
    "Alpha": 0.05,
    "LatencyMinutes": 3,
    "RewardPrefix": "rewards/",
}
EXAMPLE = {"instances": [[1]], "low": 0, "high": 1}
COMPARISON = {
    "status": "compared",
    "reason": "r",
    "difference": {"metric": "r2", "value": 0, "low": 0, "high": 1, "confidence": 0.9},
}


def archive(content):
    """Write an output.tar.gz with one evaluation.json."""
    file = io.BytesIO()
    with tarfile.open(fileobj=file, mode="w:gz") as tar:
        member = tarfile.TarInfo("evaluation.json")
        member.size = len(content)
        tar.addfile(member, io.BytesIO(content))
    return io.BytesIO(file.getvalue())


def outcome(error, call, *arguments):
    """Return the named error's message, or "" if there is none; other errors are raised."""
    try:
        call(*arguments)
    except error as known:
        return str(known)
    return ""


@pytest.mark.parametrize(
    ("error", "call", "values"),
    [
        (InvalidEvent, evaluation_event, list(odd_objects(300, EVENT))),
        (InvalidExperiment, experiment_event, list(odd_objects(300, TEST))),
        (InvalidExamples, lambda one: parse_examples([one]), list(odd_objects(300, EXAMPLE))),
        (InvalidExamples, parse_examples, [nested(n) for n in (0, 3, 500, DEEP)]),
        (InvalidEvent, lambda n: evaluation_event({**EVENT, "Metric": nested(n)}), [500, DEEP]),
        (
            InvalidExperiment,
            lambda n: experiment_event({**TEST, "Experiment": nested(n)}),
            [500, DEEP],
        ),
        (InvalidExamples, lambda n: request_body(nested(n), "application/json"), [500, DEEP]),
        (EvaluationFileInvalid, lambda text: read_archive(archive(text)), ODD_BYTES),
        (EvaluationFileInvalid, read_comparison, ODD_BYTES),
        (
            EvaluationFileInvalid,
            lambda one: read_comparison(as_text(one).encode()),
            list(odd_objects(300, COMPARISON)),
        ),
        (InvalidRewards, lambda text: sum_rewards([text], "a", 0, 1), ODD_BYTES),
    ],
)
def test_odd_data_is_refused_with_a_short_named_error(error, call, values):
    messages = [outcome(error, call, value) for value in values]
    assert any(messages)
    assert max(map(len, messages)) < LIMIT


def test_every_response_is_judged():
    for text in ODD_TEXTS:
        found = failures(Example([1, 2], Range(0, 1)), text)
        assert found
        assert len(found[0]) < LIMIT


def test_of_many_faults_the_first_are_reported():
    assert _first(["a"] * 10) == ["a"] * 10
    assert _first(["a"] * 12) == ["a"] * 10 + ["and 2 more"]


def test_of_many_metrics_some_and_the_gates_are_reported():
    """The cause stays below its limit of 32768 characters."""
    many = {f"m{i}": i / 7 for i in range(40_000)}
    kept = reported({**many, "test_r2": 0.5}, "test_r2")
    assert len(kept) == evaluation.MAX_METRICS
    assert kept["test_r2"] == 0.5
    assert list(kept)[:2] == ["m0", "m1"]
    odd = {'"' * 64: -1.2345678901234567e-300, "x" * 65: 1, "a\nb": 2, "\ud800": 3, "": 4}
    assert list(reported(odd, "")) == ['"' * 64, ""]
    longest = {"\\" * 61 + f"{i:03}": -1.2345678901234567e-300 for i in range(1000)}
    assert len(json.dumps(reported(longest, "none"))) < 16_500


def test_of_many_metrics_ten_are_listed_if_one_is_missing():
    with pytest.raises(MetricMissing, match=r"got .* and 39990 more$") as caught:
        passes({f"m{i}" + "x" * 500: i for i in range(40_000)}, "test_r2", 0)
    assert len(str(caught.value)) < LIMIT
