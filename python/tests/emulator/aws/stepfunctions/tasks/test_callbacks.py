"""Task tokens, and the workers of activities."""

import concurrent.futures
import json

import pytest

from emulator.aws.stepfunctions.tasks import callbacks

NONE = "arn:aws:states:us-east-1:123456789012:activity:none"


@pytest.fixture
def sfn(client):
    return client("stepfunctions")


@pytest.fixture
def activity(sfn, name):
    arn = sfn.create_activity(name=name)["activityArn"]
    yield arn
    sfn.delete_activity(activityArn=arn)


def asking(activity, **fields):
    task = {"Type": "Task", "Resource": activity, "Arguments": {"n": "{% $states.input.n %}"}}
    return {"Ask": {**task, "End": True, **fields}}


def test_a_worker_fetches_and_completes_a_task(machine, sfn, activity):
    made = machine(asking(activity))
    with concurrent.futures.ThreadPoolExecutor(1) as pool:
        # It waits for the task, which is scheduled later.
        fetched = pool.submit(sfn.get_activity_task, activityArn=activity, workerName="me")
        arn = made.start({"n": 3})
        task = fetched.result(timeout=20)
    assert json.loads(task["input"]) == {"n": 3}
    sfn.send_task_success(taskToken=task["taskToken"], output='{"n": 4}')
    assert json.loads(made.wait(arn)["output"]) == {"n": 4}
    events = made.history(arn)
    assert [event["type"] for event in events][2:5] == [
        *("ActivityScheduled", "ActivityStarted", "ActivitySucceeded"),
    ]
    assert events[3]["activityStartedEventDetails"] == {"workerName": "me"}


def test_a_workers_failure_can_be_caught_by_its_error(machine, sfn, activity):
    catch = {
        "ErrorEquals": ["Own.Error"],
        "Output": "{% $states.errorOutput.Cause %}",
        "Next": "Caught",
    }
    made = machine({**asking(activity, Catch=[catch]), "Caught": {"Type": "Succeed"}})
    arn = made.start({"n": 1})
    token = sfn.get_activity_task(activityArn=activity)["taskToken"]
    sfn.send_task_failure(taskToken=token, error="Own.Error", cause="it broke")
    assert json.loads(made.wait(arn)["output"]) == "it broke"


def test_a_task_without_a_waiting_execution_is_not_handed_out(machine, sfn, activity, monkeypatch):
    made = machine(asking(activity))
    stopped = made.start({"n": 1})
    sfn.stop_execution(executionArn=stopped)
    made.wait(stopped)
    going_on = made.start({"n": 2})
    task = sfn.get_activity_task(activityArn=activity)
    assert json.loads(task["input"]) == {"n": 2}
    monkeypatch.setattr(callbacks, "LONGEST_POLL_SECONDS", 0.05)
    assert "taskToken" not in sfn.get_activity_task(activityArn=activity)
    sfn.stop_execution(executionArn=going_on)


def test_fails_without_the_activity(machine, sfn):
    execution = machine(asking(NONE)).run({"n": 1})
    assert execution["error"] == "States.Runtime"
    assert execution["cause"].endswith(f"The activity {NONE} does not exist.")
    with pytest.raises(sfn.exceptions.ActivityDoesNotExist, match="Activity Does Not Exist"):
        sfn.get_activity_task(activityArn=NONE)


@pytest.mark.parametrize(
    ("operation", "details"),
    [
        ("send_task_success", {"output": "{}"}),
        ("send_task_failure", {"error": "e"}),
        ("send_task_heartbeat", {}),
    ],
)
def test_a_token_counts_once(machine, sfn, activity, operation, details):
    send = getattr(sfn, operation)
    with pytest.raises(sfn.exceptions.InvalidToken, match="Invalid Token: 'Invalid token'"):
        send(taskToken="none", **details)
    made = machine(asking(activity))
    arn = made.start({"n": 1})
    token = sfn.get_activity_task(activityArn=activity)["taskToken"]
    with pytest.raises(sfn.exceptions.InvalidOutput):
        sfn.send_task_success(taskToken=token, output="no JSON")
    sfn.send_task_heartbeat(taskToken=token)
    sfn.send_task_success(taskToken=token, output="{}")
    with pytest.raises(sfn.exceptions.TaskTimedOut, match="does not exist anymore"):
        send(taskToken=token, **details)
    made.wait(arn)
