from datetime import datetime, timedelta, timezone
from typing import Any

from traffic import Traffic, no_traffic, read_traffic

NOON = datetime(2025, 6, 1, 12, tzinfo=timezone.utc)


class MetricsByMinute:
    """CloudWatch: invocations, errors and latency (microseconds) by variant and minute."""

    def __init__(self):
        self.minutes: dict[tuple[str, int], tuple[int, int, float]] = {}
        self.queries: list[dict[str, Any]] = []

    def get_paginator(self, operation: str) -> "MetricsByMinute":
        assert operation == "get_metric_data"
        return self

    def paginate(self, MetricDataQueries, StartTime, EndTime, ScanBy):
        assert StartTime < EndTime
        self.queries = MetricDataQueries
        names = ["Invocations", "InvocationModelErrors", "ModelLatency"]
        for query in MetricDataQueries:
            metric = query["MetricStat"]["Metric"]
            dimensions = {each["Name"]: each["Value"] for each in metric["Dimensions"]}
            points = [
                (NOON + timedelta(minutes=minute), values[names.index(metric["MetricName"])])
                for (variant, minute), values in sorted(self.minutes.items())
                if variant == dimensions["VariantName"]
                and StartTime <= NOON + timedelta(minutes=minute) < EndTime
            ]
            # One point per page: CloudWatch may split pages anywhere.
            for time, value in points:
                results = [{"Id": query["Id"], "Timestamps": [time], "Values": [value]}]
                yield {"MetricDataResults": results}


def at(minute: float) -> datetime:
    return NOON + timedelta(minutes=minute)


def read(cloudwatch: MetricsByMinute, before: Traffic, minute: float):
    return read_traffic(cloudwatch, "demo", ["forest", "linear"], before, at(minute))


def test_the_test_begins_with_its_first_minute():
    cloudwatch = MetricsByMinute()
    cloudwatch.minutes = {("forest", -1): (9, 9, 9.0), ("forest", 0): (5, 1, 9.0)}

    found = read(cloudwatch, no_traffic(at(0.7)), 0.7)

    assert (found.invocations, found.errors) == (
        {"forest": 5, "linear": 0},
        {"forest": 1, "linear": 0},
    )


def test_every_minute_is_counted_once_even_if_it_is_read_again_or_changes_late():
    cloudwatch, traffic = MetricsByMinute(), no_traffic(NOON)
    for minute in range(30):
        cloudwatch.minutes["linear", minute] = (7, 1, 1000.0)
        if minute >= 4:
            cloudwatch.minutes["linear", minute - 4] = (10, 2, 1000.0)
        found = read(cloudwatch, traffic, minute + 0.5)
        read(cloudwatch, traffic, minute + 0.6)
        traffic = found.settled

    for minute in range(26, 30):
        cloudwatch.minutes["linear", minute] = (10, 2, 1000.0)
    found = read(cloudwatch, traffic, 40)

    assert found.invocations["linear"] == 300
    assert found.errors["linear"] == 60
    assert found.settled.invocations["linear"] == 300
    assert found.settled.until == at(35)


def test_latencies_are_those_of_the_last_whole_minutes_with_traffic_in_milliseconds():
    cloudwatch = MetricsByMinute()
    cloudwatch.minutes = {
        ("linear", minute): (1, 0, 1000.0 * minute) for minute in (1, 2, 4, 5, 6, 7, 8)
    }

    found = read(cloudwatch, no_traffic(NOON), 8.9)

    assert found.latencies == {"forest": [], "linear": [2.0, 4.0, 5.0, 6.0, 7.0]}


def test_metrics_are_queried_by_endpoint_and_variant():
    cloudwatch = MetricsByMinute()

    read(cloudwatch, no_traffic(NOON), 1)

    asked = {
        (
            query["MetricStat"]["Metric"]["MetricName"],
            query["MetricStat"]["Stat"],
            query["MetricStat"]["Metric"]["Dimensions"][1]["Value"],
        )
        for query in cloudwatch.queries
    }
    assert asked == {
        (metric, statistic, variant)
        for metric, statistic in [
            ("Invocations", "Sum"),
            ("InvocationModelErrors", "Sum"),
            ("ModelLatency", "Average"),
        ]
        for variant in ("forest", "linear")
    }
