"""The monitor on captured files, from the arguments to report.json."""

import base64
import json
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from monitor_verdict import VERDICTS, short
from tests.scripts.monitor.conftest import (
    END,
    HOUR,
    NAMES,
    START,
    Monitor,
    csv_part,
    drifted,
    event,
    json_part,
    lines,
    numbers,
    pack_model,
    part,
    predicted,
    write,
)


def test_requests_as_in_training_are_no_drift(watch: Monitor, captured: Path):
    write(captured, lines(numbers(600, 10)))

    report = watch()

    assert (report["verdict"], report["alarms"]) == ("ok", [])
    assert report["rows"]["count"] == report["requests"]["count"] == 600
    assert report["skipped"] == {"files": 1, "lines": 600}
    assert [feature["name"] for feature in report["features"]] == NAMES
    assert report["requests"]["byHour"] == {"2026-11-27T10": 600}
    assert report["metrics"]["DriftedFeatures"] == report["metrics"]["Alarm"] == 0


def test_a_shift_of_one_feature_and_of_the_predictions_is_found(watch: Monitor, captured: Path):
    rows = numbers(1000, 11)
    rows[:, 0] += 0.5
    write(captured, lines(rows, per_request=3))

    report = watch()

    assert report["verdict"] == "drift"
    assert drifted(report) == {"x0", "(prediction)"}
    assert report["metrics"]["DriftedFeatures"] == 1
    feature = report["features"][0]
    assert feature["effects"]["wasserstein"]["value"] == pytest.approx(0.5, abs=0.1)
    assert feature["effects"]["psi"]["chance"] < 0.1
    assert feature["smallestShift"]["value"] < 0.3
    assert report["alarms"][0]["reason"].startswith("'x0': its distribution changed; the effect is")


def test_a_million_rows_do_not_make_drift_of_a_difference_within_the_tolerance(
    watch: Monitor, captured: Path
):
    rows = numbers(20_000, 12)
    rows[:, 0] += 0.06
    write(captured, lines(rows, per_request=500))

    report = watch()

    assert report["verdict"] == "ok"
    check = report["features"][0]["checks"][0]
    assert check["correctedP"] < 0.01, "significant"
    assert 0.4 < check["effect"] < 1
    assert watch("--wasserstein-tolerance", 0.03)["verdict"] == "drift"


def test_the_report_is_the_same_for_the_same_files(watch: Monitor, captured: Path):
    write(captured, lines(numbers(300, 13)))

    assert watch() == watch()


@pytest.mark.parametrize(("rows", "verdict"), [(0, "silence"), (49, "too-little"), (50, "ok")])
def test_few_rows_are_not_judged(watch: Monitor, captured: Path, rows: int, verdict: str):
    write(captured, lines(numbers(rows, 14)))

    report = watch()

    assert report["verdict"] == verdict
    assert report["features"] == [] or rows == 50


def test_silence_is_not_stated_while_requests_may_still_be_delivered(
    watch: Monitor, tmp_path: Path
):
    report = watch("--now", "2026-11-27T11:05:00Z")

    assert report["window"]["complete"] is False
    assert report["verdict"] == "too-little"
    assert "more may still be delivered" in report["alarms"][0]["reason"]
    assert watch()["verdict"] == "silence"


def test_what_is_not_of_the_window_is_left_out_and_counted(watch: Monitor, captured: Path):
    row = numbers(1, 15).tolist()
    answer = json_part({"predictions": [1.0]})

    def at(time: Any, inference_id: "str | None" = None) -> str:
        return event(csv_part(row), answer, time, inference_id)

    write(
        captured,
        [
            *lines(numbers(100, 16)),
            at(START),
            at("2026-11-27T10:59:59.999Z"),
            at("2026-11-27T12:30:00+02:00"),
            at(END),
            at("2026-11-27T09:59:59Z"),
            at("2026-11-27T14:00:00Z"),
            at("2026-11-27T10:30:00Z", "smoke-test-run-1"),
            at("soon"),
            at(None),
        ],
    )

    report = watch()

    assert report["requests"]["count"] == 103
    assert {key: n for key, n in report["skipped"].items() if key not in ("files", "lines")} == {
        "outsideWindow": 2,
        "clockSkew": 1,
        "smokeTests": 1,
        "invalidEvents": 2,
    }


def test_files_that_are_cut_or_damaged_are_read_as_far_as_they_go(watch: Monitor, captured: Path):
    good = lines(numbers(90, 17))
    write(captured, [*good[:30], good[30][:-40]])
    write(captured, [*good[30:60], "{]\n", "\n", "[]\n", '"text"\n', "\x00\n"], "b.jsonl")
    write(captured.parents[1] / "28" / "00", good[60:], "c.jsonl")
    (captured / "d.jsonl").write_bytes(b"\xff\xfe\x00\n" * 3)
    (captured / "notes.txt").write_text("no capture")

    report = watch()

    assert report["verdict"] == "ok"
    assert report["rows"]["count"] == 90
    assert report["skipped"] == {
        "files": 4,
        "lines": 92,
        "cutLines": 1,
        "unreadableLines": 5,
        "invalidEvents": 2,
    }


def test_encodings_and_shapes_of_requests_are_mixed(watch: Monitor, captured: Path):
    rows = numbers(100, 18)
    content = []
    header = [NAMES[::-1]]
    for place, row in enumerate(rows):
        values = row.tolist()
        text = ",".join(map(str, values)) + "\n"
        named = dict(zip(NAMES, values))
        instances = json.dumps({"instances": [named]})
        given = [
            csv_part([values]),
            csv_part([*header, values[::-1]]),
            part(base64.b64encode(text.encode()).decode(), "BASE64", "text/csv; charset=utf-8"),
            part(base64.b64encode(instances.encode()).decode(), "BASE64", "application/json"),
            part(
                base64.b64encode(instances.encode()).decode(), "BASE64", "application/octet-stream"
            ),
            json_part({"instances": [values]}),
            json_part({"instances": [dict(reversed(named.items()))]}),
            json_part([values]),
            json_part(values),
            json_part(named),
        ][place % 10]
        answer = float(predicted(row[np.newaxis])[0])
        answered = [
            json_part({"predictions": [answer]}),
            csv_part([[answer]]),
            json_part([{"score": answer}]),
            part(base64.b64encode(f"{answer}\n".encode()).decode(), "BASE64", "text/csv"),
        ][place % 4]
        content.append(event(given, answered))
    write(captured, content)

    report = watch()

    assert report["verdict"] == "ok"
    assert report["rows"]["count"] == report["rows"]["predictions"] == 100
    assert report["rows"]["reordered"] == 20
    assert set(report["skipped"]) == {"files", "lines"}
    medians = [feature["median"]["value"] for feature in report["features"]]
    assert medians == pytest.approx(np.median(rows, axis=0)), "each value is in its column"


def test_refused_requests_are_counted_with_their_reasons_and_alarm(watch: Monitor, captured: Path):
    refused = event(csv_part([["a"]]), json_part({"error": "row 1: must have 8 values"}))
    write(captured, [*lines(numbers(100, 23)), *[refused] * 15])

    report = watch()

    assert report["requests"]["refused"] == 15
    assert report["requests"]["refusals"] == {"row 1: must have 8 values": 15}
    assert report["verdict"] == "bad-requests"
    assert report["rows"]["count"] == 100
    assert report["metrics"]["RefusedShare"] == pytest.approx(15 / 115)


def test_if_all_requests_are_refused_there_are_no_rows_but_an_alarm(watch: Monitor, captured: Path):
    write(captured, [event(csv_part([["a"]]), json_part({"error": "no"}))] * 60)

    report = watch()

    assert [alarm["verdict"] for alarm in report["alarms"]] == ["bad-requests", "too-little"]


def test_without_a_baseline_the_rest_is_reported(watch: Monitor, captured: Path, tmp_path: Path):
    write(captured, lines(numbers(100, 25)))
    (tmp_path / "empty").mkdir()

    report = watch(model=tmp_path / "empty")

    assert report["verdict"] == "no-baseline"
    assert "model.tar.gz: does not exist" in report["alarms"][0]["reason"]
    assert report["requests"]["count"] == 100
    assert report["rows"]["predictions"] == 100
    assert report["metrics"]["Alarm"] == 0


def test_a_baseline_of_another_schema_is_a_matter_of_the_requests(
    watch: Monitor, captured: Path, tmp_path: Path
):
    write(captured, lines(numbers(100, 26)))
    other = pack_model(tmp_path / "model", {"a": [1.0, 2.0]}, [1.0, 2.0], [1.0, 2.1])

    report = watch(model=other)

    assert report["rows"]["otherLengths"] == 100
    assert report["rows"]["count"] == 0
    assert {alarm["verdict"] for alarm in report["alarms"]} == {"too-little", "bad-requests"}


def test_only_unreadable_requests_are_no_silence(watch: Monitor, captured: Path):
    write(captured, ["{]\n"] * 5)

    report = watch()

    assert report["verdict"] == "bad-requests"
    assert "could be read: unreadableLines 5" in report["alarms"][0]["reason"]


@pytest.mark.parametrize(
    ("arguments", "problem"),
    [
        (
            ["--end", START],
            "--end must be after --start, got 2026-11-27T10:00:00Z to 2026-11-27T10",
        ),
        (["--start", "yesterday"], "must be a time as 2026-11-28T10:00:00Z, got 'yesterday'"),
        (["--alpha", 0], "must be a number greater than 0, got '0'"),
        (["--share-tolerance", 1], "must be below 0.5, got '1'"),
        (["--slow-k", 6], "--slow-k must be at most --slow-n, got 6 of 5"),
        (["--release-value", "nan"], "must be a finite number, got 'nan'"),
    ],
)
def test_fails_when_an_argument_is_invalid(watch: Monitor, arguments: "list[object]", problem: str):
    assert problem in watch(*arguments)


def test_the_files_of_an_hour_are_found_at_any_depth(watch: Monitor, tmp_path: Path):
    write(tmp_path / "capture" / "endpoint" / "A" / HOUR, lines(numbers(40, 27)))
    write(tmp_path / "capture" / "endpoint" / "B" / HOUR, lines(numbers(40, 28)))

    assert watch()["rows"]["count"] == 80


def test_a_verdict_for_a_state_machine_is_small_whatever_the_report_has(watch, tmp_path):
    report = watch(model=tmp_path / "nothing")

    verdict = json.loads((tmp_path / "report" / "verdict.json").read_text())
    assert verdict["Verdict"] == report["verdict"]
    assert verdict["Metrics"] == report["metrics"]
    assert verdict["Rows"] == report["rows"]["count"]
    assert verdict["Reasons"] == [alarm["reason"][:300] for alarm in report["alarms"][:10]]


def test_a_short_verdict_has_limits():
    column = {"name": "x" * 1000, "drift": True}
    alarm = {"verdict": "drift", "reason": "r" * 1000}
    report = {
        "verdict": "drift",
        "alarms": [alarm] * 5000,
        "features": [column] * 5000,
        "prediction": None,
        "rows": {"count": 1},
        "metrics": {"Rows": 1.0},
    }
    assert len(json.dumps(short(report))) < 20_000


def test_the_page_has_every_verdict_the_most_serious_first():
    page = (Path(__file__).parents[4] / "docs" / "monitoring.md").read_text()
    rows = re.findall(r"^\| `([a-z-]+)` \| [^|]* \| (yes|no) \|$", page, re.M)
    assert rows == [(name, "yes" if alarms else "no") for name, alarms in VERDICTS.items()]
