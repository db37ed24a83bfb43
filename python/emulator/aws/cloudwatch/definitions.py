"""The metrics and threshold of an alarm, parsed from its request."""

from __future__ import annotations

from typing import Any

from moto.cloudwatch.exceptions import InvalidParameterCombination, ValidationError

from emulator.aws.cloudwatch.alarm_state import COMPARISONS, EXTRA_PERIODS, Threshold
from emulator.aws.cloudwatch.metric_math import Series
from emulator.aws.cloudwatch.queries import check_queries, evaluate_queries, query_period
from emulator.aws.cloudwatch.store import MetricStore
from emulator.aws.cloudwatch.summary import STATISTICS, is_statistic, percentile_of
from emulator.runtime.errors import UnsupportedError

_SHORT_PERIODS = (10, 20, 30)
_SERVICES_OF_ACTIONS = ("sns", "lambda")
_ACTIONS = ("AlarmActions", "OKActions", "InsufficientDataActions")
_NOT_HERE = (
    *("ThresholdMetricId", "EvaluationWindow", "WarmUpConfiguration", "EvaluationCriteria"),
    *("EvaluationInterval", "ActionConfiguration"),
)
_LONGEST_SECONDS = 86_400
_ONE_METRIC = "metric"


def check_request(request: dict[str, Any]) -> None:
    """Refuse a PutMetricAlarm that AWS refuses, or that the emulator cannot evaluate.

    Raises
    ------
    ValidationError, InvalidParameterCombination
        If AWS refuses it.
    UnsupportedError
        If only the emulator cannot evaluate it.
    """
    for name in _NOT_HERE:
        if request.get(name) is not None:
            raise UnsupportedError(f"{name}: not supported by the emulator; leave it out here")
    comparison = request.get("ComparisonOperator")
    if comparison not in COMPARISONS:
        raise UnsupportedError(
            f"ComparisonOperator: the emulator cannot evaluate {comparison!r} (it has no anomaly "
            f"detection); use {' or '.join(COMPARISONS)}"
        )
    if request.get("Threshold") is None:
        raise ValidationError("The parameter Threshold is required.")
    for name in _ACTIONS:
        for arn in request.get(name) or []:
            if (arn.split(":") + [""] * 3)[2] not in _SERVICES_OF_ACTIONS:
                raise UnsupportedError(
                    f"{name}: the emulator delivers to SNS topics and Lambda functions, got "
                    f"{arn!r}; leave it out here"
                )
    _check_metric(request)
    periods = int(request.get("EvaluationPeriods") or 0)
    if periods < 1:
        raise ValidationError("The parameter EvaluationPeriods must be 1 or more.")
    datapoints = request.get("DatapointsToAlarm")
    if datapoints is not None and not 1 <= int(datapoints) <= periods:
        raise ValidationError(
            f"DatapointsToAlarm ({datapoints}) must be from 1 to EvaluationPeriods ({periods})."
        )
    period = query_period(queries_of(request))
    if period not in _SHORT_PERIODS and (period < 60 or period % 60):
        raise ValidationError(
            f"Period must be 10, 20, 30 or any multiple of 60 seconds, got {period}."
        )
    if period * periods > max(_LONGEST_SECONDS, period):
        raise ValidationError(
            "Metrics cannot be checked across more than a day (EvaluationPeriods * Period must be "
            f"<= {_LONGEST_SECONDS}), got {periods} * {period}."
        )


def _check_metric(request: dict[str, Any]) -> None:
    queries = request.get("Metrics")
    if bool(queries) == bool(request.get("MetricName")):
        raise InvalidParameterCombination("Give either MetricName or Metrics.")
    if queries:
        check_queries(queries)
        returned = [query["Id"] for query in queries if query.get("ReturnData", True)]
        if len(returned) != 1:
            raise ValidationError(
                f"Exactly one of Metrics must have ReturnData true, got {returned}."
            )
        return
    given = [name for name in ("Statistic", "ExtendedStatistic") if request.get(name)]
    if len(given) != 1:
        raise InvalidParameterCombination("Give either Statistic or ExtendedStatistic.")
    statistic = request[given[0]]
    if not is_statistic(statistic):
        raise UnsupportedError(
            f"{given[0]}: the emulator does not support {statistic!r}; use {', '.join(STATISTICS)} "
            "or a percentile such as p99.9"
        )


def queries_of(request: dict[str, Any]) -> list[dict[str, Any]]:
    """Return the metrics of an alarm's request as queries of GetMetricData."""
    if request.get("Metrics"):
        return request["Metrics"]
    metric = {
        "Namespace": request["Namespace"],
        "MetricName": request["MetricName"],
        "Dimensions": request.get("Dimensions") or [],
    }
    stat = {
        "Metric": metric,
        "Period": request.get("Period"),
        "Stat": request.get("Statistic") or request.get("ExtendedStatistic"),
        "Unit": request.get("Unit"),
    }
    return [{"Id": _ONE_METRIC, "MetricStat": stat, "ReturnData": True}]


class Watched:
    """The metrics and threshold of an alarm.

    Parameters
    ----------
    request : dict
        A checked PutMetricAlarm.
    """

    def __init__(self, request: dict[str, Any]) -> None:
        self.request = request
        self.queries = queries_of(request)
        self.period = query_period(self.queries)
        periods = int(request["EvaluationPeriods"])
        self.threshold = Threshold(
            comparison=request["ComparisonOperator"],
            value=float(request["Threshold"]),
            periods=periods,
            datapoints=int(request.get("DatapointsToAlarm") or periods),
            missing=request.get("TreatMissingData") or "missing",
        )
        self._returned = next(q["Id"] for q in self.queries if q.get("ReturnData", True))

    def points(self, store: MetricStore, now: float, time_scale: float) -> Series:
        """Return the last data points, oldest first; the last period ends at `now`.

        Parameters
        ----------
        time_scale : float
            Factor for the length of a period.
        """
        width = self.period * time_scale
        count = self.threshold.periods + EXTRA_PERIODS
        series = evaluate_queries(store, self.queries, now - width * count, width, count)
        return series[self._returned]

    def has_few_samples(self, store: MetricStore, now: float, time_scale: float) -> bool:
        """Whether a percentile has too few values for an alarm that ignores such periods."""
        if self.request.get("EvaluateLowSampleCountPercentile") != "ignore":
            return False
        percentile = percentile_of(self.request.get("ExtendedStatistic") or "")
        if percentile is None or not 0 < percentile < 100:
            return False
        tail = 1 - percentile / 100 if percentile >= 50 else percentile / 100
        counted = {**self.queries[0]["MetricStat"], "Stat": "SampleCount"}
        width = self.period * time_scale * self.threshold.periods
        query = {"Id": _ONE_METRIC, "MetricStat": counted}
        samples = evaluate_queries(store, [query], now - width, width, 1)[_ONE_METRIC][0]
        return (samples or 0) < 10 / tail
