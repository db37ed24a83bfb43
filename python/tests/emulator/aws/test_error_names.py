"""Failures under the States Language's names, each caught by exactly that name."""

import json

import pytest

END = {"Type": "Pass", "End": True}


def failing(state):
    """Give a Parallel state whose branch ends in the error of `state`."""
    states = {"Fails": state}
    return {"Type": "Parallel", "Branches": [{"StartAt": "Fails", "States": states}], "End": True}


@pytest.mark.parametrize(
    ("error", "state"),
    [
        ("States.My.Own", failing({"Type": "Fail", "Error": "States.My.Own"})),
        (
            "States.HeartbeatTimeout",
            {
                "Type": "Task",
                "Resource": "arn:aws:states:::sqs:sendMessage.waitForTaskToken",
                "Parameters": {"QueueUrl.$": "$.queue", "MessageBody.$": "$$.Task.Token"},
                "HeartbeatSeconds": 1,
                "End": True,
            },
        ),
        (
            "States.ItemReaderFailed",
            {
                "Type": "Map",
                "ItemReader": {
                    "Resource": "arn:aws:states:::s3:getObject",
                    "ReaderConfig": {"InputType": "JSON"},
                    "Parameters": {"Bucket": "there-is-no-such-bucket", "Key": "k"},
                },
                "ItemProcessor": {
                    "ProcessorConfig": {"Mode": "DISTRIBUTED", "ExecutionType": "STANDARD"},
                    "StartAt": "Inner",
                    "States": {"Inner": END},
                },
                "End": True,
            },
        ),
    ],
)
def test_an_error_is_caught_by_its_name(machine, client, name, error, state):
    queue = client("sqs").create_queue(QueueName=name)["QueueUrl"]
    catch = [
        {"ErrorEquals": ["States.Else"], "Next": "Wrong"},
        {"ErrorEquals": [error], "Next": "Right", "ResultPath": "$.error"},
        {"ErrorEquals": ["States.ALL"], "Next": "Wrong", "ResultPath": "$.error"},
    ]
    states = {
        "State": {**state, "Catch": catch},
        "Right": {"Type": "Succeed"},
        "Wrong": {"Type": "Fail", "ErrorPath": "$.error.Error", "CausePath": "$.error.Cause"},
    }
    made = machine(states, definition={"QueryLanguage": "JSONPath"})
    execution = made.run({"n": 1, "list": [1], "queue": queue})
    assert execution["status"] == "SUCCEEDED", execution
    assert json.loads(execution["output"])["error"]["Error"] == error


def test_a_missed_heartbeat_is_a_timeout_too(machine, client, name):
    queue = client("sqs").create_queue(QueueName=name)["QueueUrl"]
    task = {
        "Type": "Task",
        "Resource": "arn:aws:states:::sqs:sendMessage.waitForTaskToken",
        "Arguments": {"QueueUrl": queue, "MessageBody": "{% $states.context.Task.Token %}"},
        "HeartbeatSeconds": 1,
        "Catch": [{"ErrorEquals": ["States.Timeout"], "Next": "Caught"}],
        "End": True,
    }
    assert machine({"A": task, "Caught": {"Type": "Succeed"}}).run()["status"] == "SUCCEEDED"


def test_a_map_over_what_is_no_array_names_its_path(machine):
    inner = {"StartAt": "Inner", "States": {"Inner": END}}
    state = {"Type": "Map", "ItemsPath": "$.n", "ItemProcessor": inner, "End": True}
    made = machine({"Map": state}, definition={"QueryLanguage": "JSONPath"})
    execution = made.run({"n": 1})
    assert execution["error"] == "States.Runtime"
    assert '"$.n" must point to array' in execution["cause"]


def test_what_fails_before_a_call_of_dynamodb_is_not_its_error(machine):
    task = {
        "Type": "Task",
        "Resource": "arn:aws:states:::dynamodb:getItem",
        "Parameters": {"TableName.$": "$.missing", "Key": {}},
        "End": True,
    }
    made = machine({"Get": task}, definition={"QueryLanguage": "JSONPath"})
    assert made.run()["error"] == "States.Runtime"


def test_a_callback_reports_any_error_name(machine, client, name):
    queue = client("sqs").create_queue(QueueName=name)["QueueUrl"]
    task = {
        "Type": "Task",
        "Resource": "arn:aws:states:::sqs:sendMessage.waitForTaskToken",
        "Arguments": {"QueueUrl": queue, "MessageBody": "{% $states.context.Task.Token %}"},
        "End": True,
    }
    made = machine({"A": task})
    arn = made.start()
    messages = []
    while not messages:
        messages = (
            client("sqs").receive_message(QueueUrl=queue, WaitTimeSeconds=1).get("Messages", [])
        )
    client("stepfunctions").send_task_failure(
        taskToken=messages[0]["Body"], error="States.Mine", cause="c"
    )
    execution = made.wait(arn)
    assert (execution["error"], execution["cause"]) == ("States.Mine", "c")
