"""Metrics: put, listed and queried from the store.

moto keeps every value forever, and counts a value under each subset of its dimensions.
"""

from __future__ import annotations

import datetime
import functools
import math
from collections.abc import Mapping
from typing import Any

from moto.cloudwatch.exceptions import (
    InvalidParameterCombination,
    InvalidParameterValue,
    ValidationError,
)
from moto.cloudwatch.models import CloudWatchBackend, MetricDatumBase
from moto.cloudwatch.responses import CloudWatchResponse
from moto.core.responses import ActionResult
from moto.core.utils import utcnow

from emulator.aws.cloudwatch.metric_math import Expression, ExpressionError, Series
from emulator.aws.cloudwatch.store import MetricKey, MetricStore
from emulator.aws.cloudwatch.summary import STATISTICS, Summary, is_statistic
from emulator.aws.patching import method, replace, wrap

_MINUTE = 60


def install(store: MetricStore) -> None:
    """Store all metrics in `store`, and answer queries from it."""
    replace(CloudWatchBackend, "put_metric_data", method(_put_metric_data, store))
    wrap(CloudWatchBackend, "get_all_metrics", functools.partial(_get_all_metrics, store))
    wrap(
        CloudWatchResponse,
        "get_metric_statistics",
        functools.partial(_get_metric_statistics, store),
    )
    replace(CloudWatchBackend, "get_metric_data", method(_get_metric_data, store))


def _put_metric_data(
    store: MetricStore, self: Any, namespace: str, metric_data: list[dict[str, Any]]
) -> None:
    for number, datum in enumerate(metric_data, 1):
        self._validate_parameters_put_metric_data(datum, number)
    for datum in metric_data:
        key = MetricKey.of(namespace, datum["MetricName"], datum.get("Dimensions"))
        time = epoch(datum.get("Timestamp") or utcnow())
        store.put(key, datum.get("Unit"), time, _summary(datum))


def _get_all_metrics(store: MetricStore, original: Any, self: Any) -> list[Any]:
    named: list[Any] = [
        MetricDatumBase(
            key.namespace,
            key.name,
            [{"Name": name, "Value": value} for name, value in key.dimensions],
            None,
        )
        for key in store.metrics()
    ]
    return [*named, *original(self)]  # moto's own metrics: those of S3 buckets


def _get_metric_statistics(store: MetricStore, original: Any, self: Any) -> Any:
    if self._get_param("Namespace") == "AWS/S3":
        return original(self)
    return ActionResult(
        {"Label": self._get_param("MetricName"), "Datapoints": _statistics(store, self)}
    )


def _get_metric_data(
    store: MetricStore,
    _: Any,
    queries: Any,
    start_time: Any,
    end_time: Any,
    scan_by: str = "TimestampDescending",
) -> list[dict[str, Any]]:
    return _data(store, queries, start_time, end_time, scan_by)


def epoch(time: datetime.datetime) -> float:
    """Return epoch seconds; moto's naive times are in UTC."""
    return (time if time.tzinfo else time.replace(tzinfo=datetime.timezone.utc)).timestamp()


def _time(seconds: float) -> datetime.datetime:
    return datetime.datetime.fromtimestamp(seconds, datetime.timezone.utc).replace(tzinfo=None)


def _summary(datum: Mapping[str, Any]) -> Summary:
    summary = Summary()
    if isinstance(datum.get("Summary"), Summary):  # published by a service of the emulator
        summary.merge(datum["Summary"])
    elif datum.get("StatisticValues"):
        values = datum["StatisticValues"]
        names = ("SampleCount", "Sum", "Minimum", "Maximum")
        return Summary.of_set(*(float(values[name]) for name in names))
    elif datum.get("Values"):
        counts = datum.get("Counts") or [1] * len(datum["Values"])
        for value, count in zip(datum["Values"], counts):
            summary.add(float(value), float(count))
    else:
        summary.add(float(datum.get("Value", 0)))
    return summary


def _span(start: datetime.datetime, end: datetime.datetime, period: int) -> tuple[float, float]:
    """Return the span in epoch seconds; like CloudWatch, it begins at a full minute."""
    grain = _MINUTE if period >= _MINUTE else 1
    return math.floor(epoch(start) / grain) * grain, epoch(end)


def _statistics(store: MetricStore, request: Any) -> list[dict[str, Any]]:
    plain = request._get_param("Statistics", [])
    extended = request._get_param("ExtendedStatistics", [])
    if not plain and not extended:
        raise InvalidParameterCombination("Must specify either Statistics or ExtendedStatistics")
    for name in (*plain, *extended):
        if not is_statistic(name):
            raise InvalidParameterValue(f"The emulator does not support the statistic {name!r}.")
    period, unit = request._get_int_param("Period"), request._get_param("Unit")
    start, end = _span(request._get_param("StartTime"), request._get_param("EndTime"), period)
    if start >= end:
        raise InvalidParameterValue(
            "The parameter StartTime must be less than the parameter EndTime."
        )
    key = MetricKey.of(
        request._get_param("Namespace"),
        request._get_param("MetricName"),
        request._get_param("Dimensions", []),
    )
    points = []
    for number, summary in store.windows(key, start, end, period, unit).items():
        percentiles = {name: summary.statistic(name) for name in extended}
        point = {
            "Timestamp": _time(start + number * period),
            "Unit": unit or store.unit_of(key) or "None",
            **{name: summary.statistic(name) for name in plain},
        }
        if any(value is not None for value in percentiles.values()):
            point["ExtendedStatistics"] = percentiles
        points.append(point)
    return points


def _data(
    store: MetricStore,
    queries: list[dict[str, Any]],
    start_time: datetime.datetime,
    end_time: datetime.datetime,
    scan_by: str,
) -> list[dict[str, Any]]:
    if start_time >= end_time:
        raise ValidationError("The parameter EndTime must be greater than StartTime.")
    period = query_period(queries)
    start, end = _span(start_time, end_time, period)
    count = math.ceil((end - start) / period)
    series = evaluate_queries(store, queries, start, period, count)
    results = []
    for query in queries:
        if not query.get("ReturnData", True):
            continue
        points = [
            (_time(start + number * period), value)
            for number, value in enumerate(series[query["Id"]])
            if value is not None
        ]
        if scan_by != "TimestampAscending":
            points.reverse()
        stat = query.get("MetricStat")
        label = query.get("Label") or (stat["Metric"]["MetricName"] if stat else query["Id"])
        results.append(
            {
                "id": query["Id"],
                "label": label,
                "values": [value for _, value in points],
                "timestamps": [time for time, _ in points],
                "status_code": "Complete",
            }
        )
    return results


def query_period(queries: list[dict[str, Any]]) -> int:
    """Return the common period of queries in seconds.

    Raises
    ------
    ValidationError
        If they have no period, or different ones.
    """
    given = {
        int(period)
        for query in queries
        if (period := (query.get("MetricStat") or {}).get("Period") or query.get("Period"))
    }
    if len(given) != 1:
        raise ValidationError(
            f"The emulator needs one period for all metrics of a query, got {sorted(given)}."
        )
    return given.pop()


def check_queries(queries: list[dict[str, Any]]) -> None:
    """Refuse queries that the emulator cannot evaluate.

    Raises
    ------
    ValidationError
        With the query's id and the reason.
    """
    expressions: dict[str, Expression] = {}
    ids = [query.get("Id") for query in queries]
    for query in queries:
        name, stat = query.get("Id"), query.get("MetricStat")
        if not name or ids.count(name) > 1:
            raise ValidationError(f"The Ids of metric queries must be unique, got {ids}.")
        if bool(stat) == bool(query.get("Expression")):
            raise ValidationError(f"Metric query {name}: give either MetricStat or Expression.")
        if stat and not is_statistic(stat["Stat"]):
            raise ValidationError(
                f"Metric query {name}: the emulator does not support the statistic "
                f"{stat['Stat']!r}; it supports {', '.join(STATISTICS)} and percentiles such as "
                "p99.9."
            )
        if not stat:
            try:
                expressions[name] = Expression(query["Expression"])
            except ExpressionError as error:
                raise ValidationError(f"Metric query {name}: {error}.") from error
            unknown = sorted(expressions[name].ids - set(ids))
            if unknown:
                raise ValidationError(f"Metric query {name}: there is no metric {unknown}.")
    done = set(ids) - set(expressions)
    while expressions:
        ready = [name for name, one in expressions.items() if one.ids <= done]
        if not ready:
            raise ValidationError(f"Metric queries {sorted(expressions)} depend on each other.")
        for name in ready:
            done.add(name)
            del expressions[name]


def evaluate_queries(
    store: MetricStore, queries: list[dict[str, Any]], start: float, width: float, count: int
) -> dict[str, Series]:
    """Return the series of each query, over `count` windows of `width` seconds.

    Raises
    ------
    ValidationError
        If a query cannot be evaluated.
    """
    check_queries(queries)
    series: dict[str, Series] = {}
    waiting = list(queries)
    while waiting:
        query = waiting.pop(0)
        stat = query.get("MetricStat")
        if stat:
            metric = stat["Metric"]
            key = MetricKey.of(metric["Namespace"], metric["MetricName"], metric.get("Dimensions"))
            found = store.windows(key, start, start + width * count, width, stat.get("Unit"))
            values: Series = [None] * count
            for number, summary in found.items():
                if number < count:
                    values[number] = summary.statistic(stat["Stat"])
            series[query["Id"]] = values
            continue
        expression = Expression(query["Expression"])
        if not expression.ids <= set(series):
            waiting.append(query)
            continue
        try:
            series[query["Id"]] = expression.evaluate(series, count, query.get("Period") or width)
        except ExpressionError as error:
            raise ValidationError(f"Metric query {query['Id']}: {error}.") from error
    return series
