"""What earlier reports add: slow drift, the usual volume, curves."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.scripts.monitor.conftest import Monitor, lines, numbers


def window(place: int) -> "dict[str, str]":
    return {"start": f"2026-11-27T{place:02}:00:00Z", "end": f"2026-11-27T{place + 1:02}:00:00Z"}


@pytest.fixture
def days(watch: Monitor, tmp_path: Path):
    """Monitor one hour after the other, each with the reports before it as history."""

    def run(shifts: "list[float]", *arguments: object, rows: int = 12_000) -> "list[Any]":
        reports = []
        for place, shift in enumerate(shifts):
            time = window(place)
            folder = tmp_path / "capture" / "AllTraffic" / f"2026/11/27/{place:02}"
            folder.mkdir(parents=True)
            table = numbers(rows, 100 + place)
            table[:, 1] += shift
            text = "".join(lines(table, per_request=100))
            text = text.replace("2026-11-27T10:30", f"2026-11-27T{place:02}:30")
            (folder / "a.jsonl").write_text(text)
            report = watch(*arguments, start=time["start"], end=time["end"])
            keep(tmp_path, f"{place}/report.json", report)
            reports.append(report)
        return reports

    return run


def keep(tmp_path: Path, name: str, report: Any) -> None:
    path = tmp_path / "history" / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(report))


def test_a_drift_too_small_for_one_window_is_found_in_several(days):
    reports = days([0.0, 0.12, 0.12, 0.12], "--wasserstein-tolerance", 0.15, "--psi-tolerance", 0.5)

    assert [report["verdict"] for report in reports] == ["ok", "ok", "ok", "slow-drift"]
    assert reports[-1]["slowDrift"] == [{"name": "x1", "windows": 3, "of": 4}]
    assert reports[-1]["alarms"] == [
        {
            "verdict": "slow-drift",
            "reason": "'x1': a small but significant drift in 3 of 4 windows",
        }
    ]
    assert reports[-1]["metrics"]["SlowlyDriftingColumns"] == 1
    assert [report["verdict"] for report in reports[:3]].count("drift") == 0


def test_only_the_last_n_windows_count(days):
    settings = ("--wasserstein-tolerance", 0.15, "--psi-tolerance", 0.5)
    reports = days([0.12, 0.12, 0.0, 0.12], *settings, "--slow-n", 3)

    assert reports[-1]["verdict"] == "ok"
    assert reports[-1]["slowDrift"] == []


def test_another_volume_than_usual_is_an_alarm(days, watch: Monitor, tmp_path: Path):
    days([0.0, 0.0, 0.0], rows=2000)
    folder = tmp_path / "capture" / "AllTraffic" / "2026/11/27/03"
    folder.mkdir()
    (folder / "a.jsonl").write_text(
        "".join(lines(numbers(200, 9), per_request=200)).replace("T10:30", "T03:30")
    )

    report = watch(**window(3))

    assert report["verdict"] == "volume"
    assert report["alarms"][0]["reason"] == "1 requests per hour, usually there are 20"
    assert report["requests"]["usualPerHour"] == 20
    assert watch("--volume-factor", 30, **window(3))["verdict"] == "ok"


def test_reports_that_say_nothing_about_this_window_are_left_out(
    watch: Monitor, captured: Path, tmp_path: Path
):
    (captured / "a.jsonl").write_text("".join(lines(numbers(100, 5))))
    report = watch()
    earlier = {**report["summary"], **window(3)}
    keep(tmp_path, "other-model.json", {**report, "model": {"sha256": "0"}, "summary": earlier})
    keep(tmp_path, "other-version.json", {**report, "version": 0, "summary": earlier})
    keep(tmp_path, "same-window.json", report)
    keep(tmp_path, "good.json", {**report, "summary": earlier})
    keep(tmp_path, "later.json", {**report, "summary": earlier, "created": "2026-11-28T00:00:00Z"})
    (tmp_path / "history" / "cut.json").write_text(json.dumps(report)[:-100])
    (tmp_path / "history" / "list.json").write_text("[]")
    keep(tmp_path, "no-effects.json", {**report, "summary": {**earlier, "effects": None}})

    found = watch()

    assert found["history"]["leftOut"] == {
        "otherModel": 1,
        "otherVersion": 1,
        "notEarlier": 1,
        "replaced": 1,
        "unreadable": 3,
    }
    assert [one["start"] for one in found["history"]["windows"]] == [window(3)["start"]]
    assert found["verdict"] == "ok"


def test_the_page_has_curves_over_time(days, tmp_path: Path):
    days([0.0, 0.3])

    page = (tmp_path / "report" / "report.html").read_text()

    assert "Effects over time" in page
    assert page.count("<polyline") == 8
    assert np.isfinite([float(x) for x in page.split('cx="')[1].split('"')[:1]]).all()


def test_the_newest_report_alone_is_enough(days, tmp_path, watch):
    reports = days([0.0, 0.12, 0.12], "--wasserstein-tolerance", 0.15, "--psi-tolerance", 0.5)
    for place in (0, 1):
        (tmp_path / "history" / f"{place}" / "report.json").unlink()
    time = window(3)

    report = watch(start=time["start"], end=time["end"])

    assert [one["start"] for one in report["history"]["windows"]] == [
        one["window"]["start"] for one in reports
    ]
    assert report["history"]["leftOut"] == {}
