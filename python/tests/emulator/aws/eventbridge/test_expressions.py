"""The next times of schedule expressions."""

import datetime

import pytest

from emulator.aws.eventbridge.expressions import ExpressionError, parse_expression

UTC = datetime.timezone.utc


def moment(text):
    return datetime.datetime.fromisoformat(text).replace(tzinfo=UTC)


def after(expression, start, zone="UTC", count=1, time_scale=1.0):
    parsed, time, times = parse_expression(expression, zone), moment(start), []
    for _ in range(count):
        time = parsed.next_after(time, moment(start), time_scale)
        if time is None:
            return [*times, None]
        times.append(time.isoformat()[:16])
    return times


@pytest.mark.parametrize(
    ("expression", "start", "times"),
    [
        ("rate(1 minute)", "2026-01-01T00:00:30", ["2026-01-01T00:01", "2026-01-01T00:02"]),
        ("rate(7 days)", "2026-01-01T10:00", ["2026-01-08T10:00", "2026-01-15T10:00"]),
        ("cron(0 6 ? * MON-FRI *)", "2026-11-20T06:00", ["2026-11-23T06:00", "2026-11-24T06:00"]),
        ("cron(0/15 * * * ? *)", "2026-01-01T00:01", ["2026-01-01T00:15", "2026-01-01T00:30"]),
        ("cron(0 0 L * ? *)", "2026-02-01T00:00", ["2026-02-28T00:00", "2026-03-31T00:00"]),
        ("cron(0 9 ? * 2#1 *)", "2026-02-01T00:00", ["2026-02-02T09:00", "2026-03-02T09:00"]),
        ("cron(0 9 15W * ? *)", "2026-08-01T00:00", ["2026-08-14T09:00", "2026-09-15T09:00"]),
        ("cron(0 0 29 2 ? *)", "2026-01-01T00:00", ["2028-02-29T00:00", "2032-02-29T00:00"]),
    ],
)
def test_the_next_times(expression, start, times):
    assert after(expression, start, count=2) == times


def test_a_past_year_has_no_next_time():
    assert after("cron(0 0 1 1 ? 2020)", "2026-01-01T00:00") == [None]


def test_at_fires_once():
    assert after("at(2026-01-01T10:00:00)", "2026-01-01T09:59") == ["2026-01-01T10:00"]
    assert after("at(2026-01-01T10:00:00)", "2026-01-01T10:00") == [None]


def test_cron_uses_the_local_time_of_a_time_zone():
    berlin = "Europe/Berlin"
    assert after("cron(0 6 * * ? *)", "2026-01-01T00:00", berlin) == ["2026-01-01T05:00"]
    assert after("cron(0 6 * * ? *)", "2026-07-01T00:00", berlin) == ["2026-07-01T04:00"]
    assert after("at(2026-07-01T06:00:00)", "2026-01-01T00:00", berlin) == ["2026-07-01T04:00"]


def test_a_local_time_skipped_in_spring_does_not_fire():
    # On 29 March 2026, Berlin's clocks go from 02:00 to 03:00.
    times = after("cron(30 2 * * ? *)", "2026-03-28T12:00", "Europe/Berlin")
    assert times == ["2026-03-30T00:30"]


def test_a_local_time_repeated_in_autumn_fires_once():
    # On 25 October 2026, Berlin's clocks go from 03:00 back to 02:00.
    times = after("cron(30 2 * * ? *)", "2026-10-24T12:00", "Europe/Berlin", count=2)
    assert times == ["2026-10-25T00:30", "2026-10-26T01:30"]


def test_the_time_scale_shortens_only_rates():
    assert after("rate(10 minutes)", "2026-01-01T00:00", time_scale=0.1) == ["2026-01-01T00:01"]
    assert after("cron(10 * * * ? *)", "2026-01-01T00:00", time_scale=0.1) == ["2026-01-01T00:10"]


@pytest.mark.parametrize(
    ("expression", "zone", "message"),
    [
        ("every(1 day)", "UTC", r"must be rate\(…\), cron"),
        ("rate(0 minutes)", "UTC", "a rate is a number"),
        ("rate(5 seconds)", "UTC", "a rate is a number"),
        ("cron(0 6 * * *)", "UTC", "6 required, 5 provided"),
        ("cron(0 6 * * * *)", "UTC", "One must be a question mark"),
        ("cron(61 * * * ? *)", "UTC", "Invalid minute"),
        ("at(tomorrow)", "UTC", "yyyy-mm-dd"),
        ("rate(1 day)", "Europe/Nowhere", "the time zone .* is not in"),
        ("rate(1 day)", "../x", "the time zone .* is not in"),
    ],
)
def test_fails_for_expressions_that_event_bridge_refuses(expression, zone, message):
    with pytest.raises(ExpressionError, match=message):
        parse_expression(expression, zone)
