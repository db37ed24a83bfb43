"""Alarms follow their metrics. Here a minute lasts 1.2 s."""

import datetime
import json
import time

import pytest

MINUTE = 1.2


@pytest.fixture
def cloudwatch(client):
    return client("cloudwatch")


@pytest.fixture
def alarm(cloudwatch, name):
    """Put an alarm on the metric ``load`` in the test's own namespace."""

    def put(**changes):
        request = {
            "AlarmName": name,
            "Namespace": name,
            "MetricName": "load",
            "Statistic": "Average",
            "Period": 60,
            "EvaluationPeriods": 1,
            "Threshold": 5,
            "ComparisonOperator": "GreaterThanThreshold",
            "TreatMissingData": "notBreaching",
            **changes,
        }
        for key in [key for key, value in request.items() if value is None]:
            del request[key]
        cloudwatch.put_metric_alarm(**request)

    yield put
    cloudwatch.delete_alarms(AlarmNames=[name])


@pytest.fixture
def record(cloudwatch, name):
    def put(*values, metric="load", dimensions=()):
        data = {"MetricName": metric, "Values": list(values), "Unit": "Count"}
        data["Dimensions"] = [{"Name": k, "Value": v} for k, v in dict(dimensions).items()]
        cloudwatch.put_metric_data(Namespace=name, MetricData=[data])

    return put


@pytest.fixture
def state(cloudwatch, name):
    def describe():
        (found,) = cloudwatch.describe_alarms(AlarmNames=[name])["MetricAlarms"]
        return found

    return describe


@pytest.fixture
def reaches(state, until):
    return lambda value: until(lambda: state()["StateValue"] == value and state())


def test_an_alarm_follows_its_metric(alarm, record, state, reaches):
    alarm(TreatMissingData="missing")
    assert state()["StateValue"] == "INSUFFICIENT_DATA"
    record(9, 10)
    found = reaches("ALARM")
    assert "9.5" in found["StateReason"]
    assert "greater than the threshold (5.0)" in found["StateReason"]
    assert json.loads(found["StateReasonData"])["recentDatapoints"] == [9.5]
    record(*[0] * 20)
    reaches("OK")
    reaches("INSUFFICIENT_DATA")  # once the data is old


def test_an_alarm_is_raised_before_its_period_ends(alarm, record, state, until):
    alarm(Period=6000)  # two minutes of this test's time
    record(9)
    until(lambda: state()["StateValue"] == "ALARM")


def test_an_alarm_of_two_periods_needs_two_breaches(alarm, record, state, reaches, until):
    alarm(EvaluationPeriods=2)
    reaches("OK")

    def is_raised():
        record(9)
        found = state()
        return found["StateValue"] == "ALARM" and found

    assert json.loads(until(is_raised)["StateReasonData"])["recentDatapoints"] == [9, 9]


def test_percentiles(alarm, record, reaches):
    alarm(Statistic=None, ExtendedStatistic="p95", Threshold=50)
    record(*[1] * 97, 100, 100, 100)
    reaches("OK")
    record(*[100] * 5)
    reaches("ALARM")


def test_a_percentile_of_few_samples_may_be_ignored(alarm, record, state, reaches):
    alarm(
        Statistic=None,
        ExtendedStatistic="p90",
        Threshold=50,
        EvaluateLowSampleCountPercentile="ignore",
    )
    record(*[100] * 99)
    time.sleep(MINUTE / 2)
    assert state()["StateValue"] == "INSUFFICIENT_DATA"
    record(*[100] * 120)
    reaches("ALARM")


def test_metric_math(alarm, record, state, reaches, until, name):
    def metric(identity, metric_name):
        stat = {"Metric": {"Namespace": name, "MetricName": metric_name}, "Period": 60}
        return {"Id": identity, "MetricStat": {**stat, "Stat": "Sum"}, "ReturnData": False}

    rate = {"Id": "rate", "Expression": "100 * FILL(errors, 0) / requests", "Label": "%"}
    queries = [metric("errors", "errors"), metric("requests", "requests"), rate]
    alarm(Metrics=queries, Namespace=None, MetricName=None, Statistic=None, Period=None)
    record(*[1] * 100, metric="requests")
    record(*[1] * 4, metric="errors")
    reaches("OK")

    def is_raised():
        record(*[1] * 100, metric="requests")
        record(*[1] * 20, metric="errors")
        return state()["StateValue"] == "ALARM"

    until(is_raised)


def test_values_count_for_exactly_their_dimensions(alarm, record, state):
    alarm(Dimensions=[{"Name": "a", "Value": "1"}], TreatMissingData="missing")
    record(9, dimensions={"a": "1", "b": "2"})
    record(9)
    time.sleep(MINUTE / 2)
    assert state()["StateValue"] == "INSUFFICIENT_DATA"


def test_changes_are_events_and_reach_topics_and_functions(
    alarm, record, reaches, client, cloud, seen, until, name
):
    # Prepare
    topic = client("sns").create_topic(Name=name)["TopicArn"]
    queue = client("sqs").create_queue(QueueName=name)["QueueUrl"]
    queue_arn = f"arn:aws:sqs:us-east-1:123456789012:{name}"
    client("sns").subscribe(TopicArn=topic, Protocol="sqs", Endpoint=queue_arn)
    called = []
    cloud.functions.handlers[name] = called.append
    function = client("lambda").create_function(
        FunctionName=name,
        Runtime="python3.11",
        Role="arn:aws:iam::123456789012:role/workflow",
        Handler="index.handler",
        Code={"ZipFile": b"zip"},
    )["FunctionArn"]
    client("lambda").add_permission(
        FunctionName=name,
        StatementId="alarms",
        Action="lambda:InvokeFunction",
        Principal="lambda.alarms.cloudwatch.amazonaws.com",
    )
    events = seen({"source": ["aws.cloudwatch"], "detail": {"alarmName": [name]}})
    # Act
    alarm(AlarmActions=[topic, function], OKActions=[topic], AlarmDescription="what to do")
    reaches("OK")
    record(9)
    reaches("ALARM")
    # Assess
    changes = [
        (e["detail"]["previousState"]["value"], e["detail"]["state"]["value"]) for e in events(2)
    ]
    assert changes == [("INSUFFICIENT_DATA", "OK"), ("OK", "ALARM")]
    event = events(2)[1]
    assert event["detail-type"] == "CloudWatch Alarm State Change"
    metric = event["detail"]["configuration"]["metrics"][0]["metricStat"]
    assert (metric["stat"], metric["metric"]["name"]) == ("Average", "load")
    until(lambda: called)
    assert called[0]["alarmData"]["state"]["value"] == "ALARM"
    received = []
    while len(received) < 2:
        received += client("sqs").receive_message(QueueUrl=queue, WaitTimeSeconds=5)["Messages"]
    notes = [json.loads(one["Body"]) for one in received]
    assert notes[1]["Subject"] == f'ALARM: "{name}" in US East (N. Virginia)'
    message = json.loads(notes[1]["Message"])
    assert (message["NewStateValue"], message["OldStateValue"]) == ("ALARM", "OK")
    assert message["AlarmDescription"] == "what to do"
    assert message["Trigger"]["Threshold"] == 5


def test_a_topic_that_denies_alarms_is_logged(alarm, record, reaches, client, caplog, name, until):
    topic = client("sns").create_topic(Name=name)["TopicArn"]
    policy = {
        "Statement": [
            {
                "Effect": "Allow",
                "Principal": {"Service": "events.amazonaws.com"},
                "Action": "sns:Publish",
                "Resource": "*",
            }
        ]
    }
    client("sns").set_topic_attributes(
        TopicArn=topic, AttributeName="Policy", AttributeValue=json.dumps(policy)
    )
    alarm(OKActions=[topic])
    reaches("OK")
    until(lambda: "does not allow cloudwatch.amazonaws.com sns:Publish" in caplog.text)


def test_a_state_set_by_request_lasts_until_the_next_evaluation(
    alarm, cloudwatch, reaches, state, until, name
):
    alarm()
    reaches("OK")
    set_at = time.monotonic()
    cloudwatch.set_alarm_state(AlarmName=name, StateValue="ALARM", StateReason="a rehearsal")

    def is_evaluated():
        found = state()
        if found["StateValue"] == "OK":
            return time.monotonic() - set_at >= MINUTE
        assert found["StateReason"] == "a rehearsal"
        return False

    until(is_evaluated)


def test_an_update_keeps_the_state(alarm, cloudwatch, record, reaches, state):
    alarm()
    record(9)
    reaches("ALARM")
    alarm(AlarmDescription="changed")
    assert (state()["StateValue"], state()["AlarmDescription"]) == ("ALARM", "changed")


def test_history_is_bounded(alarm, cloudwatch, cloud, name):
    from moto.cloudwatch.models import cloudwatch_backends

    alarm()
    for number in range(120):
        value = ("OK", "ALARM")[number % 2]
        cloudwatch.set_alarm_state(AlarmName=name, StateValue=value, StateReason="r")
    assert len(cloudwatch_backends["123456789012"]["us-east-1"].alarms[name].history) == 100


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        ({"ComparisonOperator": "GreaterThanUpperThreshold"}, "no anomaly detection"),
        ({"Statistic": None, "ExtendedStatistic": "tm99"}, "does not support 'tm99'"),
        ({"Statistic": None}, "either Statistic or ExtendedStatistic"),
        ({"Threshold": None}, "Threshold is required"),
        ({"Period": 45}, "10, 20, 30 or any multiple of 60 seconds, got 45"),
        ({"DatapointsToAlarm": 2}, r"DatapointsToAlarm \(2\) must be from 1 to EvaluationPeriods"),
        ({"EvaluationPeriods": 2000}, "more than a day"),
        ({"AlarmActions": ["arn:aws:automate:us-east-1:ec2:stop"]}, "SNS topics and Lambda"),
        (
            {
                "Metrics": [{"Id": "e", "Expression": "SEARCH('x')", "Period": 60}],
                **dict.fromkeys(("Namespace", "MetricName", "Statistic", "Period")),
            },
            "does not support SEARCH",
        ),
        (
            {
                "Metrics": [{"Id": "e", "Expression": "other * 2", "Period": 60}],
                **dict.fromkeys(("Namespace", "MetricName", "Statistic", "Period")),
            },
            "there is no metric",
        ),
    ],
)
def test_fails_for_what_cannot_be_evaluated(alarm, cloudwatch, changes, problem, name):
    with pytest.raises(cloudwatch.exceptions.ClientError, match=problem):
        alarm(**changes)
    assert cloudwatch.describe_alarms(AlarmNames=[name])["MetricAlarms"] == []


def test_fails_for_composite_alarms_by_name(cloudwatch, name):
    with pytest.raises(cloudwatch.exceptions.ClientError, match="PutCompositeAlarm"):
        cloudwatch.put_composite_alarm(AlarmName=name, AlarmRule="ALARM(a)")


def test_metrics_are_queried_with_math_and_percentiles(cloudwatch, record, name):
    record(1, 2, 3, metric="x", dimensions={"a": "1"})
    record(10, metric="x", dimensions={"a": "1", "b": "2"})
    now = datetime.datetime.now(tz=datetime.timezone.utc)
    span = {
        "StartTime": now - datetime.timedelta(minutes=1),
        "EndTime": now + datetime.timedelta(minutes=2),
    }
    metric = {"Namespace": name, "MetricName": "x", "Dimensions": [{"Name": "a", "Value": "1"}]}
    found = cloudwatch.get_metric_data(
        MetricDataQueries=[
            {
                "Id": "m",
                "MetricStat": {"Metric": metric, "Period": 3600, "Stat": "Sum"},
                "ReturnData": False,
            },
            {"Id": "twice", "Expression": "m * 2"},
        ],
        **span,
    )["MetricDataResults"]
    assert [(one["Id"], one["Values"]) for one in found] == [("twice", [12.0])]
    (point,) = cloudwatch.get_metric_statistics(
        **metric, **span, Period=3600, Statistics=["Maximum"], ExtendedStatistics=["p50"]
    )["Datapoints"]
    assert (point["Maximum"], point["ExtendedStatistics"]) == (3.0, {"p50": 2.0})
    assert {
        tuple(one["Name"] for one in listed["Dimensions"])
        for listed in cloudwatch.list_metrics(Namespace=name)["Metrics"]
    } == {("a",), ("a", "b")}
