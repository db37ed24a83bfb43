"""EventBridge Scheduler's schedules are checked, and start executions."""

import contextlib
import datetime
import time

import pytest

SERVICE = "scheduler.amazonaws.com"


@pytest.fixture
def schedule(client, name):
    """Create a schedule."""
    scheduler = client("scheduler")

    def create(arn, role_arn, expression="rate(1 minute)", target=None, **options):
        return scheduler.create_schedule(
            Name=name,
            ScheduleExpression=expression,
            FlexibleTimeWindow={"Mode": "OFF"},
            Target={"Arn": arn, "RoleArn": role_arn, **(target or {})},
            **options,
        )["ScheduleArn"]

    yield create
    with contextlib.suppress(scheduler.exceptions.ResourceNotFoundException):
        scheduler.delete_schedule(Name=name)


def test_it_starts_an_execution_with_its_role_and_fills_the_input(
    machine_input,
    role,
    schedule,
):
    text = '{"at": "<aws.scheduler.scheduled-time>", "by": "<aws.scheduler.schedule-arn>"}'
    source = "arn:aws:scheduler:us-east-1:123456789012:schedule-group/default"
    trusting = role(SERVICE, condition={"StringEquals": {"aws:SourceArn": source}})
    arn = schedule(machine_input.arn, trusting, target={"Input": text})
    got = machine_input.first_input()
    assert got["by"] == arn
    datetime.datetime.strptime(got["at"], "%Y-%m-%dT%H:%M:%SZ")


def test_without_an_input_it_sends_the_event_of_the_scheduler(
    machine_input,
    role,
    schedule,
):
    arn = schedule(machine_input.arn, role(SERVICE))
    event = machine_input.first_input()
    assert (event["source"], event["resources"]) == ("aws.scheduler", [arn])


def test_an_at_schedule_fires_once_and_may_be_deleted_after_it(
    client,
    name,
    machine_input,
    role,
    schedule,
):
    soon = datetime.datetime.now(tz=datetime.timezone.utc) + datetime.timedelta(seconds=2)
    expression = f"at({soon:%Y-%m-%dT%H:%M:%S})"
    schedule(machine_input.arn, role(SERVICE), expression, ActionAfterCompletion="DELETE")
    machine_input.first_input()
    assert client("scheduler").list_schedules(NamePrefix=name)["Schedules"] == []


def test_a_disabled_schedule_does_not_fire(machine_input, role, schedule):
    schedule(machine_input.arn, role(SERVICE), State="DISABLED")
    time.sleep(2)
    assert machine_input.executions() == []


def test_a_denied_delivery_is_logged_and_counted(
    client,
    name,
    machine_input,
    role,
    schedule,
    caplog,
    until,
):
    client("scheduler").create_schedule_group(Name=name)
    arn = machine_input.arn
    scheduler = client("scheduler")
    target = {"Arn": arn, "RoleArn": role(SERVICE, actions=[])}
    scheduler.create_schedule(
        Name=name,
        GroupName=name,
        ScheduleExpression="rate(1 minute)",
        FlexibleTimeWindow={"Mode": "OFF"},
        Target=target,
    )
    dimensions = [{"Name": "ScheduleGroup", "Value": name}]
    try:
        until(
            lambda: client("cloudwatch").list_metrics(
                Namespace="AWS/Scheduler", MetricName="TargetErrorCount", Dimensions=dimensions
            )["Metrics"]
        )
    finally:
        scheduler.delete_schedule(Name=name, GroupName=name)
    assert f"did not reach {arn}: AccessDenied" in caplog.text


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"expression": "cron(0 6 * * *)"}, "Invalid Schedule Expression"),
        ({"ScheduleExpressionTimezone": "Mars/Base"}, "the time zone .* is not in"),
        ({"arn": "arn:aws:scheduler:::aws-sdk:sfn:startExecution"}, "cannot reach arn:aws:sched"),
        ({"GroupName": "none"}, "Schedule group none does not exist"),
    ],
)
def test_fails_for_a_schedule_that_scheduler_refuses(client, role, schedule, changes, message):
    arn = changes.pop("arn", "arn:aws:states:us-east-1:123456789012:stateMachine:x")
    with pytest.raises(client("scheduler").exceptions.ClientError, match=message):
        schedule(arn, role(SERVICE), **changes)


def test_fails_on_a_role_that_the_scheduler_cannot_assume(client, role, schedule):
    arn = "arn:aws:states:us-east-1:123456789012:stateMachine:x"
    error = client("scheduler").exceptions.ValidationException
    with pytest.raises(error, match="must allow AWS EventBridge Scheduler to assume"):
        schedule(arn, role("events.amazonaws.com"))
