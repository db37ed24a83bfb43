import json
import threading

import pytest
from moto.stepfunctions.parser.backend.execution import Execution

from emulator.aws.stepfunctions.executions.lifecycle import KEPT_EXECUTIONS


def test_executions_without_a_name_get_different_ones(machine):
    made = machine({"A": {"Type": "Succeed"}})
    first, second = made.start(), made.start()
    assert first != second
    assert made.wait(second)["status"] == "SUCCEEDED"


@pytest.mark.parametrize("text", ['"\\ud800"', '{"a": ["\\udc00x"]}'])
def test_an_input_with_half_a_surrogate_pair_is_refused(machine, client, text):
    made = machine({"A": {"Type": "Succeed"}})
    with pytest.raises(
        client("stepfunctions").exceptions.InvalidExecutionInput, match="is half of a character"
    ):
        client("stepfunctions").start_execution(stateMachineArn=made.arn, input=text)
    whole = client("stepfunctions").start_execution(
        stateMachineArn=made.arn, input='"\\ud83d\\ude00"'
    )
    assert made.wait(whole["executionArn"])["status"] == "SUCCEEDED"


def test_an_execution_that_is_not_started_yet_is_running(machine, client, monkeypatch):
    made = machine({"A": {"Type": "Succeed"}})
    listed = []
    start = Execution.start

    def listed_first(self):
        listed.extend(
            client("stepfunctions").list_executions(stateMachineArn=made.arn)["executions"]
        )
        start(self)

    monkeypatch.setattr(Execution, "start", listed_first)
    made.run()
    assert [execution["status"] for execution in listed] == ["RUNNING"]


def test_the_newest_ended_executions_are_kept_and_names_stay_used(machine, client):
    sfn = client("stepfunctions")
    made = machine({"A": {"Type": "Succeed"}})
    arns = []
    for i in range(KEPT_EXECUTIONS + 3):
        arns.append(made.start(name=f"run-{i}"))
        made.wait(arns[-1])
    listed = sfn.list_executions(stateMachineArn=made.arn, maxResults=1000)["executions"]
    assert len(listed) <= KEPT_EXECUTIONS + 1
    assert listed[0]["executionArn"] == arns[-1]
    with pytest.raises(sfn.exceptions.ExecutionDoesNotExist):
        sfn.describe_execution(executionArn=arns[0])
    with pytest.raises(sfn.exceptions.ExecutionAlreadyExists):
        made.start(name="run-0")


def test_a_running_execution_is_never_removed(machine, client):
    made = machine(
        {
            "Which": {
                "Type": "Choice",
                "Choices": [{"Condition": "{% $states.input.wait %}", "Next": "Wait"}],
                "Default": "End",
            },
            "Wait": {"Type": "Wait", "Seconds": 500_000, "Next": "End"},
            "End": {"Type": "Succeed"},
        }
    )
    waiting = made.start({"wait": True})
    for _ in range(KEPT_EXECUTIONS + 2):
        made.run({"wait": False})
    client("stepfunctions").stop_execution(executionArn=waiting)
    assert made.wait(waiting)["status"] == "ABORTED"


def test_ended_executions_leave_no_threads(machine):
    from moto.stepfunctions.parser.utils import TMP_THREADS

    made = machine({"A": {"Type": "Succeed"}})
    made.run()
    before = threading.active_count()
    for _ in range(30):
        made.run()
    assert len(TMP_THREADS) < 15
    assert threading.active_count() < before + 15


def test_the_history_is_paginated_and_reversible(machine, client):
    sfn = client("stepfunctions")
    states = {f"S{i}": {"Type": "Pass", "Next": f"S{i + 1}"} for i in range(60)}
    made = machine({**states, "S60": {"Type": "Succeed"}})
    execution_arn = made.start()
    made.wait(execution_arn)
    first = sfn.get_execution_history(executionArn=execution_arn)
    assert len(first["events"]) == 100
    second = sfn.get_execution_history(executionArn=execution_arn, nextToken=first["nextToken"])
    ids = [event["id"] for event in first["events"] + second["events"]]
    assert ids == list(range(1, 125))
    newest = sfn.get_execution_history(executionArn=execution_arn, reverseOrder=True, maxResults=2)
    assert [event["id"] for event in newest["events"]] == [124, 123]
    with pytest.raises(sfn.exceptions.InvalidToken):
        sfn.get_execution_history(executionArn=execution_arn, nextToken="nonsense")


def test_a_machine_of_the_same_name_must_be_the_same(client, name):
    sfn = client("stepfunctions")
    role = "arn:aws:iam::123456789012:role/workflow"
    definition = json.dumps({"StartAt": "A", "States": {"A": {"Type": "Succeed"}}})
    other = json.dumps({"StartAt": "B", "States": {"B": {"Type": "Succeed"}}})
    first = sfn.create_state_machine(name=name, definition=definition, roleArn=role)
    again = sfn.create_state_machine(name=name, definition=definition, roleArn=role)
    assert again["stateMachineArn"] == first["stateMachineArn"]
    with pytest.raises(sfn.exceptions.StateMachineAlreadyExists, match="another definition"):
        sfn.create_state_machine(name=name, definition=other, roleArn=role)
    sfn.delete_state_machine(stateMachineArn=first["stateMachineArn"])


def test_versions_are_listed_newest_first(client, name):
    sfn = client("stepfunctions")
    role = "arn:aws:iam::123456789012:role/workflow"

    def definition(comment):
        states = {"A": {"Type": "Succeed", "Comment": comment}}
        return json.dumps({"StartAt": "A", "States": states})

    arn = sfn.create_state_machine(name=name, definition=definition("0"), roleArn=role)[
        "stateMachineArn"
    ]
    assert sfn.list_state_machine_versions(stateMachineArn=arn)["stateMachineVersions"] == []
    for comment in "12":
        sfn.update_state_machine(stateMachineArn=arn, definition=definition(comment), publish=True)
    listed = sfn.list_state_machine_versions(stateMachineArn=arn)["stateMachineVersions"]
    assert [v["stateMachineVersionArn"] for v in listed] == [f"{arn}:2", f"{arn}:1"]
    sfn.delete_state_machine(stateMachineArn=arn)


def test_the_history_omits_data_on_request(machine, client):
    states = {"A": {"Type": "Pass", "Output": "secret", "Assign": {"x": "secret"}, "End": True}}
    made = machine(states)
    arn = made.run({"x": "secret"})["executionArn"]
    sfn = client("stepfunctions")
    events = sfn.get_execution_history(executionArn=arn, includeExecutionData=False)["events"]
    assert "secret" not in json.dumps(events, default=str)
    assert "secret" in json.dumps(sfn.get_execution_history(executionArn=arn), default=str)


@pytest.mark.parametrize(
    ("request_", "problem"),
    [
        ({}, "Must specify exactly one of: stateMachineArn, mapRunArn"),
        (
            {"mapRunArn": "arn:aws:states:us-east-1:123456789012:mapRun:m/x:y"},
            "The emulator does not list the children of a Map Run",
        ),
    ],
)
def test_listing_executions_needs_a_machine(client, request_, problem):
    sfn = client("stepfunctions")
    with pytest.raises(sfn.exceptions.ClientError) as refusal:
        sfn.list_executions(**request_)
    assert refusal.value.response["Error"]["Code"] == "ValidationException"
    assert problem in str(refusal.value)
