"""Searches in logs."""

import time

import pytest


@pytest.fixture
def group(client, name):
    """A log group with a line in each of three streams."""
    logs, group = client("logs"), f"/searched/{name}"
    logs.create_log_group(logGroupName=group)
    for stream in ("job-1/algo-1", "job-1/algo-2", "job-10/algo-1"):
        logs.create_log_stream(logGroupName=group, logStreamName=stream)
        event = {"timestamp": int(time.time() * 1000), "message": f"line of {stream}"}
        logs.put_log_events(logGroupName=group, logStreamName=stream, logEvents=[event])
    yield group
    logs.delete_log_group(logGroupName=group)


@pytest.mark.parametrize(
    ("prefix", "streams"),
    [
        ("job-1/", ["job-1/algo-1", "job-1/algo-2"]),
        ("job-1", ["job-1/algo-1", "job-1/algo-2", "job-10/algo-1"]),
        ("job-2", []),
    ],
)
def test_only_streams_with_the_prefix_are_searched(client, group, prefix, streams):
    search = {"logGroupName": group, "logStreamNamePrefix": prefix}
    found = client("logs").filter_log_events(**search, filterPattern="line")["events"]
    assert sorted(event["logStreamName"] for event in found) == streams


def test_fails_for_names_and_a_prefix_at_once(client, group):
    logs = client("logs")
    with pytest.raises(logs.exceptions.InvalidParameterException, match="mutually exclusive"):
        logs.filter_log_events(
            logGroupName=group, logStreamNamePrefix="a", logStreamNames=["job-1/algo-1"]
        )


def test_fails_for_a_group_that_does_not_exist(client, name):
    logs = client("logs")
    with pytest.raises(logs.exceptions.ResourceNotFoundException):
        logs.filter_log_events(logGroupName=f"/none/{name}", logStreamNamePrefix="a")
