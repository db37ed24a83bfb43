"""The verdict of a report: the most serious of its alarms, each with its reason."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from typing import Any

from cells import shown, valid_text
from drift import FEWEST_ROWS

# The most serious first, and whether somebody is told of it.
VERDICTS = {
    "quality": True,
    "drift": True,
    "bad-requests": True,
    "silence": True,
    "slow-drift": True,
    "volume": True,
    "no-baseline": False,
    "too-little": False,
    "ok": False,
}
# Of skipped lines, those that somebody has to look after.
FAULTS = (
    *("clockSkew", "invalidEvents", "unreadableFiles", "unreadableInputs", "unreadableLines"),
    "unreadableOutputs",
)
WORDS = {
    "distribution": "its distribution changed",
    "missing": "the share of missing values changed",
    "outOfRange": "values are out of the baseline's range",
    "unseen": "there are categories that the baseline has not",
    "type": "values are of the wrong type",
    "refused": "the model refused requests",
    "schema": "rows have other columns than the baseline",
}


def decide(report: Mapping[str, Any], volume_factor: float) -> tuple[str, list[dict[str, str]]]:
    """Return the verdict, and all alarms, the most serious first.

    Parameters
    ----------
    report : mapping
        The content of report.json, except what is decided here.
    volume_factor : float
        How many times more or fewer requests per hour than usual are an alarm.
    """
    alarms = [
        *_quality(report["quality"]),
        *_columns(report),
        *_requests(report),
        *_volume(report, volume_factor),
        *_not_judged(report),
    ]
    order = list(VERDICTS)
    alarms.sort(key=lambda alarm: order.index(alarm[0]))
    named = [{"verdict": verdict, "reason": reason} for verdict, reason in alarms]
    return (alarms[0][0] if alarms else "ok"), named


# CloudWatch refuses numbers beyond 2^360, and NaN.
# https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_MetricDatum.html
GREATEST_METRIC = 1e100


def flat_metrics(report: Mapping[str, Any]) -> dict[str, float]:
    """Return what is worth a curve over time, by names in CloudWatch's style."""
    requests, quality = report["requests"], report["quality"]
    faults = sum(report["skipped"].get(name, 0) for name in FAULTS)
    found: dict[str, float] = {
        "Alarm": float(VERDICTS[report["verdict"]]),
        "Requests": requests["count"],
        "Rows": report["rows"]["count"],
        "UnreadableRecords": faults,
    }
    if requests["count"]:
        found["RefusedShare"] = requests["refused"] / requests["count"]
    if report["features"]:
        found["DriftedFeatures"] = sum(feature["drift"] for feature in report["features"])
        found["LargestFeatureEffect"] = max(feature["effect"] for feature in report["features"])
        found["SlowlyDriftingColumns"] = len(report["slowDrift"])
    if report["prediction"]:
        found["PredictionEffect"] = report["prediction"]["effect"]
    if "labelled" in quality:
        found["LabelledPredictions"] = quality["labelled"]
    if "value" in quality:
        found["Quality"] = quality["value"]
    if "worseBy" in quality:
        found["QualityLoss"] = quality["worseBy"]
    return {
        name: min(max(float(value), -GREATEST_METRIC), GREATEST_METRIC)
        for name, value in found.items()
        if math.isfinite(value)
    }


# What a state of a state machine reads is small.
MOST_REASONS, MOST_FEATURES, LONGEST = 10, 20, 300


def short(report: Mapping[str, Any]) -> dict[str, Any]:
    """Return what a state machine reads of a report: verdict.json, of at most some kilobytes."""
    columns = [*report["features"], *([report["prediction"]] if report["prediction"] else [])]
    drifted = [column["name"] for column in columns if column["drift"]]
    return {
        "Verdict": report["verdict"],
        "Reasons": [
            valid_text(alarm["reason"][:LONGEST]) for alarm in report["alarms"][:MOST_REASONS]
        ],
        "Features": [valid_text(str(name)[:LONGEST]) for name in drifted[:MOST_FEATURES]],
        "Rows": report["rows"]["count"],
        "Metrics": report["metrics"],
    }


def _quality(quality: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    if quality["alarm"]:
        yield (
            "quality",
            f"{quality['metric']} is {quality['value']:.4g}, at release it was "
            f"{quality['release']:.4g}: worse by more than the tolerance of "
            f"{quality['tolerance']:.3g} and chance, in {quality['labelled']} labelled predictions",
        )


def _columns(report: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    columns = [*report["features"], *([report["prediction"]] if report["prediction"] else [])]
    for column in columns:
        reasons = [WORDS[check["name"]] for check in column["checks"] if check["drift"]]
        if reasons:
            what = "predictions" if column is report["prediction"] else shown(column["name"])
            yield (
                "drift",
                f"{what}: {', '.join(reasons)}; the effect is {column['effect']:.3g} times its "
                "tolerance",
            )
    drifted = {column["name"] for column in columns if column["drift"]}
    for slow in report["slowDrift"]:
        if slow["name"] not in drifted:
            yield (
                "slow-drift",
                f"{shown(slow['name'])}: a small but significant drift in {slow['windows']} of "
                f"{slow['of']} windows",
            )


def _requests(report: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    for check in report["requests"]["checks"]:
        if check["drift"]:
            share = check["effect"] * report["settings"]["share_tolerance"]
            yield "bad-requests", f"{WORDS[check['name']]}: {share:.1%} of them"


def _volume(report: Mapping[str, Any], factor: float) -> Iterator[tuple[str, str]]:
    requests, skipped = report["requests"], report["skipped"]
    if not report["window"]["complete"]:
        return
    if not requests["count"]:
        faults = {name: skipped[name] for name in FAULTS if name in skipped}
        if faults:
            named = ", ".join(f"{name} {count}" for name, count in faults.items())
            yield "bad-requests", f"no captured request of the window could be read: {named}"
        else:
            yield "silence", "no request of the window was captured: check the endpoint's callers"
        return
    usual = requests["usualPerHour"]
    if usual and not usual / factor <= requests["perHour"] <= usual * factor:
        yield (
            "volume",
            f"{requests['perHour']:.4g} requests per hour, usually there are {usual:.4g}",
        )


def _not_judged(report: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    if report["model"]["baseline"] != "read":
        yield "no-baseline", report["model"]["baseline"]
    elif not report["features"]:
        waiting = "" if report["window"]["complete"] else "; more may still be delivered"
        yield (
            "too-little",
            f"{report['rows']['count']} rows are too few to judge, {FEWEST_ROWS} are needed"
            f"{waiting}",
        )
