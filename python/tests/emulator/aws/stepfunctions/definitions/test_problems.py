import json

import pytest

from emulator.aws.stepfunctions.definitions.problems import find_problems

TASK = {"Type": "Task", "Resource": "arn:aws:lambda:us-east-1:123456789012:function:f", "End": True}


def problems(states, **options):
    definition = {"QueryLanguage": "JSONata", "StartAt": next(iter(states)), "States": states}
    return find_problems({**definition, **options})


@pytest.mark.parametrize(
    ("state", "where"),
    [
        ({"Type": "Succeed", "Result": {}}, "/States/A/Result"),
        ({"Type": "Pass", "End": True, "InputPath": "$"}, "/States/A/InputPath"),
        ({"Type": "Fail", "Error": "E", "Next": "A"}, "/States/A/Next"),
        ({**TASK, "Retry": [{"ErrorEquals": ["E"], "Backoff": 2}]}, "/States/A/Retry[0]/Backoff"),
        ({**TASK, "Catch": [{"ErrorEquals": ["E"], "Next": "A", "ResultPath": "$"}]}, "ResultPath"),
        (
            {
                "Type": "Choice",
                "Choices": [{"Condition": True, "Variable": "$.x", "Next": "End"}],
                "Default": "A",
            },
            "Variable",
        ),
        (
            {
                "Type": "Parallel",
                "End": True,
                "Branches": [{"StartAt": "B", "States": {"B": {"Type": "Succeed", "End": True}}}],
            },
            "/States/A/Branches[0]/States/B/End",
        ),
    ],
)
def test_an_unsupported_field_of_a_state_is_named_with_its_location(state, where):
    # A transition target; unreachable states have their own test.
    found = problems({"A": state, "End": {"Type": "Succeed"}})
    (problem,) = [text for text in found if not text.startswith("MISSING_")]
    assert problem.startswith("SCHEMA_VALIDATION_FAILED: Field is not supported at ")
    assert problem.endswith(where)


@pytest.mark.parametrize(
    ("states", "problem"),
    [
        ({"A": {"Type": "Pass", "Next": "B"}}, "Missing 'Next' target: B at /States/A/Next"),
        (
            {"A": {**TASK, "Catch": [{"ErrorEquals": ["States.ALL"], "Next": "B"}]}},
            "Missing 'Next' target: B",
        ),
        (
            {
                "A": {
                    "Type": "Choice",
                    "Choices": [{"Condition": True, "Next": "A"}],
                    "Default": "B",
                }
            },
            "Missing 'Default' target: B",
        ),
        ({"A": {"Type": "Pass"}}, "One of 'Next' or 'End' is required at /States/A"),
        ({"A": {"Type": "Passing"}}, "is not one of the state types"),
        ({"A": {"Type": "Task", "End": True}}, "'Resource' is required at /States/A"),
        (
            {"A": {**TASK, "Arguments": {"x": "{% $states.result %}"}}},
            "$states.result can only be used in Assign and Output",
        ),
        (
            {"A": {**TASK, "Output": "{% $states.errorOutput %}"}},
            "$states.errorOutput can only be used in a Catch",
        ),
    ],
)
def test_a_mistake_is_named(states, problem):
    assert len([found for found in problems(states) if problem in found]) == 1


def test_a_start_that_is_not_a_state_is_named():
    assert problems({"A": {"Type": "Succeed"}}, StartAt="B") == [
        "MISSING_TRANSITION_TARGET: Missing 'StartAt' target: B at /StartAt"
    ]


def test_a_valid_definition_has_no_problems():
    catch = {
        "ErrorEquals": ["States.ALL"],
        "Assign": {"error": "{% $states.errorOutput %}"},
        "Output": {},
        "Next": "Failed",
    }
    retry = {"ErrorEquals": ["E"], "IntervalSeconds": 1, "JitterStrategy": "FULL"}
    states = {
        "Run": {
            "Type": "Task",
            "Resource": "arn:aws:states:::aws-sdk:s3:copyObject",
            "Arguments": {"Bucket": "b", "Key": "k", "CopySource": "s", "Metadata": {"a": "b"}},
            "Assign": {"x": "{% $states.result.CopyObjectResult %}"},
            "Retry": [retry],
            "Catch": [catch],
            "TimeoutSeconds": 5,
            "Next": "Old",
        },
        "Old": {"Type": "Pass", "QueryLanguage": "JSONata", "Output": {}, "Next": "Failed"},
        "Failed": {"Type": "Fail", "Error": "E", "Cause": "{% $string($error) %}"},
    }
    assert problems(states, TimeoutSeconds=60, Comment="all") == []


def test_creation_fails_with_every_problem(client, machine):
    sfn = client("stepfunctions")
    with pytest.raises(sfn.exceptions.InvalidDefinition) as refusal:
        machine({"A": {"Type": "Pass", "Next": "B", "Parameters": {}}})
    assert "/States/A/Parameters" in str(refusal.value)
    assert "target: B" in str(refusal.value)


@pytest.mark.parametrize(
    ("action", "named"),
    [
        ("sagemaker:createLabelingJob", "sagemaker:CreateLabelingJob"),
        ("athena:startQueryExecution", "athena:StartQueryExecution"),
        ("bedrockruntime:invokeModel", "bedrock:InvokeModel"),
    ],
)
def test_an_unsupported_call_is_refused_with_its_state_and_not_called_invalid(
    client, machine, action, named
):
    task = {**TASK, "Resource": f"arn:aws:states:::aws-sdk:{action}"}
    (problem,) = problems({"Ask": task})
    assert problem.startswith(f"EMULATOR_DOES_NOT_RUN: {named} is not run by the emulator")
    assert problem.endswith("at /States/Ask/Resource")
    with pytest.raises(client("stepfunctions").exceptions.ClientError) as refusal:
        machine({"Ask": task})
    assert "The emulator cannot run this: " in str(refusal.value)
    assert "Invalid State Machine Definition" not in str(refusal.value)


def test_validation_reports_without_creating(client):
    sfn = client("stepfunctions")
    good = {"StartAt": "A", "States": {"A": {"Type": "Succeed"}}}
    assert sfn.validate_state_machine_definition(definition=json.dumps(good))["result"] == "OK"
    bad = {"StartAt": "A", "States": {"A": {"Type": "Succeed", "Result": 1}}}
    answer = sfn.validate_state_machine_definition(definition=json.dumps(bad))
    assert answer["result"] == "FAIL"
    (diagnostic,) = answer["diagnostics"]
    assert diagnostic == {
        "severity": "ERROR",
        "code": "SCHEMA_VALIDATION_FAILED",
        "message": "Field is not supported",
        "location": "/States/A/Result",
    }
    broken = sfn.validate_state_machine_definition(definition="{")
    assert broken["diagnostics"][0]["code"] == "INVALID_JSON_DESCRIPTION"
