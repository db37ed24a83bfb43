"""What earlier reports of the same model say, for slow drift, volume and pictures over time."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from statistics import median
from typing import Any

from capture import Period, moment_of

# Earlier windows that a report's pictures show.
SHOWN_WINDOWS = 30
# Without so many earlier windows, nobody knows which volume is usual.
FEWEST_WINDOWS = 3
# Larger files are no reports.
MAX_BYTES = 50_000_000


def earlier_windows(
    folder: Path, model: str | None, period: Period, version: int
) -> tuple[list[dict[str, Any]], Counter[str]]:
    """Return what earlier reports say about their windows, the earliest first.

    Parameters
    ----------
    folder : Path
        Earlier report.json at any depth; may be absent.
    model : str or None
        The digest of the model: what another model got says nothing about this one.
    period : Period
        The window; only reports of windows that end before it starts count.
    version : int
        The version of the reports.

    Returns
    -------
    list of dict
        The ``summary`` of each report, and of the windows that it knew itself; of two reports on
        a window, the later one's.
    Counter
        How many reports were left out, by the reason.
    """
    left_out: Counter[str] = Counter()
    found: dict[str, tuple[str, dict[str, Any]]] = {}
    known_then: dict[str, dict[str, Any]] = {}
    for path in sorted(folder.rglob("*.json")):
        try:
            if path.stat().st_size > MAX_BYTES:
                raise ValueError("too large for a report")
            report = json.loads(path.read_bytes())
            summary, made = report["summary"], str(report["created"])
            if report["version"] != version:
                left_out["otherVersion"] += 1
                continue
            if report["model"]["sha256"] != model:
                left_out["otherModel"] += 1
                continue
            for window in map(_checked, report["history"]["windows"]):
                if moment_of(window["end"]) <= period.start:
                    known_then[window["start"]] = window
            if moment_of(summary["end"]) > period.start:
                left_out["notEarlier"] += 1
            else:
                checked = _checked(summary)
                known = found.get(checked["start"])
                left_out["replaced"] += known is not None
                if known is None or known[0] <= made:
                    found[checked["start"]] = made, checked
        except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError):
            left_out["unreadable"] += 1
    windows = {**known_then, **{start: summary for start, (_, summary) in found.items()}}
    return [summary for _, summary in sorted(windows.items())], +left_out


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


def _checked(summary: Mapping[str, Any]) -> dict[str, Any]:
    """Return a summary; raise if it lacks what a later report reads of it."""
    return {
        "start": str(summary["start"]),
        "end": str(summary["end"]),
        "hours": max(float(summary["hours"]), 1 / 3600),
        "verdict": str(summary["verdict"]),
        "requests": int(summary["requests"]),
        "notable": [str(name) for name in summary["notable"]],
        "effects": {str(name): float(value) for name, value in summary["effects"].items()},
        "quality": summary["quality"]
        and {key: float(summary["quality"][key]) for key in ("value", "low", "high")},
    }
