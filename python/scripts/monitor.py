"""Compare what an endpoint got in a window with what its model was trained on; a processing job.

The model artifact contains the baseline that training wrote. Captured requests are compared with it
feature by feature, the captured predictions, too; labels that came later show their quality. The
report has a verdict, which counts and statistics explain: docs/monitoring.md describes them. Bad
input is counted and reported; a window of which nothing can be judged has a verdict, too.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import math
import sys
from datetime import datetime, timedelta, timezone
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from baseline import Baseline, Numbers, read_baseline
from capture import TIME_FORMAT, Period, moment_of
from drift import Tolerances, judge
from job import ArgumentParser, JobError, exit_message, number, run, whole_number, written_aside
from labels import LabelledPredictions
from monitor_history import carried, judged, known_windows, slow_drift, usual_volume
from monitor_quality import QualitySettings, judge_quality
from monitor_report import monitor_page
from monitor_verdict import decide, flat_metrics, short
from quality import NUMBERS, base_name
from window import Window

VERSION = 1


def monitor(options: argparse.Namespace) -> dict[str, Any]:
    """Return the content of report.json.

    Parameters
    ----------
    options : Namespace
        The arguments of the script.

    Raises
    ------
    JobError
        If the window is not one.
    """
    period = _period(options)
    baseline, reason = _baseline(options.model)
    model = _digest(options.model / "model.tar.gz")
    window = Window(baseline, options.seed)
    tolerances = Tolerances(
        options.alpha,
        options.psi_tolerance,
        options.jensen_shannon_tolerance,
        options.wasserstein_tolerance,
        options.share_tolerance,
    )
    settings = QualitySettings(
        options.metric, options.alpha, options.quality_tolerance, options.release_value
    )
    quality = _read(window, baseline, period, options, settings)
    features, prediction, requests = judge(window, tolerances, options.seed)
    columns = [*features, *([prediction] if prediction else [])]
    known, left_out = known_windows(options.history, model, period, VERSION)
    earlier = judged(known, period)
    summary: dict[str, Any] = {
        "created": period.now.strftime(TIME_FORMAT),
        "start": period.start.strftime(TIME_FORMAT),
        "end": period.end.strftime(TIME_FORMAT),
        "hours": period.hours,
        "requests": window.requests,
        "notable": [column["name"] for column in columns if column["notable"]],
        "effects": {column["name"]: column["effect"] for column in columns},
        "quality": {key: quality[key] for key in ("value", "low", "high")}
        if "value" in quality
        else None,
    }
    usual = usual_volume(earlier)
    report: dict[str, Any] = {
        "version": VERSION,
        "created": summary["created"],
        "window": {
            **{key: summary[key] for key in ("start", "end", "hours")},
            "complete": period.now >= period.end + timedelta(minutes=options.grace_minutes),
        },
        "model": {"sha256": model, "baseline": reason or "read"},
        "settings": {
            key: value if isinstance(value, (int, float)) else str(value)
            for key, value in vars(options).items()
            if value is not None
        },
        "requests": {
            "count": window.requests,
            "refused": window.refused,
            "refusals": dict(window.refusals.most_common()),
            "perHour": window.requests / period.hours,
            "usualPerHour": usual,
            "byHour": dict(sorted(window.by_hour.items())),
            "checks": requests,
        },
        "rows": {
            "count": window.rows,
            "predictions": window.predicted,
            **dict(sorted(window.reader.counts.items())),
            "lacking": dict(window.reader.lacking.most_common()),
            "unexpected": dict(window.reader.unexpected.most_common()),
        },
        "skipped": {key: n for key, n in sorted(window.skipped.items()) if n},
        "features": features,
        "prediction": prediction,
        "quality": quality,
        "slowDrift": slow_drift(summary, earlier, options.slow_k, options.slow_n),
        "history": {
            "windows": carried(known),
            "judged": len(earlier),
            "leftOut": dict(left_out),
        },
    }
    verdict, alarms = decide(report, options.volume_factor)
    report = {"verdict": verdict, "alarms": alarms, **report}
    report["summary"] = {**summary, "verdict": verdict}
    report["metrics"] = flat_metrics(report)
    return _without_infinite(report)


def _without_infinite(value: Any) -> Any:
    """Return data with None for each number that JSON has not; callers may send large numbers."""
    if isinstance(value, dict):
        return {key: _without_infinite(one) for key, one in value.items()}
    if isinstance(value, list):
        return [_without_infinite(one) for one in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value


def _read(
    window: Window,
    baseline: Baseline | None,
    period: Period,
    options: argparse.Namespace,
    settings: QualitySettings,
) -> dict[str, Any]:
    """Read capture and labels; return how good the labelled predictions are."""
    has_labels = options.labels.is_dir() and any(options.labels.rglob("*"))
    if not has_labels:
        window.read(options.capture, period, None)
        return judge_quality(None, baseline, settings)
    numeric = (
        isinstance(baseline.prediction, Numbers)
        if baseline and baseline.prediction
        else base_name(options.metric) in NUMBERS
    )
    with TemporaryDirectory(prefix="labels-") as folder:
        labelled = LabelledPredictions(Path(folder) / "labels", numeric, options.seed)
        try:
            labelled.read(options.labels)
            window.read(options.capture, period, labelled)
            return judge_quality(labelled, baseline, settings)
        finally:
            labelled.close()


def _period(options: argparse.Namespace) -> Period:
    if options.start >= options.end:
        raise JobError(
            f"--end must be after --start, got {options.start:{TIME_FORMAT}} to "
            f"{options.end:{TIME_FORMAT}}"
        )
    if options.slow_k > options.slow_n:
        raise JobError(
            f"--slow-k must be at most --slow-n, got {options.slow_k} of {options.slow_n}"
        )
    now = options.now or datetime.now(timezone.utc).replace(microsecond=0)
    return Period(options.start, options.end, now, options.labels_start or options.start)


def _baseline(folder: Path) -> tuple[Baseline | None, str | None]:
    try:
        return read_baseline(folder), None
    except JobError as error:
        return None, str(error)


def _digest(path: Path) -> str | None:
    if not path.is_file():
        return None
    digest = hashlib.sha256()
    with path.open("rb") as file:
        for block in iter(lambda: file.read(1 << 20), b""):
            digest.update(block)
    return digest.hexdigest()


def _moment(text: str) -> datetime:
    try:
        return moment_of(text)
    except ValueError:
        raise argparse.ArgumentTypeError(
            f"must be a time as 2026-11-28T10:00:00Z, got '{text}'"
        ) from None


def _finite(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not math.isfinite(value):
        raise argparse.ArgumentTypeError(f"must be a finite number, got '{text}'")
    return value


def _probability(text: str) -> float:
    value = number(0, exclusive=True)(text)
    if value >= 0.5:
        raise argparse.ArgumentTypeError(f"must be below 0.5, got '{text}'")
    return value


def _parser() -> ArgumentParser:
    parser = ArgumentParser(description=__doc__)
    inputs = "/opt/ml/processing/input"
    add = parser.add_argument
    add("--capture", type=Path, default=f"{inputs}/capture", help="captured requests, *.jsonl")
    add("--model", type=Path, default=f"{inputs}/model", help="folder of the model.tar.gz")
    add("--labels", type=Path, default=f"{inputs}/labels", help="labels; may be absent")
    add("--history", type=Path, default=f"{inputs}/history", help="earlier reports; may be absent")
    add("--output", type=Path, default="/opt/ml/processing/output/report")
    add("--start", type=_moment, required=True, help="start of the window, in ISO 8601")
    add("--end", type=_moment, required=True, help="end of the window, not part of it")
    add("--labels-start", type=_moment, help="labelled requests from then on; default: the start")
    add("--now", type=_moment, help="when the files were read; default: now")
    add("--metric", default="test_r2", help="the gate's metric: r2, rmse, mae, accuracy or f1")
    add("--release-value", type=_finite, help="its value at release; default: the baseline's")
    add("--alpha", type=_probability, default=0.01, help="probability of a false alarm")
    add("--psi-tolerance", type=number(0, exclusive=True), default=0.1)
    add("--jensen-shannon-tolerance", type=number(0, exclusive=True), default=0.1)
    add(
        "--wasserstein-tolerance",
        type=number(0, exclusive=True),
        default=0.1,
        help="in standard deviations of the baseline",
    )
    add(
        "--share-tolerance",
        type=_probability,
        default=0.02,
        help="of rows that are refused, missing a value, out of range or of another schema",
    )
    add(
        "--quality-tolerance", type=number(0), default=0.1, help="as a share of the release's value"
    )
    add("--volume-factor", type=number(1, exclusive=True), default=10.0)
    add("--slow-k", type=whole_number(1), default=3, help="slow drift: in k windows")
    add("--slow-n", type=whole_number(1), default=5, help="slow drift: of n windows")
    add("--grace-minutes", type=number(0), default=10.0, help="until all requests are delivered")
    add("--seed", type=whole_number(0), default=42)
    return parser


def main() -> None:
    """Parse the arguments and run."""
    options = _parser().parse_args()
    report = monitor(options)
    page = monitor_page(report)
    with written_aside(options.output) as aside:
        text = json.dumps(report, indent=1, allow_nan=False)
        (aside / "report.json").write_text(text, encoding="utf-8")
        (aside / "report.html").write_bytes(page.encode("utf-8", "backslashreplace"))
        verdict = json.dumps(short(report), allow_nan=False)
        (aside / "verdict.json").write_text(verdict, encoding="utf-8")
    for name, value in report["metrics"].items():
        print(f"{name}: {value}")
    print(f"verdict: {report['verdict']}")
    for alarm in report["alarms"]:
        print(f"{alarm['verdict']}: {alarm['reason']}")


if __name__ == "__main__":
    sys.exit(run(main, exit_message()))
