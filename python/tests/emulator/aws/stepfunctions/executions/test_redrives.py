"""RedriveExecution: what runs again, with which data, and which executions are refused."""

import datetime
import json
import types

import pytest

from emulator.aws.stepfunctions.executions.redrivability import (
    MOST_EVENTS,
    MOST_REDRIVES,
    refusal,
)
from tests.emulator.aws.conftest import IMAGE, ROLE
from tests.emulator.aws.stepfunctions.executions.redriving import (
    COUNT,
    after_redrive,
    entered,
    works_after,
)


def test_continues_from_the_failed_state_with_its_input_and_variables(machine, redrive):
    made = machine(
        {
            "First": {
                "Type": "Pass",
                "Assign": {"kept": "{% $random() %}"},
                "Output": {"n": 1},
                "Next": "Second",
            },
            "Second": {
                "Type": "Pass",
                "Output": works_after(1, "{'input': $states.input, 'kept': $kept}"),
                "Next": "Third",
            },
            "Third": {"Type": "Pass", "End": True},
        }
    )
    arn = made.start({"from": "outside"})
    assert made.wait(arn)["error"] == "States.QueryEvaluationError"
    before = made.history(arn)
    ended = redrive(made, arn)
    assert ended["status"] == "SUCCEEDED"
    assert json.loads(ended["output"])["input"] == {"n": 1}
    (assigned,) = [
        event["stateExitedEventDetails"]["assignedVariables"]["kept"]
        for event in before
        if "assignedVariables" in event.get("stateExitedEventDetails", {})
    ]
    assert json.loads(ended["output"])["kept"] == json.loads(assigned)
    assert ended["executionArn"] == arn
    assert json.loads(ended["input"]) == {"from": "outside"}
    assert "error" not in ended

    events = made.history(arn)
    assert [event["id"] for event in events] == list(range(1, len(events) + 1))
    assert events[: len(before)] == before
    redriven = events[len(before)]
    assert redriven["type"] == "ExecutionRedriven"
    assert redriven["executionRedrivenEventDetails"] == {"redriveCount": 1}
    assert entered(events[len(before) :]) == ["Second", "Third"]


def test_a_task_runs_again_with_a_new_name_and_all_its_retries(machine, client, name, redrive):
    job = (
        f"{{% '{name}-' & $string({COUNT}) & '-' & $string($states.context.State.RetryCount)"
        f" & ({COUNT} = 0 or $states.context.State.RetryCount = 0 ? '-fails' : '') %}}"
    )
    made = machine(
        {
            "Train": {
                "Type": "Task",
                "Resource": "arn:aws:states:::sagemaker:createTrainingJob.sync",
                "Arguments": {
                    "TrainingJobName": job,
                    "RoleArn": ROLE,
                    "AlgorithmSpecification": {
                        "TrainingImage": IMAGE,
                        "TrainingInputMode": "File",
                    },
                    "OutputDataConfig": {"S3OutputPath": "s3://bucket/model-artifacts/"},
                    "ResourceConfig": {
                        "InstanceType": "ml.m5.large",
                        "InstanceCount": 1,
                        "VolumeSizeInGB": 30,
                    },
                    "StoppingCondition": {"MaxRuntimeInSeconds": 3600},
                },
                "Retry": [{"ErrorEquals": ["States.ALL"], "IntervalSeconds": 1, "MaxAttempts": 1}],
                "End": True,
            }
        }
    )
    arn = made.start()
    assert made.wait(arn)["status"] == "FAILED"
    assert redrive(made, arn)["status"] == "SUCCEEDED"
    jobs = client("sagemaker").list_training_jobs(NameContains=name)["TrainingJobSummaries"]
    assert sorted(job["TrainingJobName"] for job in jobs) == [
        f"{name}-0-0-fails",
        f"{name}-0-1-fails",
        f"{name}-1-0-fails",
        f"{name}-1-1",
    ]


def test_the_description_has_redrives_and_the_context_has_their_time(machine, client, redrive):
    made = machine(
        {
            "Only": {
                "Type": "Pass",
                "Output": works_after(2, "$states.context.Execution"),
                "End": True,
            }
        }
    )
    arn = made.start()
    first = made.wait(arn)
    assert (first["redriveCount"], first["redriveStatus"]) == (0, "REDRIVABLE")
    assert not {"redriveDate", "redriveStatusReason"} & set(first)
    second = redrive(made, arn)
    assert (second["status"], second["redriveCount"]) == ("FAILED", 1)
    third = redrive(made, arn)
    assert (third["status"], third["redriveCount"]) == ("SUCCEEDED", 2)
    assert third["redriveStatus"] == "NOT_REDRIVABLE"
    assert third["redriveStatusReason"] == "Execution is SUCCEEDED and cannot be redriven"
    (listed,) = client("stepfunctions").list_executions(stateMachineArn=made.arn)["executions"]
    assert (listed["redriveCount"], listed["redriveDate"]) == (2, third["redriveDate"])
    context = json.loads(third["output"])
    assert context["RedriveCount"] == 2
    told = datetime.datetime.fromisoformat(context["RedriveTime"].replace("Z", "+00:00"))
    assert abs(told - third["redriveDate"]) < datetime.timedelta(seconds=1)


def test_a_fail_state_fails_again(machine, redrive):
    made = machine(
        {
            "First": {"Type": "Pass", "Next": "Named"},
            "Named": {"Type": "Fail", "Error": "Named", "Cause": "as before"},
        }
    )
    arn = made.start()
    assert redrive(made, arn)["error"] == "Named"
    assert entered(after_redrive(made.history(arn))) == ["Named"]


def test_runs_the_definition_that_it_was_started_with(machine, client, redrive):
    made = machine({"Only": {"Type": "Pass", "Output": works_after(1), "End": True}})
    arn = made.start()
    made.wait(arn)
    changed = {"StartAt": "Only", "States": {"Only": {"Type": "Fail", "Error": "Changed"}}}
    client("stepfunctions").update_state_machine(
        stateMachineArn=made.arn, definition=json.dumps(changed)
    )
    assert redrive(made, arn)["output"] == '"done"'


def test_a_stopped_execution_continues_in_its_last_state(machine, client, until, redrive):
    made = machine(
        {
            "First": {"Type": "Pass", "Assign": {"n": 1}, "Next": "Wait"},
            "Wait": {
                "Type": "Wait",
                "Seconds": f"{{% {COUNT} = 0 ? 500000 : 0 %}}",
                "Next": "Last",
            },
            "Last": {"Type": "Pass", "Output": "{% $n %}", "End": True},
        }
    )
    arn = made.start()
    until(lambda: entered(made.history(arn)) == ["First", "Wait"])
    client("stepfunctions").stop_execution(executionArn=arn, error="Stopped", cause="by hand")
    ended = redrive(made, arn)
    assert (ended["status"], ended.get("output"), ended.get("error")) == ("SUCCEEDED", "1", None)
    assert entered(after_redrive(made.history(arn))) == ["Wait", "Last"]


def test_a_timed_out_execution_gets_its_timeout_again(machine, redrive):
    made = machine(
        {
            "Wait": {
                "Type": "Wait",
                "Seconds": f"{{% {COUNT} = 0 ? 500000 : 1 %}}",
                "End": True,
            }
        },
        definition={"TimeoutSeconds": 1},
    )
    arn = made.start()
    assert made.wait(arn)["status"] == "TIMED_OUT"
    assert redrive(made, arn)["status"] == "SUCCEEDED"


def test_events_metrics_and_logs_report_a_redrive(machine, client, seen, name, redrive):
    group = f"/aws/vendedlogs/states/{name}"
    client("logs").create_log_group(logGroupName=group)
    log_arn = f"arn:aws:logs:us-east-1:123456789012:log-group:{group}:*"
    made = machine(
        {"Only": {"Type": "Pass", "Output": works_after(1), "End": True}},
        loggingConfiguration={
            "level": "ALL",
            "destinations": [{"cloudWatchLogsLogGroup": {"logGroupArn": log_arn}}],
        },
    )
    wait_for = seen({"source": ["aws.states"], "detail": {"stateMachineArn": [made.arn]}})
    arn = made.start()
    redrive(made, arn)
    told = [event["detail"] for event in wait_for(4)]
    assert sorted((event["redriveCount"], event["status"]) for event in told) == [
        (0, "FAILED"),
        (0, "RUNNING"),
        (1, "RUNNING"),
        (1, "SUCCEEDED"),
    ]
    assert {event["status"]: event["redriveStatus"] for event in told}["FAILED"] == "REDRIVABLE"
    metrics = client("cloudwatch").list_metrics(
        Namespace="AWS/States", Dimensions=[{"Name": "StateMachineArn", "Value": made.arn}]
    )["Metrics"]
    assert {
        "ExecutionsStarted",
        "ExecutionsFailed",
        "ExecutionsRedriven",
        "ExecutionsSucceeded",
        "RedrivenExecutionsSucceeded",
    } <= {metric["MetricName"] for metric in metrics}
    lines = client("logs").filter_log_events(logGroupName=group)["events"]
    counts = {
        json.loads(line["message"])["type"]: json.loads(line["message"])["redrive_count"]
        for line in lines
    }
    assert (counts["ExecutionFailed"], counts["ExecutionSucceeded"]) == ("0", "1")


def test_a_token_that_is_sent_again_redrives_once(machine, client):
    sfn = client("stepfunctions")
    made = machine({"Only": {"Type": "Pass", "Output": works_after(5), "End": True}})
    arn = made.start()
    made.wait(arn)
    first = sfn.redrive_execution(executionArn=arn, clientToken="one")
    made.wait(arn)
    again = sfn.redrive_execution(executionArn=arn, clientToken="one")
    assert again["redriveDate"] == first["redriveDate"]
    assert made.wait(arn)["redriveCount"] == 1
    sfn.redrive_execution(executionArn=arn, clientToken="two")
    assert made.wait(arn)["redriveCount"] == 2


def test_executions_that_cannot_be_redriven_are_refused(machine, client):
    sfn = client("stepfunctions")
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
    refused = sfn.exceptions.ExecutionNotRedrivable
    succeeded = made.start({"wait": False})
    made.wait(succeeded)
    with pytest.raises(refused, match="Execution is SUCCEEDED and cannot be redriven"):
        sfn.redrive_execution(executionArn=succeeded)
    running = made.start({"wait": True})
    with pytest.raises(refused, match="Execution is RUNNING and cannot be redriven"):
        sfn.redrive_execution(executionArn=running)
    sfn.stop_execution(executionArn=running)
    made.wait(running)
    with pytest.raises(sfn.exceptions.ExecutionDoesNotExist):
        sfn.redrive_execution(executionArn=f"{running}-unknown")


NOW = datetime.datetime(2026, 1, 31, tzinfo=datetime.timezone.utc)


def ended_execution(*, started=1, stopped=1, redrives=0, events=10, status="FAILED"):
    manager = types.SimpleNamespace(_history_event_list=[None] * events)
    worker = types.SimpleNamespace(env=types.SimpleNamespace(event_manager=manager))
    return types.SimpleNamespace(
        status=status,
        redrive_count=redrives,
        start_date=NOW - datetime.timedelta(days=started),
        stop_date=NOW - datetime.timedelta(days=stopped),
        exec_worker=worker,
    )


@pytest.mark.parametrize(
    ("execution", "reason"),
    [
        ({}, None),
        ({"status": "ABORTED"}, None),
        ({"status": "TIMED_OUT"}, None),
        ({"started": 20, "stopped": 14}, None),
        ({"started": 20, "stopped": 14.01}, "Execution redrivable period exceeded"),
        ({"started": 366}, "Execution has exceeded the max execution time"),
        ({"events": MOST_EVENTS - 1}, None),
        ({"events": MOST_EVENTS}, "Execution history event limit exceeded"),
        ({"redrives": MOST_REDRIVES - 1}, None),
        (
            {"redrives": MOST_REDRIVES},
            "Execution was redriven 1000 times and cannot be redriven",
        ),
    ],
)
def test_limits(execution, reason):
    assert refusal(ended_execution(**execution), NOW) == reason
