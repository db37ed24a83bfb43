import io
import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError, ReadTimeoutError

import smoke_test
from answers import InvalidExamples
from smoke_test import lambda_handler

EXAMPLE = {"instances": [[1, 2]], "low": 0, "high": 5}
EVENT = {"EndpointName": "housing-dev", "Examples": [EXAMPLE, {**EXAMPLE, "low": 2}]}
URL = "s3://artifacts/smoke/examples.json"


def refused(code: str, status: int = 400) -> ClientError:
    response: Any = {
        "Error": {"Code": code, "Message": "as it is"},
        "ResponseMetadata": {"HTTPStatusCode": status},
    }
    return ClientError(response, "InvokeEndpoint")


class Endpoint:
    """Returns its responses one by one; the last one repeatedly."""

    def __init__(self, *answers: "str | Exception"):
        self.answers = list(answers)
        self.requests: list[dict[str, Any]] = []

    def invoke_endpoint(self, **request: Any) -> dict[str, Any]:
        self.requests.append(request)
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        if isinstance(answer, Exception):
            raise answer
        return {"Body": io.BytesIO(answer.encode()), "InvokedProductionVariant": "primary"}


class OneFile:
    class exceptions:  # noqa: N801
        class NoSuchKey(Exception):  # noqa: N818
            pass

    def __init__(self, content: "bytes | None"):
        self.content = content

    def get_object(self, Bucket: str, Key: str) -> dict[str, Any]:
        assert (Bucket, Key) == ("artifacts", "smoke/examples.json")
        if self.content is None:
            raise self.exceptions.NoSuchKey(Key)
        return {"Body": io.BytesIO(self.content), "ContentLength": len(self.content)}


@pytest.fixture
def pauses(monkeypatch: pytest.MonkeyPatch) -> "list[float]":
    slept: list[float] = []
    monkeypatch.setattr("smoke_test.time.sleep", slept.append)
    return slept


@pytest.fixture
def send_request(monkeypatch: pytest.MonkeyPatch, pauses: "list[float]"):
    def send(endpoint: Endpoint, file: "bytes | None" = None, **changes: Any) -> dict[str, Any]:
        clients = {"sagemaker-runtime": endpoint, "s3": OneFile(file)}
        monkeypatch.setattr(smoke_test, "_client", clients.__getitem__)
        event = {key: value for key, value in {**EVENT, **changes}.items() if value is not None}
        return lambda_handler(event, None)

    return send


def test_an_endpoint_with_correct_predictions_passes(send_request):
    endpoint = Endpoint('{"predictions": [4.37]}')

    assert send_request(endpoint) == {
        "EndpointName": "housing-dev",
        "Passed": True,
        "Failures": [],
        "Sent": 2,
        "Variants": ["primary"],
    }
    ids = [request.pop("InferenceId") for request in endpoint.requests]
    assert (
        endpoint.requests
        == [
            {
                "EndpointName": "housing-dev",
                "ContentType": "application/json",
                "Accept": "application/json",
                "Body": b'{"instances": [[1, 2]]}',
            }
        ]
        * 2
    )
    # A monitor of captured data recognizes them; the API takes 64 characters.
    assert len(set(ids)) == len(ids)
    assert all(re.fullmatch(r"smoke-test-[0-9a-f-]{36}", one) for one in ids)


def test_every_wrong_prediction_is_reported_with_its_example(send_request):
    result = send_request(Endpoint("[9]", "[1]"))

    assert result["Passed"] is False
    assert result["Failures"] == [
        "example 1: instance 1: the prediction must be from 0 to 5, got 9",
        "example 2: instance 1: the prediction must be from 2 to 5, got 1",
    ]


def test_csv_is_sent_on_request(send_request):
    endpoint = Endpoint("[4]")

    assert send_request(endpoint, ContentType="text/csv")["Passed"]
    assert endpoint.requests[0]["ContentType"] == "text/csv"
    assert endpoint.requests[0]["Body"] == b"1,2\n"


@pytest.mark.parametrize(
    "error",
    [
        refused("ThrottlingException"),
        refused("ModelNotReadyException", 429),
        refused("ServiceUnavailable", 503),
        refused("InternalFailure", 500),
        ReadTimeoutError(endpoint_url="https://runtime"),
    ],
)
def test_a_transient_error_is_retried(send_request, pauses: "list[float]", error: Exception):
    endpoint = Endpoint(error, error, "[4]")
    assert send_request(endpoint)["Passed"]
    assert pauses == [0.5, 1.0]
    assert len({request["InferenceId"] for request in endpoint.requests[:3]}) == 1


def test_an_endpoint_that_never_responds_fails(send_request, pauses: "list[float]"):
    endpoint = Endpoint(refused("ThrottlingException"))

    result = send_request(endpoint)

    assert result["Passed"] is False
    assert result["Failures"][0].startswith("example 1: no response in 5 attempts: ")
    assert "ThrottlingException" in result["Failures"][0]
    assert (len(result["Failures"]), result["Sent"], sum(pauses)) == (1, 1, 7.5)


@pytest.mark.parametrize("code", ["ValidationError", "ModelError"])
def test_a_missing_endpoint_or_failing_model_fails_the_test_at_once(
    send_request, pauses: "list[float]", code: str
):
    # A model's own 500 comes as a ModelError of status 424.
    result = send_request(Endpoint(refused(code, 424)))

    assert result["Passed"] is False
    assert code in result["Failures"][0]
    assert pauses == []


def test_a_fault_of_the_test_itself_is_an_error(send_request):
    with pytest.raises(ClientError, match="AccessDeniedException"):
        send_request(Endpoint(refused("AccessDeniedException", 403)))


def test_examples_may_be_in_a_file(send_request):
    endpoint = Endpoint("[4]")

    result = send_request(endpoint, json.dumps([EXAMPLE]).encode(), Examples=None, ExamplesUrl=URL)

    assert (result["Passed"], result["Sent"]) == (True, 1)


@pytest.mark.parametrize(
    ("file", "changes", "reason"),
    [
        (None, {"EndpointName": None}, "EndpointName must be a non-empty text, got null"),
        (None, {"Examples": None}, "the examples must be a list of 1 to 100, got null"),
        (None, {"ContentType": "image/png"}, "ContentType must be application/json or text/csv"),
        (None, {"ExamplesUrl": URL}, "set Examples or ExamplesUrl, not both"),
        (
            None,
            {"Examples": None, "ExamplesUrl": "examples.json"},
            "must have the form s3://<bucket>/<key>",
        ),
        (None, {"Examples": None, "ExamplesUrl": URL}, f"{URL} does not exist"),
        (b"{", {"Examples": None, "ExamplesUrl": URL}, f"{URL} must be JSON"),
        (
            b" " * (1024**2 + 1),
            {"Examples": None, "ExamplesUrl": URL},
            "must have at most 1048576 bytes, got 1048577",
        ),
    ],
)
def test_fails_for_an_invalid_event_before_any_request(
    send_request, file: "bytes | None", changes: "dict[str, Any]", reason: str
):
    endpoint = Endpoint("[4]")

    with pytest.raises(InvalidExamples) as caught:
        send_request(endpoint, file, **changes)

    assert reason in str(caught.value)
    assert endpoint.requests == []


def test_importing_the_function_creates_no_client():
    program = "import boto3; boto3.client = None; import smoke_test"

    subprocess.run(
        [sys.executable, "-c", program], cwd=Path(smoke_test.__file__).parent, check=True
    )
