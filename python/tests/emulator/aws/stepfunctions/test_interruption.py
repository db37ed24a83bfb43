"""Stopped and timed-out executions, and branches that stop each other."""

import time
import types
from typing import Any

import pytest
from moto.stepfunctions.parser.asl.component.common.timeouts.timeout import TimeoutSeconds

from tests.patience import wait_until

TRAIN = "arn:aws:states:::sagemaker:createTrainingJob.sync"


def training(name, request, **fields):
    arguments = {**request("TrainingJob"), "TrainingJobName": name}
    return {"Type": "Task", "Resource": TRAIN, "Arguments": arguments, "End": True, **fields}


def status(client, name):
    """Return a training job's status once it has ended."""

    def ended():
        job = client("sagemaker").describe_training_job(TrainingJobName=name)
        found = job["TrainingJobStatus"]
        return found not in ("InProgress", "Stopping") and found

    return wait_until(ended, f"{name} has ended")


def wait_until_submitted(made, execution_arn):
    wait_until(lambda: any(e["type"] == "TaskSubmitted" for e in made.history(execution_arn)))


def test_a_stopped_execution_keeps_error_and_cause_and_stops_its_job(
    machine, client, name, request_for
):
    job = f"{name}-endless"
    made = machine({"Train": training(job, request_for)})
    execution_arn = made.start()
    wait_until_submitted(made, execution_arn)
    client("stepfunctions").stop_execution(
        executionArn=execution_arn, error="Own.Error", cause="by hand"
    )
    execution = made.wait(execution_arn)
    assert (execution["status"], execution["error"]) == ("ABORTED", "Own.Error")
    assert execution["cause"] == "by hand"
    assert status(client, job) == "Stopped"
    kinds = [event["type"] for event in made.history(execution_arn)]
    assert kinds[-1] == "ExecutionAborted"
    assert "TaskSucceeded" not in kinds
    assert "TaskFailed" not in kinds


def test_a_stop_right_after_the_start_is_not_lost(machine, client):
    made = machine({"Wait": {"Type": "Wait", "Seconds": 5000, "End": True}})
    for _ in range(10):
        execution_arn = made.start()
        client("stepfunctions").stop_execution(executionArn=execution_arn)
        assert made.wait(execution_arn)["status"] == "ABORTED"


def test_a_machine_past_its_timeout_stops_its_job(machine, client, name, request_for):
    job = f"{name}-endless"
    made = machine({"Train": training(job, request_for)}, definition={"TimeoutSeconds": 1})
    execution_arn = made.start()
    execution = made.wait(execution_arn)
    assert execution["status"] == "TIMED_OUT"
    assert execution["stopDate"] >= execution["startDate"]
    assert status(client, job) == "Stopped"
    assert made.history(execution_arn)[-1]["type"] == "ExecutionTimedOut"


def test_a_task_past_its_timeout_stops_its_job(machine, client, name, request_for):
    job = f"{name}-endless"
    made = machine({"Train": training(job, request_for, TimeoutSeconds=1)})
    assert made.run()["error"] == "States.Timeout"
    assert status(client, job) == "Stopped"


def test_a_failed_branch_stops_its_sibling(machine, client, name, request_for):
    job = f"{name}-endless"
    branches = [
        {"StartAt": "Train", "States": {"Train": training(job, request_for)}},
        {
            "StartAt": "Wait",
            "States": {
                "Wait": {"Type": "Wait", "Seconds": 20, "Next": "Fail"},
                "Fail": {"Type": "Fail", "Error": "Own.Error"},
            },
        },
    ]
    made = machine({"Both": {"Type": "Parallel", "Branches": branches, "End": True}})
    assert made.run()["error"] == "Own.Error"
    assert status(client, job) == "Stopped"


def test_a_failed_iteration_stops_its_siblings_before_the_execution_ends(
    machine, client, name, request_for
):
    job = f"{name}-endless"
    processor = {
        "StartAt": "Which",
        "States": {
            "Which": {
                "Type": "Choice",
                "Choices": [{"Condition": "{% $states.input = 'train' %}", "Next": "Train"}],
                "Default": "Wait",
            },
            "Train": training(job, request_for),
            "Wait": {"Type": "Wait", "Seconds": 20, "Next": "Fail"},
            "Fail": {"Type": "Fail", "Error": "Own.Error"},
        },
    }
    made = machine(
        {
            "Each": {
                "Type": "Map",
                "Items": ["train", "fail"],
                "ItemProcessor": processor,
                "End": True,
            }
        }
    )
    execution_arn = made.start()
    assert made.wait(execution_arn)["error"] == "Own.Error"
    assert status(client, job) == "Stopped"
    time.sleep(0.2)
    assert made.history(execution_arn)[-1]["type"] == "ExecutionFailed"


@pytest.mark.usefixtures("cloud")
def test_a_timeout_stays_one_in_an_iteration_that_is_being_stopped():
    env: Any = types.SimpleNamespace(stack=["the state's input"], is_running=lambda: False)
    TimeoutSeconds(60).eval(env)
    assert env.stack == ["the state's input", 60]
