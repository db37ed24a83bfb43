"""The clock fires schedules when they are due."""

import datetime

import pytest

from emulator.aws.eventbridge.clock import Clock, Schedule
from emulator.aws.eventbridge.expressions import parse_expression

NOON = datetime.datetime(2026, 1, 1, 12, tzinfo=datetime.timezone.utc)


def minutes(number):
    return NOON + datetime.timedelta(minutes=number)


@pytest.fixture
def fired():
    return []


@pytest.fixture
def schedule(fired):
    def make(expression="rate(10 minutes)", **options):
        return Schedule("key", parse_expression(expression), fired.append, **options)

    return make


def test_a_rate_fires_after_each_interval(schedule, fired):
    clock = Clock(lambda: [schedule()])
    for number in (0, 9, 10, 11, 20, 21):
        clock.tick(minutes(number))
    assert fired == [minutes(10), minutes(20)]


def test_times_that_were_slept_through_are_made_up_for_once(schedule, fired):
    clock = Clock(lambda: [schedule()])
    clock.tick(NOON)
    clock.tick(minutes(35))
    clock.tick(minutes(40))
    assert fired == [minutes(10), minutes(40)]


def test_one_that_is_gone_or_disabled_does_not_fire(schedule, fired):
    present = [schedule()]
    clock = Clock(lambda: present)
    clock.tick(NOON)
    present.clear()
    clock.tick(minutes(10))
    present.append(schedule())
    clock.tick(minutes(11))
    clock.tick(minutes(20))
    assert fired == []
    clock.tick(minutes(21))
    assert fired == [minutes(21)]


def test_a_changed_expression_counts_anew(schedule, fired):
    present = [schedule()]
    clock = Clock(lambda: present)
    clock.tick(NOON)
    present[:] = [schedule("cron(15 12 * * ? *)")]
    clock.tick(minutes(10))
    clock.tick(minutes(15))
    assert fired == [minutes(15)]


def test_start_and_end_bound_it(schedule, fired):
    clock = Clock(lambda: [schedule(start=minutes(5), end=minutes(20))])
    for number in range(40):
        clock.tick(minutes(number))
    assert fired == [minutes(15)]


def test_one_that_fails_stops_no_other(schedule, fired):
    def broken(_):
        raise RuntimeError("no")

    failing = Schedule("other", parse_expression("rate(10 minutes)"), broken)
    clock = Clock(lambda: [failing, schedule()])
    clock.tick(NOON)
    clock.tick(minutes(10))
    assert fired == [minutes(10)]


def test_the_time_scale_shortens_rates(schedule, fired):
    clock = Clock(lambda: [schedule()], time_scale=0.1)
    clock.tick(NOON)
    clock.tick(minutes(1))
    assert fired == [minutes(1)]
