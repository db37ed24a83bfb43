"""Captured files as the emulator writes them, and the times in them."""

import json
from collections import Counter
from pathlib import Path

import pytest

from baseline import Numbers
from capture import Period, body, moment_of, requests
from captured_rows import RowReader, predictions, refusal
from emulator.aws.sagemaker.capture_plan import Exchange, capture_plan
from tests.scripts.monitor.conftest import HOUR

CONFIG = {
    "EnableCapture": True,
    "InitialSamplingPercentage": 100,
    "DestinationS3Uri": "s3://bucket/capture",
    "CaptureOptions": [{"CaptureMode": "Input"}, {"CaptureMode": "Output"}],
}
HEADERS = {"CsvContentTypes": ["text/csv"], "JsonContentTypes": ["application/json"]}
FEATURES = [Numbers(name, 1, 0, 0.0, 1.0, None) for name in "ab"]


@pytest.mark.parametrize("headers", [{}, HEADERS])
def test_what_the_emulator_captures_is_read(tmp_path: Path, headers: "dict[str, list[str]]"):
    plan = capture_plan({**CONFIG, "CaptureContentTypeHeader": headers})
    assert plan is not None
    moment = moment_of("2026-11-27T10:00:01Z")
    answer = (b'{"predictions": [3.5, 4]}', "application/json")
    exchanges = [
        Exchange(b"1,2\n3,\n", "text/csv; charset=utf-8", *answer, "é-1", moment.timestamp()),
        Exchange(
            b'{"instances": [[1, 2], {"b": null, "a": 3}]}',
            "application/json",
            b"3.5\n4\n",
            "text/csv",
            None,
            moment.timestamp(),
        ),
        Exchange(
            b"x", "text/plain", b'{"error": "no"}', "application/json", None, moment.timestamp()
        ),
    ]
    folder = tmp_path / HOUR
    folder.mkdir(parents=True)
    text = "".join(f"{plan.line(exchange)}\n" for exchange in exchanges)
    (folder / "a.jsonl").write_text(text, encoding="utf-8")
    window = moment_of("2026-11-27T10:00:00Z"), moment_of("2026-11-27T11:00:00Z")
    reader = RowReader(FEATURES)

    csv, instances, refused = requests(tmp_path, Period(*window, window[1], window[0]), Counter())

    for request in (csv, instances):
        assert request.input is not None
        assert request.output is not None
        (first, second) = reader.rows(body(request.input))
        assert first == [1, 2]
        assert second[0] == 3
        assert second[1] is None or second[1] != second[1]
        assert predictions(body(request.output)) == [3.5, 4]
    assert (csv.inference_id, instances.inference_id) == ("é-1", None)
    assert csv.hour == "2026-11-27T10"
    assert refused.output is not None
    assert refusal(body(refused.output)) == "no"


@pytest.mark.parametrize("headers", [{}, {"JsonContentTypes": ["application/jsonlines"]}])
def test_json_lines_are_rows_and_predictions(headers: "dict[str, list[str]]"):
    plan = capture_plan({**CONFIG, "CaptureContentTypeHeader": headers})
    assert plan is not None
    media_type = "application/jsonlines"
    given, answered = b'[1, 2]\n{"b": 4, "a": 3}\n', b'{"score": 0.5}\n{"score": 1}\n'
    line = plan.line(Exchange(given, media_type, answered, media_type, None, 0.0))
    parts = json.loads(line)["captureData"]

    assert RowReader(FEATURES).rows(body(parts["endpointInput"])) == [[1, 2], [3, 4]]
    assert predictions(body(parts["endpointOutput"])) == [0.5, 1]


@pytest.mark.parametrize(
    ("text", "same"),
    [
        ("2026-11-27T10:00:00Z", "2026-11-27T10:00:00Z"),
        ("2026-11-27T10:00:00.123456789Z", "2026-11-27T10:00:00Z"),
        ("2026-11-27T12:00:00.5+02:00", "2026-11-27T10:00:00Z"),
        ("2026-11-27T10:00:00", "2026-11-27T10:00:00Z"),
        ("2026-11-27 10:00:00z", "2026-11-27T10:00:00Z"),
    ],
)
def test_times_are_read_in_every_form_of_iso_8601_that_aws_writes(text: str, same: str):
    assert moment_of(text) == moment_of(same)


@pytest.mark.parametrize("text", ["", "now", "2026-13-01T00:00:00Z", "2026-11-27T10:00:00.Z.Z"])
def test_fails_when_a_time_is_none(text: str):
    with pytest.raises(ValueError):  # noqa: PT011 - the message is Python's
        moment_of(text)


@pytest.mark.parametrize(
    "part",
    [
        {"data": "{", "encoding": "JSON"},
        {"data": "1,2", "encoding": "XML"},
        {"data": None, "encoding": "CSV"},
        {"data": "é", "encoding": "BASE64"},
        {"data": "abc", "encoding": "BASE64"},
        {"data": "/////w==", "encoding": "BASE64", "observedContentType": "text/csv"},
        {"data": "eA==", "encoding": "BASE64", "observedContentType": "application/json"},
    ],
)
def test_fails_when_a_body_is_not_what_it_says(part: "dict[str, str | None]"):
    with pytest.raises(ValueError):  # noqa: PT011 - the message is Python's
        body(part)
