"""Failures with the States Language's names, each caught by exactly that name."""

import json

import pytest

END = {"Type": "Pass", "End": True}


def failing(state):
    """Return a Parallel state whose branch ends in the error of `state`."""
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


NEVER = {
    "JSONPath": {"Variable": "$", "IsNull": True},
    "JSONata": {"Condition": "{% false %}"},
}


def no_choice(language):
    choices = [{**NEVER[language], "Next": "End"}]
    return {
        "StartAt": "Choose",
        "States": {"Choose": {"Type": "Choice", "Choices": choices}, "End": END},
    }


def in_branch(program):
    return {"Type": "Parallel", "Branches": [program]}


def alone(state):
    return {"StartAt": "Only", "States": {"Only": {**state, "End": True}}}


IDENTITY = {"Type": "Task", "Resource": "arn:aws:states:::aws-sdk:sts:getCallerIdentity"}
HEAD = {"Type": "Task", "Resource": "arn:aws:states:::aws-sdk:s3:headBucket"}
BAD_PATH = {"Bucket.$": "$.missing"}
BAD_CALL = {"Bucket.$": "States.ArrayGetItem($.list, 9)"}
DOCUMENTED = [
    ("States.NoChoiceMatched", "JSONPath", in_branch(no_choice("JSONPath"))),
    ("States.NoChoiceMatched", "JSONata", in_branch(no_choice("JSONata"))),
    (
        "States.NoChoiceMatched",
        "JSONPath",
        {"Type": "Map", "ItemsPath": "$.list", "ItemProcessor": no_choice("JSONPath")},
    ),
    (
        "States.NoChoiceMatched",
        "JSONata",
        {"Type": "Map", "Items": [1], "ItemProcessor": no_choice("JSONata")},
    ),
    ("States.NoChoiceMatched", "JSONata", in_branch(alone(in_branch(no_choice("JSONata"))))),
    ("States.IntrinsicFailure", "JSONPath", {**HEAD, "Parameters": BAD_CALL}),
    ("States.IntrinsicFailure", "JSONPath", {**IDENTITY, "ResultSelector": BAD_CALL}),
    ("States.IntrinsicFailure", "JSONPath", in_branch(alone({"Type": "Pass", "Assign": BAD_CALL}))),
    ("States.ParameterPathFailure", "JSONPath", {**HEAD, "Parameters": BAD_PATH}),
    (
        "States.ParameterPathFailure",
        "JSONPath",
        in_branch(alone({"Type": "Pass", "Parameters": BAD_PATH})),
    ),
    (
        "States.ParameterPathFailure",
        "JSONPath",
        {
            "Type": "Map",
            "ItemsPath": "$.list",
            "ItemSelector": BAD_PATH,
            "ItemProcessor": alone({"Type": "Pass"}),
        },
    ),
    ("States.BranchFailed", "JSONata", in_branch(no_choice("JSONata"))),
]


def around(state, errors, **more):
    catch = [{"ErrorEquals": [error], "Next": "Caught"} for error in errors]
    return {"State": {**state, "Catch": catch, "End": True, **more}, "Caught": {"Type": "Succeed"}}


@pytest.mark.parametrize(("documented", "language", "state"), DOCUMENTED)
@pytest.mark.parametrize("reported", [False, True])
def test_a_catcher_has_the_documented_or_the_reported_name(
    machine, documented, language, state, reported
):
    errors = ["States.Runtime"] if reported else [documented]
    made = machine(around(state, errors), definition={"QueryLanguage": language})
    execution = made.run({"n": 1, "list": [1]})
    assert execution["status"] == "SUCCEEDED", execution
    assert json.loads(execution["output"])["Error"] == "States.Runtime"


@pytest.mark.parametrize(("documented", "language", "state"), DOCUMENTED)
def test_other_names_and_wildcards_do_not_catch_runtime_errors(
    machine, documented, language, state
):
    known = {name for name, _, _ in DOCUMENTED} - {documented, "States.BranchFailed"}
    others = [*sorted(known), "States.TaskFailed", "States.ALL"]
    made = machine(around(state, others), definition={"QueryLanguage": language})
    execution = made.run({"n": 1, "list": [1]})
    if documented == "States.BranchFailed":
        assert execution["status"] == "SUCCEEDED"  # by the name of what failed in the branch
    else:
        assert (execution["status"], execution["error"]) == ("FAILED", "States.Runtime")


@pytest.mark.parametrize(
    "state",
    [
        {**IDENTITY, "ResultSelector": BAD_PATH},
        {**IDENTITY, "InputPath": "$.missing"},
        {**IDENTITY, "Assign": BAD_PATH},
    ],
)
def test_a_path_outside_of_parameters_is_not_a_parameter_failure(machine, state):
    states = around(state, ["States.ParameterPathFailure", "States.ALL"])
    execution = machine(states, definition={"QueryLanguage": "JSONPath"}).run({"n": 1})
    assert (execution["status"], execution["error"]) == ("FAILED", "States.Runtime")


def test_a_retrier_has_the_documented_name(machine):
    retry = {"ErrorEquals": ["States.NoChoiceMatched"], "IntervalSeconds": 1, "MaxAttempts": 2}
    state = in_branch(no_choice("JSONata"))
    made = machine(around(state, ["States.NoChoiceMatched"], Retry=[retry]))
    execution_arn = made.start()
    assert made.wait(execution_arn)["status"] == "SUCCEEDED"
    entered = [e for e in made.history(execution_arn) if e["type"] == "ChoiceStateEntered"]
    assert len(entered) == 3


def test_a_failed_branch_is_caught_by_its_name(machine):
    fail = {"Type": "Fail", "Error": "Mine", "Cause": "of the branch"}
    fails = {"StartAt": "Only", "States": {"Only": fail}}
    made = machine(around(in_branch(fails), ["States.BranchFailed"]))
    error = json.loads(made.run()["output"])
    assert error == {"Error": "Mine", "Cause": "of the branch"}


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


def test_a_map_over_a_value_that_is_not_an_array_names_its_path(machine):
    inner = {"StartAt": "Inner", "States": {"Inner": END}}
    state = {"Type": "Map", "ItemsPath": "$.n", "ItemProcessor": inner, "End": True}
    made = machine({"Map": state}, definition={"QueryLanguage": "JSONPath"})
    execution = made.run({"n": 1})
    assert execution["error"] == "States.Runtime"
    assert '"$.n" must point to array' in execution["cause"]


def test_a_failure_before_a_call_of_dynamodb_is_not_its_error(machine):
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
