"""Decide whether a model may be released: by a threshold, and by the model that serves."""

from __future__ import annotations

import json
from typing import Any, Literal, NamedTuple

from evaluation import (
    MAX_METRIC_NAME,
    Better,
    EvaluationFileInvalid,
    is_finite_number,
    passes,
    shown,
)

# What the comparison job writes under "status".
COMPARED, FIRST_RELEASE, NOT_COMPARABLE = "compared", "first-release", "not-comparable"

MAX_REASON = 1000

Rule = Literal["Threshold", "FirstRelease", "Margin", "ChampionNotComparable"]


class Difference(NamedTuple):
    """By how much the new model improves a metric; positive is better, whatever the metric.

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
    """What comparison.json says.

    Attributes
    ----------
    status : str
        ``compared``, ``first-release`` or ``not-comparable``.
    reason : str
        Why nothing is compared; empty if something is.
    difference : Difference or None
        None unless something is compared.
    better : str or None
        Which values of the compared metric count as better; None where the comparison does not say.
    """

    status: str
    reason: str
    difference: Difference | None
    better: Better | None = None


class Decision(NamedTuple):
    """The verdict, the rule that gave it, and a sentence for people."""

    passed: bool
    rule: Rule
    reason: str


def read_comparison(content: bytes) -> Comparison:
    """Read comparison.json.

    Raises
    ------
    EvaluationFileInvalid
        If it is not what the comparison job writes.
    """
    try:
        comparison = json.loads(content.decode("utf-8-sig"))
    except (ValueError, RecursionError) as error:
        raise EvaluationFileInvalid(f"comparison.json is not JSON: {error}") from error
    if not isinstance(comparison, dict):
        raise EvaluationFileInvalid("comparison.json is not an object")
    status = comparison.get("status")
    if status == COMPARED:
        difference = comparison.get("difference")
        return Comparison(COMPARED, "", _difference(difference), _better(difference))
    if status in (FIRST_RELEASE, NOT_COMPARABLE):
        return Comparison(status, _reason(comparison.get("reason")), None)
    raise EvaluationFileInvalid(
        f"comparison.json: status is {shown(status)}, not one of "
        f"{COMPARED}, {FIRST_RELEASE}, {NOT_COMPARABLE}"
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

    It passes if its metric is on the better side of the threshold, and there is no champion or the
    lower bound of its improvement over the champion is greater than the margin.

    Parameters
    ----------
    metrics : dict of str to float
        The new model's.
    metric : str
        The one that the threshold is for.
    threshold : float
        In the metric's unit.
    comparison : Comparison, optional
        With the champion; None where the workflow compares nothing.
    margin : float
        In the unit of the compared metric, positive for an improvement in either direction. 0 asks
        for better beyond noise; what is negative tolerates as much loss.
    accept_incomparable : bool
        Whether a champion that cannot be compared with may be replaced by what only passes
        the threshold.
    better : str
        Which values of the metric are better, ``greater`` or ``smaller`` ones.

    Raises
    ------
    MetricMissing
        If there is no such metric.
    EvaluationFileInvalid
        If the comparison takes other values of the same metric for the better ones.
    """
    passed = passes(metrics, metric, threshold, better)
    told = f"{metric} is {metrics[metric]}, {'' if passed else 'must be '}{better} than {threshold}"
    if not passed or comparison is None:
        return Decision(passed, "Threshold", told)
    difference = comparison.difference
    if difference is not None:
        if difference.metric == metric and comparison.better not in (None, better):
            raise EvaluationFileInvalid(
                f"comparison.json: {comparison.better} values of {metric} are better, but the gate "
                f"says {better}; correct gate.better"
            )
        return _decide_by_margin(difference, margin, told)
    if comparison.status == FIRST_RELEASE:
        return Decision(True, "FirstRelease", f"{told}; first release, there is no champion")
    return Decision(
        accept_incomparable,
        "ChampionNotComparable",
        f"{told}; {comparison.reason}"
        + ("; accepted all the same" if accept_incomparable else "; not released without a look"),
    )


def _decide_by_margin(difference: Difference, margin: float, told: str) -> Decision:
    enough = difference.low > margin
    return Decision(
        enough,
        "Margin",
        f"{told}; over the champion {difference.metric} improves by {difference.value:.4g}, "
        f"with {difference.confidence * 100:g} % confidence by {difference.low:.4g} or more, "
        + (f"greater than {margin:g}" if enough else f"which must be greater than {margin:g}"),
    )


def _reason(reason: Any) -> str:
    return reason[:MAX_REASON] if isinstance(reason, str) else shown(reason)


def _difference(difference: Any) -> Difference:
    metric = difference.get("metric") if isinstance(difference, dict) else None
    if not isinstance(metric, str) or len(metric) > MAX_METRIC_NAME:
        raise EvaluationFileInvalid("comparison.json: difference is not an object with a metric")
    numbers: dict[str, Any] = {
        key: difference.get(key) for key in ("value", "low", "high", "confidence")
    }
    for key, value in numbers.items():
        if not is_finite_number(value):
            raise EvaluationFileInvalid(
                f"comparison.json: difference.{key} is {shown(value)}, not a finite number"
            )
    return Difference(metric=metric, **numbers)


def _better(difference: Any) -> Better | None:
    higher = difference.get("higherIsBetter")
    if higher is None:
        return None
    if not isinstance(higher, bool):
        raise EvaluationFileInvalid(
            f"comparison.json: difference.higherIsBetter is {shown(higher)}, not true or false"
        )
    return "greater" if higher else "smaller"
