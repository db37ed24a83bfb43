"""Executions that are started by an execution, which may wait for them."""

import json

import pytest

START = "arn:aws:states:::states:startExecution"
RULE = (
    "arn:aws:events:us-east-1:123456789012:rule/StepFunctionsGetEventsForStepFunctionsExecutionRule"
)
ECHO = {"Only": {"Type": "Pass", "Output": {"got": "{% $states.input %}"}, "End": True}}
FAIL = {"Only": {"Type": "Fail", "Error": "Broken", "Cause": "on purpose"}}
ENDLESS = {"Only": {"Type": "Wait", "Seconds": 100_000, "End": True}}


def start(child, pattern="", given=None, **fields):
    arguments = {"StateMachineArn": child.arn, **({} if given is None else {"Input": given})}
    return {
        "Start": {
            "Type": "Task",
            "Resource": f"{START}{pattern}",
            "Arguments": arguments,
            "End": True,
            **fields,
        }
    }


def output(execution):
    assert execution["status"] == "SUCCEEDED", execution.get("cause")
    return json.loads(execution["output"])


def test_without_waiting_the_arn_is_returned_at_once(machine):
    child = machine(ENDLESS)
    result = output(machine(start(child)).run())
    assert set(result) == {"ExecutionArn", "StartDate", "SdkHttpMetadata", "SdkResponseMetadata"}
    assert result["ExecutionArn"].startswith(child.arn.replace(":stateMachine:", ":execution:"))
    assert result["StartDate"] > 1_600_000_000_000


@pytest.mark.parametrize(
    ("pattern", "given", "said"),
    [
        (".sync", {"a": [1]}, ('{"a":[1]}', '{"got":{"a":[1]}}')),
        (".sync:2", {"a": [1]}, ({"a": [1]}, {"got": {"a": [1]}})),
        (".sync:2", None, ({}, {"got": {}})),
        (".sync:2", '"text"', ("text", {"got": "text"})),
    ],
)
def test_a_task_waits_for_the_end_and_returns_the_description(machine, pattern, given, said):
    child = machine(ECHO)
    parent = machine(start(child, pattern, given))
    arn = parent.start()
    result = output(parent.wait(arn))
    assert (result["Input"], result["Output"]) == said
    assert result["Status"] == "SUCCEEDED"
    assert result["StateMachineArn"] == child.arn
    assert result["InputDetails"] == result["OutputDetails"] == {"Included": True}
    assert result["StopDate"] >= result["StartDate"] > 1_600_000_000_000
    assert not {"SdkHttpMetadata", "executionArn"} & set(result)
    kinds = [event["type"] for event in parent.history(arn)]
    assert kinds[2:6] == ["TaskScheduled", "TaskStarted", "TaskSubmitted", "TaskSucceeded"]


def test_jsonpath_starts_executions_too(machine):
    child = machine(ECHO)
    task = start(child, ".sync:2")["Start"]
    del task["Arguments"]
    task["QueryLanguage"] = "JSONPath"
    task["Parameters"] = {
        "StateMachineArn.$": "$.arn",
        "Input": {"n.$": "$.n", "AWS_STEP_FUNCTIONS_STARTED_BY_EXECUTION_ID.$": "$$.Execution.Id"},
    }
    task["ResultSelector"] = {"was.$": "$.Output.got"}
    parent = machine({"Start": task}, definition={"QueryLanguage": "JSONPath"})
    execution = parent.wait(parent.start({"arn": child.arn, "n": 3}))
    assert output(execution)["was"] == {
        "n": 3,
        "AWS_STEP_FUNCTIONS_STARTED_BY_EXECUTION_ID": execution["executionArn"],
    }


@pytest.mark.parametrize("pattern", [".sync", ".sync:2"])
def test_a_failed_child_fails_the_task_with_its_description(machine, pattern):
    execution = machine(start(machine(FAIL), pattern)).run()
    assert execution["error"] == "States.TaskFailed"
    cause = json.loads(execution["cause"])
    assert (cause["Status"], cause["Error"], cause["Cause"]) == ("FAILED", "Broken", "on purpose")


@pytest.mark.parametrize("status", ["ABORTED", "TIMED_OUT"])
def test_a_child_that_did_not_succeed_fails_the_task(machine, client, until, status):
    sfn = client("stepfunctions")
    child = machine(ENDLESS, definition={"TimeoutSeconds": 1} if status == "TIMED_OUT" else {})
    parent = machine(start(child, ".sync:2"))
    arn = parent.start()
    (listed,) = until(lambda: sfn.list_executions(stateMachineArn=child.arn)["executions"])
    if status == "ABORTED":
        sfn.stop_execution(executionArn=listed["executionArn"], error="Own", cause="by hand")
    execution = parent.wait(arn)
    assert (execution["status"], execution["error"]) == ("FAILED", "States.TaskFailed")
    cause = json.loads(execution["cause"])
    assert cause["Status"] == status
    assert (cause.get("Error"), cause.get("Cause")) == {
        "ABORTED": ("Own", "by hand"),
        "TIMED_OUT": (None, None),
    }[status]


@pytest.mark.parametrize("ended_by", ["stop", "timeout"])
def test_a_child_is_stopped_with_the_task_that_waits_for_it(machine, client, until, ended_by):
    sfn = client("stepfunctions")
    child = machine(ENDLESS)
    limit = {"TimeoutSeconds": 1} if ended_by == "timeout" else {}
    parent = machine(start(child, ".sync:2", **limit))
    arn = parent.start()
    listed = until(lambda: sfn.list_executions(stateMachineArn=child.arn)["executions"])
    if ended_by == "stop":
        sfn.stop_execution(executionArn=arn)
    execution = parent.wait(arn)
    assert (execution["status"], execution.get("error")) == {
        "stop": ("ABORTED", None),
        "timeout": ("FAILED", "States.Timeout"),
    }[ended_by]
    assert child.wait(listed[0]["executionArn"])["status"] == "ABORTED"
    assert "TaskSucceeded" not in [event["type"] for event in parent.history(arn)]


def test_a_child_may_report_by_token_instead_of_by_its_end(machine, client, until):
    sfn = client("stepfunctions")
    child = machine(ENDLESS)
    given = {"token": "{% $states.context.Task.Token %}"}
    parent = machine(start(child, ".waitForTaskToken", given))
    arn = parent.start()
    (listed,) = until(lambda: sfn.list_executions(stateMachineArn=child.arn)["executions"])
    told = json.loads(sfn.describe_execution(executionArn=listed["executionArn"])["input"])
    sfn.send_task_success(taskToken=told["token"], output='{"done": true}')
    assert output(parent.wait(arn)) == {"done": True}


@pytest.mark.parametrize("missing", ["StartExecution", "DescribeExecution"])
def test_nested_executions_need_the_roles_permissions(machine, role, missing):
    child = machine(ECHO)
    needed = {"StartExecution", "DescribeExecution", "StopExecution"} - {missing}
    actions = [f"states:{name}" for name in needed] + ["events:*"]
    parent = machine(start(child, ".sync"), role=role("states.amazonaws.com", actions))
    execution = parent.run()
    assert execution["error"] == "StepFunctions.AWSStepFunctionsException"
    assert f"is not authorized to perform: states:{missing}" in execution["cause"]


def test_waiting_needs_permission_for_the_managed_rule(machine, role, client):
    sfn = client("stepfunctions")
    arn = role("states.amazonaws.com", ["states:*"])
    machine(start(machine(ECHO)), role=arn)
    with pytest.raises(sfn.exceptions.ClientError, match="not authorized to create managed-rule"):
        machine(start(machine(ECHO), ".sync:2"), role=arn)


def test_a_stop_ends_a_wait_for_a_token(machine, client, until):
    sfn = client("stepfunctions")
    child = machine(ENDLESS)
    parent = machine(start(child, ".waitForTaskToken"))
    arn = parent.start()
    until(lambda: sfn.list_executions(stateMachineArn=child.arn)["executions"])
    sfn.stop_execution(executionArn=arn)
    assert parent.wait(arn)["status"] == "ABORTED"
    assert parent.history(arn)[-1]["type"] == "ExecutionAborted"
