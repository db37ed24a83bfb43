import json
import re

import pytest


@pytest.fixture
def logging_configuration(client, name):
    group = f"/aws/vendedlogs/states/{name}"
    client("logs").create_log_group(logGroupName=group)
    arn = f"arn:aws:logs:us-east-1:123456789012:log-group:{group}:*"

    def configuration(level, include_execution_data):
        return {
            "level": level,
            "includeExecutionData": include_execution_data,
            "destinations": [{"cloudWatchLogsLogGroup": {"logGroupArn": arn}}],
        }

    return group, configuration


def logged(client, group):
    logs = client("logs")
    streams = logs.describe_log_streams(logGroupName=group)["logStreams"]
    lines = []
    for stream in streams:
        events = logs.get_log_events(
            logGroupName=group, logStreamName=stream["logStreamName"], startFromHead=True
        )["events"]
        lines += [json.loads(event["message"]) for event in events]
    return [stream["logStreamName"] for stream in streams], lines


PASS = {"Only": {"Type": "Pass", "Assign": {"secret": "s3cret"}, "Output": "s3cret", "End": True}}


def test_every_event_of_the_history_is_a_line(machine, client, logging_configuration):
    group, configuration = logging_configuration
    made = machine(PASS, loggingConfiguration=configuration("ALL", True))
    execution_arn = made.start({"in": 1})
    made.wait(execution_arn)
    streams, lines = logged(client, group)
    (stream,) = streams
    machine_name = made.arn.split(":")[-1]
    assert re.fullmatch(rf"states/{machine_name}/\d{{4}}(-\d\d){{4}}/\w+", stream)
    events = made.history(execution_arn)
    assert [(line["id"], line["type"]) for line in lines] == [
        (str(event["id"]), event["type"]) for event in events
    ]
    started = lines[0]
    assert started["details"]["input"] == '{"in": 1}'
    assert started["previous_event_id"] == "0"
    assert started["execution_arn"] == execution_arn
    expected_ms = events[0]["timestamp"].timestamp() * 1000
    assert abs(int(started["event_timestamp"]) - expected_ms) < 2


def test_lines_have_no_data_by_default(machine, client, logging_configuration):
    group, configuration = logging_configuration
    made = machine(PASS, loggingConfiguration=configuration("ALL", False))
    made.run({"in": "s3cret"})
    _, lines = logged(client, group)
    assert [line["type"] for line in lines][-1] == "ExecutionSucceeded"
    assert lines[1]["details"] == {"name": "Only"}
    assert "s3cret" not in json.dumps(lines)


def test_the_level_chooses_the_events(machine, client, logging_configuration):
    group, configuration = logging_configuration
    failing = {"Only": {"Type": "Fail", "Error": "E"}}
    machine(failing, loggingConfiguration=configuration("FATAL", False)).run()
    _, lines = logged(client, group)
    assert [line["type"] for line in lines] == ["ExecutionFailed"]


def test_nothing_is_logged_when_it_is_off(machine, client, logging_configuration):
    group, configuration = logging_configuration
    machine(PASS, loggingConfiguration=configuration("OFF", False)).run()
    assert logged(client, group) == ([], [])


def test_fails_to_log_to_a_group_that_does_not_exist(machine, client, logging_configuration):
    group, configuration = logging_configuration
    sfn = client("stepfunctions")
    client("logs").delete_log_group(logGroupName=group)
    with pytest.raises(sfn.exceptions.InvalidLoggingConfiguration) as refusal:
        machine(PASS, loggingConfiguration=configuration("ALL", False))
    assert group in str(refusal.value)
