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


def test_missed_times_fire_once(schedule, fired):
    clock = Clock(lambda: [schedule()])
    clock.tick(NOON)
    clock.tick(minutes(35))
    clock.tick(minutes(40))
    assert fired == [minutes(10), minutes(40)]


def test_a_removed_or_disabled_schedule_does_not_fire(schedule, fired):
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


def test_a_changed_expression_starts_again(schedule, fired):
    present = [schedule()]
    clock = Clock(lambda: present)
    clock.tick(NOON)
    present[:] = [schedule("cron(15 12 * * ? *)")]
    clock.tick(minutes(10))
    clock.tick(minutes(15))
    assert fired == [minutes(15)]


def test_a_schedule_fires_only_between_start_and_end(schedule, fired):
    clock = Clock(lambda: [schedule(start=minutes(5), end=minutes(20))])
    for number in range(40):
        clock.tick(minutes(number))
    assert fired == [minutes(15)]


def test_a_failing_schedule_does_not_stop_others(schedule, fired):
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
