"""Executions of a test case: their tasks have the results of the mock file."""

import json
from types import SimpleNamespace

import botocore.exceptions
import pytest

from tests.emulator.aws.machine import Machine

CALL = {
    "Type": "Task",
    "Resource": "arn:aws:states:::lambda:invoke",
    "Arguments": {"FunctionName": "nowhere"},
    "Output": "{% $states.result.Payload %}",
    "End": True,
}
RETRY = {"ErrorEquals": ["Busy"], "IntervalSeconds": 1, "MaxAttempts": 2}
AGAIN = {"Again": {"Type": "Pass", "Next": "Call"}}


@pytest.fixture
def answered(machine, client, cloud, name, tmp_path):
    """Return an execution of a state whose calls have these results in turn."""
    file = tmp_path / "mocks.json"

    def run(answers, state=CALL, more=None):
        made = machine(more or {"Call": state})
        machine_name = made.arn.rpartition(":")[2]
        write(file, {machine_name: {"Case": {"Call": "Answers"}}}, {"Answers": answers})
        cloud.mocks.path = file
        case = Machine(client("stepfunctions"), f"{made.arn}#Case")
        execution = case.run()
        events = case.history(execution["executionArn"])
        return SimpleNamespace(wait=case.wait, execution=execution, events=events)

    return run


def write(file, cases, responses):
    machines = {name: {"TestCases": of} for name, of in cases.items()}
    file.write_text(json.dumps({"StateMachines": machines, "MockedResponses": responses}))


def returned(payload):
    return {"Return": {"Payload": payload}}


def thrown(error, cause="why"):
    return {"Throw": {"Error": error, "Cause": cause}}


def end(case):
    execution = case.execution
    return [execution.get(key) for key in ("status", "error", "cause")]


def test_a_task_gets_its_answer_without_a_call(answered):
    case = answered({"0": returned([1, None])})
    assert json.loads(case.execution["output"]) == [1, None]
    types = [event["type"] for event in case.events]
    assert types[2:5] == ["TaskScheduled", "TaskStarted", "TaskSucceeded"]


def test_retries_take_the_next_answers(answered):
    case = answered({"0-1": thrown("Busy"), "2": returned("done")}, {**CALL, "Retry": [RETRY]})
    assert json.loads(case.execution["output"]) == "done"
    assert [event["type"] for event in case.events].count("TaskFailed") == 2


def test_iterations_continue_where_the_earlier_ones_stopped(answered):
    inner = {"StartAt": "Call", "States": {"Call": CALL}}
    loop = {"Type": "Map", "Items": [1, 2], "MaxConcurrency": 1, "ItemProcessor": inner}
    after = {"Loop": {**loop, "End": True}}
    case = answered({"0": returned("a"), "1": returned("b")}, more=after)
    assert json.loads(case.execution["output"]) == ["a", "b"]


def test_an_error_is_thrown_with_its_cause(answered):
    case = answered({"0": thrown("Lambda.Unknown", "exit")})
    assert end(case) == ["FAILED", "Lambda.Unknown", "exit"]
    (failed,) = [e for e in case.events if e["type"] == "TaskFailed"]
    assert failed["taskFailedEventDetails"]["resourceType"] == "lambda"


@pytest.mark.parametrize("error", ["States.Timeout", "States.HeartbeatTimeout"])
def test_a_timeout_is_reported_as_one(answered, error):
    case = answered({"0": {"Throw": {"Error": error}}})
    assert end(case)[:2] == ["FAILED", error]
    assert "TaskTimedOut" in [event["type"] for event in case.events]


@pytest.mark.parametrize("error", ["States.Timeout", "States.HeartbeatTimeout"])
def test_a_timeout_can_be_caught(answered, error):
    catcher = {"ErrorEquals": ["States.Timeout"], "Next": "Again"}
    states = {"Call": {**CALL, "Catch": [catcher]}, **AGAIN}
    case = answered({"0": {"Throw": {"Error": error}}, "1": returned("ok")}, more=states)
    assert json.loads(case.execution["output"]) == "ok"


def test_an_answer_may_be_too_large(answered):
    case = answered({"0": returned("x" * 300_000)})
    assert end(case)[:2] == ["FAILED", "States.DataLimitExceeded"]


def test_a_job_is_not_waited_for(answered, request_for):
    arguments = {**request_for("TrainingJob"), "TrainingJobName": "n"}
    resource = "arn:aws:states:::sagemaker:createTrainingJob.sync"
    job = {**CALL, "Resource": resource, "Arguments": arguments}
    assert json.loads(answered({"0": returned("trained")}, job).execution["output"]) == "trained"


def test_running_out_of_answers_cannot_be_caught(answered):
    catcher = {"ErrorEquals": ["States.ALL"], "Next": "Again"}
    case = answered({"0": thrown("E")}, more={"Call": {**CALL, "Catch": [catcher]}, **AGAIN})
    expected = "The mock file has no answer for call 1 of the state Call"
    status, error, cause = end(case)
    assert (status, error) == ("FAILED", "States.Runtime")
    assert cause.endswith(expected)


def test_states_without_an_answer_call_their_service(machine, client, cloud, name, tmp_path):
    made = machine({"Call": CALL})
    file = tmp_path / "mocks.json"
    write(file, {made.arn.rpartition(":")[2]: {"Case": {}}}, {})
    cloud.mocks.path = file
    execution = Machine(client("stepfunctions"), f"{made.arn}#Case").run()
    assert execution["error"] == "Lambda.ResourceNotFoundException"


def test_a_changed_file_is_read_again(answered):
    assert json.loads(answered({"0": returned(1)}).execution["output"]) == 1
    assert json.loads(answered({"0": returned(2.5)}).execution["output"]) == 2.5


def test_a_case_that_the_file_lacks_is_refused(machine, client, cloud, tmp_path):
    made = machine({"Call": CALL})
    own = made.arn.rpartition(":")[2]
    file = tmp_path / "mocks.json"
    write(file, {own: {"Happy": {}}}, {})
    cloud.mocks.path = file
    with pytest.raises(botocore.exceptions.ClientError, match=r"has no test case 'Sad'.*has Happy"):
        Machine(client("stepfunctions"), f"{made.arn}#Sad").start()


def test_without_a_file_a_case_is_part_of_the_name_as_on_aws(machine, client):
    made = machine({"Call": CALL})
    with pytest.raises(botocore.exceptions.ClientError) as refused:
        Machine(client("stepfunctions"), f"{made.arn}#Happy").start()
    assert refused.value.response["Error"]["Code"] == "StateMachineDoesNotExist"


def test_a_redrive_takes_the_answers_after_those_of_the_first_attempt(answered, client):
    case = answered({"0": thrown("E"), "1": returned("redriven")})
    arn = case.execution["executionArn"]
    assert end(case)[1] == "E"
    client("stepfunctions").redrive_execution(executionArn=arn)
    assert json.loads(case.wait(arn)["output"]) == "redriven"
