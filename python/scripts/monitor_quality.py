"""Judge the quality of a window's predictions against the quality at release."""

from __future__ import annotations

import math
from typing import Any, NamedTuple

from scipy import stats

from baseline import Baseline
from labels import LabelledPredictions
from quality import BETTER, Measured, base_name

FEWEST_LABELS = 50


class QualitySettings(NamedTuple):
    """How quality is judged.

    Attributes
    ----------
    metric : str
        Name of the gate's metric.
    alpha : float
        Probability of an alarm if the quality is that at release, less the tolerance.
    tolerance : float
        What is no loss, as a share of the value at release.
    release : float, optional
        The value at release; without it, that of the baseline.
    """

    metric: str
    alpha: float
    tolerance: float
    release: float | None


def judge_quality(
    labelled: LabelledPredictions | None, baseline: Baseline | None, settings: QualitySettings
) -> dict[str, Any]:
    """Return the metric of labelled predictions with its interval, and whether it got worse.

    Returns
    -------
    dict
        As ``quality`` of report.json; ``status`` says what else is there: ``noLabels``,
        ``tooFewLabels``, ``unknownMetric`` or ``notDefined`` without a value, ``noRelease`` with a
        value that nothing is compared with, or ``judged``.
    """
    name = base_name(settings.metric)
    found: dict[str, Any] = {"metric": settings.metric, "alarm": False}
    if labelled is None:
        return {**found, "status": "noLabels"}
    measured = labelled.measure()
    rows = labelled.counts["labelled"]
    found["labelled"] = rows
    found["counts"] = {key: n for key, n in sorted(labelled.counts.items()) if n}
    if name not in BETTER:
        return {**found, "status": "unknownMetric"}
    if rows < FEWEST_LABELS:
        return {**found, "status": "tooFewLabels" if rows else "noLabels"}
    if name not in measured:
        return {**found, "status": "notDefined"}
    value = measured[name]
    half = float(stats.norm.isf(settings.alpha / 2)) * value.deviation
    found.update(
        {
            "value": value.value,
            "low": value.value - half,
            "high": value.value + half,
            "confidence": 1 - settings.alpha,
            "better": BETTER[name],
        }
    )
    release = baseline.quality.get(name) if baseline else None
    if settings.release is not None:
        release = Measured(settings.release, release.deviation if release else 0.0)
    if release is None:
        return {**found, "status": "noRelease"}
    sign = 1 if BETTER[name] == "greater" else -1
    worse = sign * (release.value - value.value)
    deviation = math.hypot(value.deviation, release.deviation)
    chance = float(stats.norm.isf(settings.alpha)) * deviation
    limit = settings.tolerance * abs(release.value)
    return {
        **found,
        "status": "judged",
        "release": release.value,
        "worseBy": worse,
        "tolerance": limit,
        "smallestLoss": limit + chance,
        "alarm": worse > limit + chance,
    }
