"""What earlier reports add: slow drift, the usual volume, curves."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from capture import Period, moment_of
from monitor_history import carried, judged
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
        "replaced": 2,
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


def hours(start: int, length: int = 1, **changes: Any) -> "dict[str, Any]":
    """Return a summary of a window that starts so many hours after the day began."""
    day, hour = divmod(start, 24)
    after = divmod(start + length, 24)
    return {
        "created": f"2026-11-{after[0] + 1:02}T{after[1]:02}:15:00Z",
        "start": f"2026-11-{day + 1:02}T{hour:02}:00:00Z",
        "end": f"2026-11-{after[0] + 1:02}T{after[1]:02}:00:00Z",
        "hours": float(length),
        "verdict": "ok",
        "requests": 240 * length,
        "notable": [],
        "effects": {"x1": 0.1},
        "quality": None,
        **changes,
    }


def knowing(watch: Monitor, tmp_path: Path, windows: "list[Any]") -> None:
    """Keep a report that knows windows."""
    report = watch()
    report["history"]["windows"] = windows[:-1]
    keep(tmp_path, "report.json", {**report, "summary": windows[-1]})


def test_of_windows_that_overlap_all_are_kept_and_those_apart_are_judged(
    watch: Monitor, captured: Path, tmp_path: Path
):
    # Windows of 24 hours that start every 6 hours.
    rows = numbers(12_000, 6)
    rows[:, 1] += 0.12
    (captured / "a.jsonl").write_text("".join(lines(rows, per_request=100)))
    before = [hours(start, 24, notable=["x1"]) for start in range(24 * 24, 24 * 25 + 13, 6)]
    before += [hours(start, 24) for start in range(24 * 20, 24 * 24, 6)]
    day = {"start": "2026-11-26T18:00:00Z", "end": "2026-11-27T18:00:00Z"}
    now = ("--now", "2026-11-27T18:15:00Z")
    settings = ("--wasserstein-tolerance", 0.15, "--psi-tolerance", 0.5)
    knowing(watch, tmp_path, sorted(before, key=lambda one: one["start"]))

    report = watch(*settings, *now, "--slow-k", 2, **day)

    known = report["history"]["windows"]
    assert [one["start"] for one in known] == sorted(one["start"] for one in before)
    assert report["history"]["judged"] == 5
    assert report["slowDrift"] == [{"name": "x1", "windows": 2, "of": 5}]
    assert report["requests"]["usualPerHour"] == 240
    assert {alarm["verdict"] for alarm in report["alarms"]} == {"slow-drift", "volume"}


def test_a_run_on_an_old_window_loses_nothing(watch: Monitor, captured: Path, tmp_path: Path):
    (captured / "a.jsonl").write_text("".join(lines(numbers(100, 5))))
    # Before and after the window, which is hour 634.
    starts = [630, 631, 632, 640, 641, 642]
    knowing(watch, tmp_path, [hours(start, effects={"x1": 3.0}) for start in starts])

    old = watch()
    page = (tmp_path / "report" / "report.html").read_text()
    keep(tmp_path, "report.json", old)
    new = watch(start="2026-11-27T19:00:00Z", end="2026-11-27T20:00:00Z")

    assert old["history"]["judged"] == 3
    assert page.count(f">{hours(630)['start']}</text>") == 1, "the first of the curves"
    assert page.count(f">{hours(634)['start']}</text>") == 1, "the last"
    assert page.count("<circle") == 3 + 8, "only x1 has earlier values"
    assert [one["start"] for one in old["history"]["windows"]] == [
        hours(start)["start"] for start in starts
    ]
    assert [one["start"] for one in new["history"]["windows"]] == [
        hours(start)["start"] for start in [630, 631, 632, 634, 640, 641, 642]
    ]
    assert new["history"]["judged"] == 7


def test_windows_of_a_schedule_that_is_some_seconds_late_are_all_judged():
    start, end = (moment_of(hours(100)[key]) for key in ("start", "end"))
    windows = [{**hours(99), "end": "2026-11-05T04:00:20Z"}, hours(98), hours(100)]

    found = judged(windows, Period(start, end, end, start))

    assert [one["start"] for one in found] == [hours(98)["start"], hours(99)["start"]]


def test_as_many_windows_are_carried_on_as_have_room(monkeypatch: pytest.MonkeyPatch):
    windows = [hours(start) for start in range(40)]
    assert carried(windows) == windows

    monkeypatch.setattr("monitor_history.KEPT_WINDOWS", 35)
    assert carried(windows) == windows[5:]
    monkeypatch.setattr("monitor_history.MOST_KEPT_BYTES", 10 * len(json.dumps(windows[0])))
    assert carried(windows) == windows[30:]


@pytest.mark.parametrize(
    "changes",
    [
        {"requests": float("inf")},
        {"effects": {"x1": float("nan")}},
        {"quality": {"value": float("nan"), "low": 0, "high": 0}},
        {"end": "9999-12-31T23:59:59-12:00"},
        {"end": "2026-11-01T00:00:00Z"},
    ],
)
def test_a_report_whose_numbers_are_none_is_left_out(
    watch: Monitor, captured: Path, tmp_path: Path, changes: "dict[str, Any]"
):
    (captured / "a.jsonl").write_text("".join(lines(numbers(100, 5))))
    report = watch()
    keep(tmp_path, "a.json", {**report, "summary": hours(600, **changes)})

    assert watch()["history"] == {"windows": [], "judged": 0, "leftOut": {"unreadable": 1}}
