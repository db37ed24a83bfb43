"""Decide whether a model may be released: by a threshold, and by the model in service."""

from __future__ import annotations

import json
from typing import Any, Literal, NamedTuple

from evaluation import (
    BETTER,
    MAX_METRIC_NAME,
    Better,
    EvaluationFileInvalid,
    is_finite_number,
    passes,
    shown,
)

# The values of "status" in comparison.json.
COMPARED, FIRST_RELEASE, NOT_COMPARABLE = "compared", "first-release", "not-comparable"

MAX_REASON = 1000

Rule = Literal["Threshold", "FirstRelease", "Margin", "ChampionNotComparable"]


class Difference(NamedTuple):
    """The new model's improvement of a metric; positive is better for every metric.

    Attributes
    ----------
    value, low, high : float
        The improvement on the held-out rows, and its confidence interval.
    """

    metric: str
    value: float
    low: float
    high: float
    confidence: float


class Comparison(NamedTuple):
    """The content of comparison.json.

    Attributes
    ----------
    status : str
        ``compared``, ``first-release`` or ``not-comparable``.
    reason : str
        Why nothing is compared; empty if something is.
    difference : Difference or None
        None unless something is compared.
    better : str or None
        Which values of the compared metric are better; None if the comparison does not state it.
    """

    status: str
    reason: str
    difference: Difference | None
    better: Better | None = None


class Decision(NamedTuple):
    """The verdict, the rule that decided, and the reason as text."""

    passed: bool
    rule: Rule
    reason: str


def read_comparison(content: bytes) -> Comparison:
    """Read comparison.json.

    Raises
    ------
    EvaluationFileInvalid
        If it is not in the format of the comparison job.
    """
    try:
        comparison = json.loads(content.decode("utf-8-sig"))
    except (ValueError, RecursionError) as error:
        raise EvaluationFileInvalid(f"comparison.json must be JSON: {error}") from error
    if not isinstance(comparison, dict):
        raise EvaluationFileInvalid("comparison.json must be an object")
    status = comparison.get("status")
    if status == COMPARED:
        difference = comparison.get("difference")
        return Comparison(COMPARED, "", _difference(difference), _better(difference))
    if status in (FIRST_RELEASE, NOT_COMPARABLE):
        return Comparison(status, _reason(comparison.get("reason")), None)
    raise EvaluationFileInvalid(
        f"comparison.json: status must be one of {COMPARED}, {FIRST_RELEASE}, {NOT_COMPARABLE}, "
        f"got {shown(status)}"
    )


def decide(
    metrics: dict[str, float],
    metric: str,
    threshold: float,
    comparison: Comparison | None = None,
    margin: float = 0.0,
    accept_incomparable: bool = False,
    better: Better = "greater",
) -> Decision:
    """Decide about a new model.

    It passes if its metric is better than the threshold, and there is no champion or the lower
    bound of its improvement over the champion exceeds the margin.

    Parameters
    ----------
    metrics : dict of str to float
        Metrics of the new model.
    metric : str
        The metric to compare with the threshold.
    threshold : float
        In the unit of the metric.
    comparison : Comparison, optional
        With the champion; None if the workflow does not compare.
    margin : float
        In the unit of the compared metric, positive for an improvement. 0 requires an improvement
        beyond noise; a negative margin tolerates that much loss.
    accept_incomparable : bool
        Whether passing the threshold is enough to replace a champion that cannot be compared.
    better : str
        Which values of the metric are better: ``greater`` or ``smaller``.

    Raises
    ------
    MetricMissing
        If there is no such metric.
    EvaluationFileInvalid
        If the comparison disagrees about which values of the same metric are better.
    """
    passed = passes(metrics, metric, threshold, better)
    value = _readable(metrics[metric], threshold)
    threshold_text = f"{metric} is {value}, {'' if passed else 'must be '}{better} than {threshold}"
    if not passed or comparison is None:
        return Decision(passed, "Threshold", threshold_text)
    difference = comparison.difference
    if difference is not None:
        if difference.metric == metric and comparison.better not in (None, better):
            raise EvaluationFileInvalid(
                f"in comparison.json {comparison.better} values of {metric} are better, in the "
                f"gate {better} ones: fix gate.better"
            )
        return _decide_by_margin(difference, margin, threshold_text)
    if comparison.status == FIRST_RELEASE:
        return Decision(
            True, "FirstRelease", f"{threshold_text}; first release, there is no champion"
        )
    return Decision(
        accept_incomparable,
        "ChampionNotComparable",
        f"{threshold_text}; {comparison.reason}"
        + ("; accepted anyway" if accept_incomparable else "; not released without a comparison"),
    )


def _readable(value: float, threshold: float) -> str:
    """Return the value with four digits, or as many as it takes to differ from the threshold."""
    whole = len(str(int(abs(value))))
    for digits in range(max(4, whole), 17):
        text = f"{value:.{digits}g}"
        if float(text) != threshold or value == threshold:
            return text
    return str(value)


def _decide_by_margin(difference: Difference, margin: float, start: str) -> Decision:
    enough = difference.low > margin
    return Decision(
        enough,
        "Margin",
        f"{start}; over the champion {difference.metric} improves by {difference.value:.4g}, "
        f"with {difference.confidence * 100:g} % confidence by {difference.low:.4g} or more, "
        + (f"greater than {margin:g}" if enough else f"which must be greater than {margin:g}"),
    )


def _reason(reason: Any) -> str:
    return reason[:MAX_REASON] if isinstance(reason, str) else shown(reason)


def _difference(difference: Any) -> Difference:
    metric = difference.get("metric") if isinstance(difference, dict) else None
    if not isinstance(metric, str) or len(metric) > MAX_METRIC_NAME:
        raise EvaluationFileInvalid("comparison.json: difference must be an object with a metric")
    numbers: dict[str, Any] = {
        key: difference.get(key) for key in ("value", "low", "high", "confidence")
    }
    for key, value in numbers.items():
        if not is_finite_number(value):
            raise EvaluationFileInvalid(
                f"comparison.json: difference.{key} must be a finite number, got {shown(value)}"
            )
    return Difference(metric=metric, **numbers)


def _better(difference: Any) -> Better | None:
    better = difference.get("better")
    if better is not None and better not in BETTER:
        raise EvaluationFileInvalid(
            f"comparison.json: difference.better must be {' or '.join(BETTER)}, got {shown(better)}"
        )
    return better
