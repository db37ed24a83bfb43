import pytest

from emulator.aws.cloudwatch.store import MetricKey, MetricStore
from emulator.aws.cloudwatch.summary import Summary

KEY = MetricKey.of("n", "m", [{"Name": "b", "Value": "2"}, {"Name": "a", "Value": "1"}])


def summary(*values):
    made = Summary()
    for value in values:
        made.add(value)
    return made


def test_a_metric_is_its_dimensions_in_any_order():
    assert MetricKey.of("n", "m", [{"Name": "a", "Value": "1"}, {"Name": "b", "Value": "2"}]) == KEY
    store = MetricStore()
    store.put(KEY, "Count", 100.0, summary(1))
    fewer = MetricKey.of("n", "m", [{"Name": "a", "Value": "1"}])
    assert store.windows(fewer, 0, 200, 200) == {}


def test_statistics_of_values():
    made = summary(*range(1, 1001))
    expected = {"SampleCount": 1000, "Sum": 500500, "Average": 500.5, "Minimum": 1, "Maximum": 1000}
    assert {name: made.statistic(name) for name in expected} == expected
    assert made.statistic("p50") == pytest.approx(500, rel=0.01)
    assert made.statistic("p99") == pytest.approx(990, rel=0.01)
    assert made.statistic("p99.9") == pytest.approx(999, rel=0.01)
    assert made.statistic("p100") == 1000
    with pytest.raises(ValueError, match=r"'tm90'.*p99\.9"):
        made.statistic("tm90")


def test_a_statistic_set_has_percentiles_only_if_its_values_are_equal():
    assert Summary.of_set(4, 12, 3, 3).statistic("p90") == 3
    mixed = Summary.of_set(4, 12, 1, 9)
    assert mixed.statistic("Average") == 3
    assert mixed.statistic("p90") is None
    mixed.merge(summary(1))
    assert mixed.statistic("p90") is None


def test_values_come_by_window_and_unit():
    store = MetricStore()
    for time in (10.0, 19.9, 20.0, 45.0):
        store.put(KEY, "Count", time, summary(time))
    store.put(KEY, "Seconds", 15.0, summary(500))
    found = store.windows(KEY, 10, 45, 10, "Count")
    assert {number: one.count for number, one in found.items()} == {0: 2, 1: 1}
    assert store.windows(KEY, 10, 45, 10)[0].high == 500


@pytest.mark.parametrize("interval", [1, 60])
def test_memory_stays_bounded_and_recent_values_exact(interval):
    store = MetricStore()
    end = 15_000 * interval
    for time in range(0, end, interval):
        store.put(KEY, "Count", float(time), summary(time % 7))
    (series,) = store._series[KEY].values()
    assert len(series.times) <= 4096
    assert series.times == sorted(series.times)
    recent = store.windows(KEY, end - 1000 * interval, end, 1000 * interval)
    assert recent[0].count == 1000
