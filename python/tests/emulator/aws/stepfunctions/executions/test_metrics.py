"""Executions are counted in CloudWatch."""

import datetime
import time

import pytest

from tests.patience import wait_until


@pytest.fixture
def statistics(client):
    """Return the statistics of a metric of a state machine."""

    def get(arn, metric):
        now = datetime.datetime.now(tz=datetime.timezone.utc)
        points = client("cloudwatch").get_metric_statistics(
            Namespace="AWS/States",
            MetricName=metric,
            Dimensions=[{"Name": "StateMachineArn", "Value": arn}],
            StartTime=now - datetime.timedelta(minutes=5),
            EndTime=now + datetime.timedelta(minutes=5),
            Period=3600,
            Statistics=["Sum", "Maximum"],
        )["Datapoints"]
        return sum(point["Sum"] for point in points), max([p["Maximum"] for p in points] or [0])

    return get


@pytest.mark.parametrize(
    ("state", "options", "metric"),
    [
        ({"Type": "Succeed"}, {}, "ExecutionsSucceeded"),
        ({"Type": "Fail", "Error": "E"}, {}, "ExecutionsFailed"),
        (
            {"Type": "Wait", "Seconds": 300, "End": True},
            {"definition": {"TimeoutSeconds": 1}},
            "ExecutionsTimedOut",
        ),
    ],
)
def test_each_outcome_is_counted(machine, statistics, state, options, metric):
    made = machine({"Only": state}, **options)
    made.run()
    assert statistics(made.arn, "ExecutionsStarted")[0] == 1
    assert statistics(made.arn, metric)[0] == 1
    others = {"ExecutionsSucceeded", "ExecutionsFailed", "ExecutionsTimedOut", "ExecutionsAborted"}
    assert sum(statistics(made.arn, other)[0] for other in others - {metric}) == 0


def test_a_stopped_execution_is_aborted_and_its_time_is_in_milliseconds(
    client, machine, statistics
):
    made = machine({"Only": {"Type": "Wait", "Seconds": 3000, "End": True}})
    arn = made.start()
    time.sleep(0.2)
    client("stepfunctions").stop_execution(executionArn=arn)
    ended = made.wait(arn)
    assert ended["status"] == "ABORTED"
    lasted = (ended["stopDate"] - ended["startDate"]).total_seconds() * 1000
    wait_until(lambda: statistics(made.arn, "ExecutionsAborted")[0])
    assert lasted > 150
    assert statistics(made.arn, "ExecutionTime")[1] == pytest.approx(lasted, abs=50)
