"""What earlier reports of the same model say, for slow drift, volume and pictures over time."""

from __future__ import annotations

import json
import math
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from statistics import median
from typing import Any

from capture import TIME_FORMAT, Period, moment_of

# Windows that a report carries on, as far as they take so many bytes: five of 120 hours that start
# every hour are among 600.
KEPT_WINDOWS = 750
MOST_KEPT_BYTES = 10_000_000
# Windows of a schedule overlap by seconds; this share of the shorter one is no overlap.
OVERLAP = 0.1
# Without so many earlier windows, nobody knows which volume is usual.
FEWEST_WINDOWS = 3
# Larger files are no reports.
MAX_BYTES = 50_000_000
UNREADABLE = (OSError, ValueError, LookupError, TypeError, AttributeError, ArithmeticError)


def known_windows(
    folder: Path, model: str | None, period: Period, version: int
) -> tuple[list[dict[str, Any]], Counter[str]]:
    """Return what reports say about all windows except this one, the earliest first.

    Parameters
    ----------
    folder : Path
        Earlier report.json at any depth; may be absent.
    model : str or None
        The digest of the model: what another model got says nothing about this one.
    period : Period
        This window, of which the new report tells.
    version : int
        The version of the reports.

    Returns
    -------
    list of dict
        The ``summary`` of each report, and of the windows that it knew itself; of two on a
        window, the later one's.
    Counter
        How many reports were left out, by the reason.
    """
    left_out: Counter[str] = Counter()
    own = period.start.strftime(TIME_FORMAT), period.end.strftime(TIME_FORMAT)
    known: dict[tuple[str, str], dict[str, Any]] = {}
    of_reports = {own}
    for path in sorted(folder.rglob("*.json")):
        try:
            if path.stat().st_size > MAX_BYTES:
                raise ValueError("too large for a report")
            report = json.loads(path.read_bytes())
            if report["version"] != version:
                left_out["otherVersion"] += 1
                continue
            if report["model"]["sha256"] != model:
                left_out["otherModel"] += 1
                continue
            window = _checked({"created": report["created"], **report["summary"]})
            windows = [window, *map(_checked, report["history"]["windows"])]
        except (*UNREADABLE, RecursionError):
            left_out["unreadable"] += 1
            continue
        left_out["replaced"] += _key(window) in of_reports
        of_reports.add(_key(window))
        for found in windows:
            before = known.get(_key(found))
            if before is None or before["created"] <= found["created"]:
                known[_key(found)] = found
    known.pop(own, None)
    return [window for _, window in sorted(known.items())], +left_out


def carried(windows: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return the newest windows, as many as a report carries on to later ones."""
    size, kept = 0, []
    for window in reversed(windows[-KEPT_WINDOWS:]):
        size += len(json.dumps(window))
        if size > MOST_KEPT_BYTES:
            break
        kept.append(window)
    return kept[::-1]


def judged(windows: Sequence[dict[str, Any]], period: Period) -> list[dict[str, Any]]:
    """Return the windows before this one of which no two share their requests, the earliest first.

    Windows of 24 hours that start every 6 hours have each request four times: of them, every fourth
    one is returned, so that "in 3 of 5 windows" always speaks of different requests.
    """
    chosen: list[dict[str, Any]] = []
    start, hours = period.start, period.hours
    # Of windows that end together, the one that is most like this one.
    order = [(one["end"], -abs(one["hours"] - period.hours), one["start"]) for one in windows]
    for place in sorted(range(len(windows)), key=order.__getitem__, reverse=True):
        window = windows[place]
        shared = (moment_of(window["end"]) - start).total_seconds() / 3600
        if shared <= OVERLAP * min(window["hours"], hours):
            chosen.append(window)
            start, hours = moment_of(window["start"]), window["hours"]
    return chosen[::-1]


def slow_drift(
    current: Mapping[str, Any], earlier: Sequence[Mapping[str, Any]], k: int, n: int
) -> list[dict[str, Any]]:
    """Return the columns that drifted a little in `k` or more of the last `n` windows.

    Parameters
    ----------
    current : mapping
        This window's summary.
    earlier : sequence of mapping
        The summaries of earlier windows.
    k, n : int
        The current window is one of the `n`, and must be one of the `k`.
    """
    windows = [*earlier[-(n - 1) :], current] if n > 1 else [current]
    return [
        {"name": name, "windows": count, "of": len(windows)}
        for name in current["notable"]
        for count in [sum(name in window["notable"] for window in windows)]
        if count >= k
    ]


def usual_volume(earlier: Sequence[Mapping[str, Any]]) -> float | None:
    """Return the median of the requests per hour; None with too few earlier windows."""
    if len(earlier) < FEWEST_WINDOWS:
        return None
    return float(median(window["requests"] / window["hours"] for window in earlier))


def _key(window: Mapping[str, Any]) -> tuple[str, str]:
    return window["start"], window["end"]


def _checked(summary: Mapping[str, Any]) -> dict[str, Any]:
    """Return a summary; raise if it lacks what a later report reads of it."""
    start, end = (moment_of(str(summary[key])) for key in ("start", "end"))
    if start >= end:
        raise ValueError("a window must end after its start")
    return {
        "created": str(summary.get("created", "")),
        "start": start.strftime(TIME_FORMAT),
        "end": end.strftime(TIME_FORMAT),
        "hours": (end - start).total_seconds() / 3600,
        "verdict": str(summary["verdict"]),
        "requests": int(summary["requests"]),
        "notable": [str(name) for name in summary["notable"]],
        "effects": {str(name): _finite(value) for name, value in summary["effects"].items()},
        "quality": summary["quality"]
        and {key: _finite(summary["quality"][key]) for key in ("value", "low", "high")},
    }


def _finite(value: Any) -> float:
    if not math.isfinite(value):
        raise ValueError("must be a finite number")
    return float(value)
