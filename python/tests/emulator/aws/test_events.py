"""Events of executions and jobs, seen by a rule with a log group as its target."""

import json

import pytest


def test_an_execution_emits_its_status(machine, seen):
    made = machine({"Only": {"Type": "Pass", "Output": {"x": 1}, "End": True}})
    wait_for = seen({"source": ["aws.states"], "detail": {"stateMachineArn": [made.arn]}})
    execution_arn = made.start({"in": "put"})
    running, succeeded = wait_for(2)
    assert running["detail-type"] == "Step Functions Execution Status Change"
    assert running["detail"]["status"] == "RUNNING"
    detail = succeeded["detail"]
    assert (detail["status"], detail["executionArn"]) == ("SUCCEEDED", execution_arn)
    assert json.loads(detail["input"]) == {"in": "put"}
    assert json.loads(detail["output"]) == {"x": 1}
    assert detail["stopDate"] >= detail["startDate"] > 1_600_000_000_000


@pytest.mark.parametrize("kind", ["ProcessingJob", "TrainingJob"])
def test_a_job_emits_its_status(client, name, seen, request_for, kind):
    words = kind.replace("Job", " Job")
    detail_type = f"SageMaker {words} State Change"
    wait_for = seen({"detail-type": [detail_type], "detail": {f"{kind}Name": [f"{name}-fails"]}})
    request = {**request_for(kind), f"{kind}Name": f"{name}-fails"}
    snake = kind.replace("Job", "_job").lower()
    getattr(client("sagemaker"), f"create_{snake}")(**request, Tags=[{"Key": "a", "Value": "b"}])
    events = wait_for(2 if kind == "ProcessingJob" else 4)
    last = events[-1]["detail"]
    assert last[f"{kind}Status"] == "Failed"
    assert last["FailureReason"] == "AlgorithmError: it broke"
    assert last["Tags"] == {"a": "b"}
    assert last["CreationTime"] > 1_600_000_000_000


def test_a_target_that_cannot_be_reached_fails_no_execution(machine, client, name):
    made = machine({"Only": {"Type": "Succeed"}})
    events = client("events")
    pattern = {"source": ["aws.states"], "detail": {"stateMachineArn": [made.arn]}}
    events.put_rule(Name=name, EventPattern=json.dumps(pattern))
    target = "arn:aws:lambda:us-east-1:123456789012:function:none"
    events.put_targets(Rule=name, Targets=[{"Id": "x", "Arn": target}])
    try:
        assert made.run()["status"] == "SUCCEEDED"
    finally:
        events.remove_targets(Rule=name, Ids=["x"])
        events.delete_rule(Name=name)


@pytest.mark.parametrize(
    ("state", "options", "status"),
    [
        ({"Type": "Fail", "Error": "E"}, {}, "FAILED"),
        (
            {"Type": "Wait", "Seconds": 300, "End": True},
            {"definition": {"TimeoutSeconds": 1}},
            "TIMED_OUT",
        ),
    ],
)
def test_each_final_status_is_an_event(machine, seen, state, options, status):
    made = machine({"Only": state}, **options)
    wait_for = seen({"source": ["aws.states"], "detail": {"stateMachineArn": [made.arn]}})
    made.run()
    assert [event["detail"]["status"] for event in wait_for(2)] == ["RUNNING", status]


def test_a_stopped_execution_emits_aborted(machine, client, seen):
    made = machine({"Only": {"Type": "Wait", "Seconds": 3000, "End": True}})
    wait_for = seen({"source": ["aws.states"], "detail": {"status": ["ABORTED"]}})
    arn = made.start()
    client("stepfunctions").stop_execution(executionArn=arn, error="E", cause="why")
    (aborted,) = wait_for(1)
    assert aborted["detail"]["executionArn"] == arn
