"""Invocations, errors and latency of variants, from CloudWatch."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from settings import SETTLING_MINUTES

_MINUTE = timedelta(minutes=1)
# Counts every response other than 2xx, including timeouts, which neither the 4xx nor the 5xx metric
# counts.
# https://docs.aws.amazon.com/sagemaker/latest/dg/monitoring-cloudwatch.html
_STATISTICS = {"Invocations": "Sum", "InvocationModelErrors": "Sum", "ModelLatency": "Average"}


@dataclass(frozen=True)
class Traffic:
    """Settled counts, and up to which minute."""

    until: datetime
    invocations: dict[str, int]
    errors: dict[str, int]


@dataclass(frozen=True)
class TrafficNow:
    """All counts so far, and those of them that are settled.

    Attributes
    ----------
    invocations, errors : dict of str to int
        By variant, including minutes that are not settled.
    latencies : dict of str to sequence of float
        Mean latency in milliseconds of the latest whole minutes with traffic, oldest first.
    settled : Traffic
        Where the next check continues.
    """

    invocations: dict[str, int]
    errors: dict[str, int]
    latencies: dict[str, Sequence[float]]
    settled: Traffic


def no_traffic(now: datetime) -> Traffic:
    """Return empty counts that begin at a whole minute."""
    return Traffic(_whole_minute(now), {}, {})


def read_traffic(
    cloudwatch: Any, endpoint: str, variants: Sequence[str], before: Traffic, now: datetime
) -> TrafficNow:
    """Read the minutes since the last check.

    The latest minutes count for this check only and are read again by the next, because CloudWatch
    may be late; so nothing is counted twice or missed.
    """
    queries = {
        f"v{number}_{metric.lower()}": (variant, metric)
        for number, variant in enumerate(variants)
        for metric in _STATISTICS
    }
    values: dict[tuple[str, str], dict[datetime, float]] = {each: {} for each in queries.values()}
    pages = cloudwatch.get_paginator("get_metric_data").paginate(
        MetricDataQueries=[
            _query(name, endpoint, variant, metric) for name, (variant, metric) in queries.items()
        ],
        StartTime=before.until,
        EndTime=max(now, before.until + _MINUTE),
        ScanBy="TimestampAscending",
    )
    for page in pages:
        for result in page["MetricDataResults"]:
            points = zip(result["Timestamps"], result["Values"])
            values[queries[result["Id"]]].update(points)
    settles = max(before.until, _whole_minute(now) - SETTLING_MINUTES * _MINUTE)

    def total(metric: str, counted: dict[str, int], end: datetime | None) -> dict[str, int]:
        return {
            variant: counted.get(variant, 0)
            + round(sum(v for t, v in values[variant, metric].items() if end is None or t < end))
            for variant in variants
        }

    return TrafficNow(
        invocations=total("Invocations", before.invocations, None),
        errors=total("InvocationModelErrors", before.errors, None),
        latencies={
            # CloudWatch returns microseconds.
            variant: [
                value / 1000
                for time, value in sorted(values[variant, "ModelLatency"].items())
                if time + _MINUTE <= now
            ][-SETTLING_MINUTES:]
            for variant in variants
        },
        settled=Traffic(
            until=settles,
            invocations=total("Invocations", before.invocations, settles),
            errors=total("InvocationModelErrors", before.errors, settles),
        ),
    )


def _query(name: str, endpoint: str, variant: str, metric: str) -> dict[str, Any]:
    return {
        "Id": name,
        "MetricStat": {
            "Metric": {
                "Namespace": "AWS/SageMaker",
                "MetricName": metric,
                "Dimensions": [
                    {"Name": "EndpointName", "Value": endpoint},
                    {"Name": "VariantName", "Value": variant},
                ],
            },
            "Period": 60,
            "Stat": _STATISTICS[metric],
        },
    }


def _whole_minute(time: datetime) -> datetime:
    return time.replace(second=0, microsecond=0)
