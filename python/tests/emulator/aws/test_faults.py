import pytest

from emulator.aws.faults import FaultRuleError, Faults, InjectedError
from emulator.runtime.jobs.spot import Interruption

CREATE = "sagemaker:CreateTrainingJob"


def load(**rule):
    return Faults({"faults": [{"operation": CREATE, **rule}]})


def test_a_rule_refuses_once_by_default_and_only_what_it_matches():
    faults = load(match="*-train-*", error="ThrottlingException", message="slow down")
    faults.refuse(CREATE, "other")
    faults.refuse("sagemaker:CreateProcessingJob", "a-train-b")
    with pytest.raises(InjectedError, match="slow down") as refusal:
        faults.refuse(CREATE, "a-train-b")
    assert refusal.value.code == "ThrottlingException"
    faults.refuse(CREATE, "a-train-b")


def test_zero_times_is_always():
    faults = load(error="E", times=0)
    for _ in range(5):
        with pytest.raises(InjectedError):
            faults.refuse(CREATE, None)


def test_a_failure_reason_applies_the_given_number_of_times():
    faults = load(failureReason="InternalServerError: x", times=2)
    faults.refuse(CREATE, "job")
    reasons = [faults.failure_reason(CREATE, "job") for _ in range(3)]
    assert reasons == ["InternalServerError: x", "InternalServerError: x", None]


def test_an_interruption_counts_when_it_happens():
    faults = load(interrupt={"after": 2, "graceSeconds": 1}, match="job-*", times=2)
    assert faults.planned_interruption("other") is None
    for _ in range(2):
        planned = faults.planned_interruption("job-1")
        assert planned == faults.planned_interruption("job-1")
        assert planned is not None
        assert planned.interruption == Interruption(2, 1)
        faults.interrupted("job-1")
    assert faults.planned_interruption("job-1") is None
    faults.load({"faults": [{"operation": CREATE, "interrupt": {}}]})
    planned = faults.planned_interruption("job")
    assert planned is not None
    assert (planned.interruption, planned.restart_after_seconds) == (Interruption(None, 120), 0)


def test_rules_are_replaced_and_cleared():
    faults = load(error="One", times=0)
    faults.load({"faults": [{"operation": CREATE, "error": "Two", "times": 0}]})
    with pytest.raises(InjectedError) as refusal:
        faults.refuse(CREATE, "job")
    assert refusal.value.code == "Two"
    faults.clear()
    faults.refuse(CREATE, "job")


@pytest.mark.parametrize(
    ("rule", "problem"),
    [
        (
            {"error": "E", "wen": "now"},
            r"faults\[0\] has an unknown key 'wen'; it may have operation,",
        ),
        ({"error": "E", "operation": "sagemaker:CreateTraining"}, r"faults\[0\].operation must be"),
        ({"error": "E", "operation": "CreateTrainingJob"}, "as IAM writes them"),
        ({"error": "E", "operation": "s3:GetObjects"}, "got 's3:GetObjects'"),
        ({}, "must have either error"),
        ({"error": "E", "failureReason": "F"}, "must have either error"),
        ({"failureReason": "F", "message": "m"}, "belongs to error"),
        ({"failureReason": "F", "operation": "states:StartExecution"}, "one of sagemaker:Create"),
        ({"error": "E", "interrupt": {}}, "must have either error"),
        ({"interrupt": {}, "message": "m"}, "belongs to error"),
        ({"interrupt": {}, "operation": "sagemaker:CreateModel"}, "only spot training jobs"),
        ({"interrupt": "now"}, r"faults\[0\].interrupt must be an object with some of after,"),
        ({"interrupt": {"when": 1}}, r"must be an object .* got {'when': 1}"),
        ({"interrupt": {"after": "epoch"}}, "0 or more or \"checkpoint\", got 'epoch'"),
        ({"interrupt": {"graceSeconds": 121}}, "at most 120, as SageMaker gives, got 121"),
        ({"interrupt": {"restartAfterSeconds": True}}, "restartAfterSeconds must be a number"),
        ({"error": "E", "times": -1}, "must be 0 \\(always\\) or more, got -1"),
        ({"error": "E", "times": True}, "must be 0"),
        ({"error": "E", "match": 5}, r"faults\[0\].match must be a non-empty string, got 5"),
        ({"error": ""}, "error must be a non-empty string"),
    ],
)
def test_an_invalid_rule_fails_and_keeps_the_active_rules(rule, problem):
    faults = load(error="Old", times=0)
    with pytest.raises(FaultRuleError, match=problem):
        faults.load({"faults": [{"operation": CREATE, **rule}]})
    with pytest.raises(InjectedError, match=CREATE):
        faults.refuse(CREATE, "job")


@pytest.mark.parametrize("document", [[], {"fault": []}, {"faults": {}}, {"faults": ["rule"]}])
def test_fails_if_the_rules_are_not_a_list(document):
    with pytest.raises(FaultRuleError):
        Faults().load(document)


@pytest.mark.parametrize(
    "operation",
    ["lambda:InvokeFunction", "states:StartExecution", "s3:PutObject", "sagemaker:InvokeEndpoint"],
)
def test_operations_are_named_as_in_iam(operation):
    Faults({"faults": [{"operation": operation, "error": "E"}]})
