"""Errors that leave states, and the wildcards that match them."""

import json

import pytest

FAIL_STATES_ERROR = {"Type": "Fail", "Error": "States.TaskFailed", "Cause": "as it was caught"}


def test_a_fail_state_raises_a_states_error_again(machine):
    execution = machine({"Fail": FAIL_STATES_ERROR}).run()
    assert (execution["error"], execution["cause"]) == ("States.TaskFailed", "as it was caught")


@pytest.mark.parametrize(
    "around",
    [
        {"Type": "Parallel", "Branches": [{"StartAt": "F", "States": {"F": FAIL_STATES_ERROR}}]},
        {
            "Type": "Map",
            "Items": [1],
            "ItemProcessor": {"StartAt": "F", "States": {"F": FAIL_STATES_ERROR}},
        },
    ],
    ids=["Parallel", "Map"],
)
def test_a_states_error_leaves_branches_and_iterations(machine, around):
    catch = {
        "ErrorEquals": ["States.TaskFailed"],
        "Output": "{% $states.errorOutput %}",
        "Next": "Caught",
    }
    states = {"Around": {**around, "Catch": [catch], "End": True}, "Caught": {"Type": "Succeed"}}
    execution = machine(states).run()
    assert execution["status"] == "SUCCEEDED"
    assert json.loads(execution["output"])["Cause"] == "as it was caught"


@pytest.mark.parametrize(
    ("error", "wildcard", "caught"),
    [
        ("Own.Error", "States.ALL", True),
        ("States.Runtime", "States.ALL", False),
        ("States.DataLimitExceeded", "States.ALL", False),
        ("States.Runtime", "States.Runtime", True),
        ("Own.Error", "States.TaskFailed", True),
        ("States.Permissions", "States.TaskFailed", True),
        ("States.Timeout", "States.TaskFailed", False),
        ("States.Timeout", "States.ALL", True),
    ],
)
def test_wildcards_match_as_on_aws(machine, error, wildcard, caught):
    branch = {"StartAt": "F", "States": {"F": {"Type": "Fail", "Error": error}}}
    catch = {"ErrorEquals": [wildcard], "Next": "Caught"}
    states = {
        "Around": {"Type": "Parallel", "Branches": [branch], "Catch": [catch], "End": True},
        "Caught": {"Type": "Succeed"},
    }
    assert (machine(states).run()["status"] == "SUCCEEDED") is caught


def test_clients_get_error_codes(client, machine):
    sfn = client("stepfunctions")
    with pytest.raises(sfn.exceptions.InvalidDefinition):
        machine({"A": {"Type": "Nothing"}})
    made = machine({"A": {"Type": "Succeed"}})
    with pytest.raises(sfn.exceptions.InvalidExecutionInput):
        sfn.start_execution(stateMachineArn=made.arn, input="{")
