"""Single faults, found with code and location; asl-validator agrees on those it checks."""

import json

import pytest

from emulator.aws.stepfunctions.definitions.diagnostics import diagnose, diagnostic
from emulator.aws.stepfunctions.definitions.problems import find_problems

SCHEMA, TARGET = "SCHEMA_VALIDATION_FAILED", "MISSING_TRANSITION_TARGET"
PASS = {"Type": "Pass", "End": True}
END = {"Type": "Succeed"}
INNER = {"StartAt": "I", "States": {"I": PASS}}
RULE = {"Variable": "$.a", "IsPresent": True, "Next": "Z"}
CALL = {"Type": "Task", "Resource": "arn:aws:states:::lambda:invoke", "End": True}


def sdk(action, **parameters):
    resource = f"arn:aws:states:::{action}"
    return {"Type": "Task", "Resource": resource, "Parameters": parameters, "End": True}


def retry(*retriers):
    return {**CALL, "Retry": list(retriers)}


def mapped(mode="DISTRIBUTED", kind="STANDARD", inner=INNER, **fields):
    config = {"Mode": mode, "ExecutionType": kind}
    return {
        "Type": "Map",
        "ItemProcessor": {**inner, "ProcessorConfig": config},
        "End": True,
        **fields,
    }


JOB = {
    "TrainingJobName": "n",
    "AlgorithmSpecification": {"TrainingInputMode": "File"},
    "RoleArn": "r",
    "OutputDataConfig": {"S3OutputPath": "s"},
    "ResourceConfig": {"InstanceType": "t", "InstanceCount": 1, "VolumeSizeInGB": 1},
    "StoppingCondition": {},
}


def job(**changed):
    return sdk("sagemaker:createTrainingJob", **{**JOB, **changed})


FAULTS = [
    ({"A": [], "Z": END}, SCHEMA, "/States/A"),
    ({"A": {"Type": ["Pass"]}, "Z": END}, SCHEMA, "/States/A/Type"),
    ({"A": {**PASS, "Next": "Z"}, "Z": END}, SCHEMA, "/States/A"),
    ({"A": {**PASS, "Comment": 1}}, SCHEMA, "/States/A/Comment"),
    ({"A": PASS, "B": PASS}, TARGET, "/States/B"),
    ({"A": {"Type": "Pass", "Next": "A"}}, "MISSING_END_STATE", "/States"),
    ({"A" * 81: PASS}, "INVALID_STATE_NAME", "/States/" + "A" * 81),
    ({"A": {**PASS, "QueryLanguage": "SQL"}}, SCHEMA, "/States/A/QueryLanguage"),
    ({"A": {"Type": "Choice", "Default": "Z"}, "Z": END}, SCHEMA, "/States/A"),
    (
        {"A": {"Type": "Choice", "Choices": [], "Default": "Z"}, "Z": END},
        SCHEMA,
        "/States/A/Choices",
    ),
    (
        {"A": {"Type": "Choice", "Choices": [{**RULE, "Next": "N"}], "Default": "Z"}, "Z": END},
        TARGET,
        "/States/A/Choices[0]/Next",
    ),
    (
        {
            "A": {"Type": "Choice", "Choices": [{"Variable": "$", "IsNull": True}], "Default": "Z"},
            "Z": END,
        },
        SCHEMA,
        "/States/A/Choices[0]",
    ),
    ({"A": {"Type": "Parallel", "End": True}}, SCHEMA, "/States/A"),
    ({"A": {"Type": "Parallel", "Branches": [1], "End": True}}, SCHEMA, "/States/A/Branches[0]"),
    (
        {
            "A": {
                "Type": "Parallel",
                "Branches": [{"StartAt": "A", "States": {"A": PASS}}],
                "End": True,
            }
        },
        "DUPLICATE_STATE_NAME",
        "/States/A/Branches[0]/States/A",
    ),
    ({"A": {"Type": "Map", "End": True}}, SCHEMA, "/States/A"),
    ({"A": {"Type": "Wait", "End": True}}, SCHEMA, "/States/A"),
    ({"A": {"Type": "Wait", "Seconds": 1, "SecondsPath": "$.s", "End": True}}, SCHEMA, "/States/A"),
    ({"A": {"Type": "Wait", "Seconds": -1, "End": True}}, SCHEMA, "/States/A/Seconds"),
    ({"A": {**CALL, "TimeoutSeconds": "5"}}, SCHEMA, "/States/A/TimeoutSeconds"),
    ({"A": retry({"MaxAttempts": 1})}, SCHEMA, "/States/A/Retry[0]"),
    ({"A": retry({"ErrorEquals": []})}, SCHEMA, "/States/A/Retry[0]/ErrorEquals"),
    (
        {"A": retry({"ErrorEquals": ["E"], "MaxAttempts": 1.5})},
        SCHEMA,
        "/States/A/Retry[0]/MaxAttempts",
    ),
    (
        {"A": retry({"ErrorEquals": ["E"], "BackoffRate": 0.5})},
        SCHEMA,
        "/States/A/Retry[0]/BackoffRate",
    ),
    (
        {"A": retry({"ErrorEquals": ["States.ALL"]}, {"ErrorEquals": ["E"]})},
        SCHEMA,
        "/States/A/Retry[0]/ErrorEquals",
    ),
    ({"A": retry({"ErrorEquals": ["States.ALL", "E"]})}, SCHEMA, "/States/A/Retry[0]/ErrorEquals"),
    ({"A": {**CALL, "Catch": [{"ErrorEquals": ["E"]}]}}, SCHEMA, "/States/A/Catch[0]"),
    ({"A": mapped("INLINE", ItemBatcher={"MaxItemsPerBatch": 2})}, SCHEMA, "/States/A/ItemBatcher"),
    ({"A": mapped("BOTH")}, SCHEMA, "/States/A/ItemProcessor/ProcessorConfig/Mode"),
    ({"A": mapped(ItemBatcher={"BatchInput": {}})}, SCHEMA, "/States/A/ItemBatcher"),
    ({"A": mapped(ToleratedFailurePercentage=101)}, SCHEMA, "/States/A/ToleratedFailurePercentage"),
    ({"A": mapped(ToleratedFailureCount=0.5)}, SCHEMA, "/States/A/ToleratedFailureCount"),
    ({"A": mapped(Label="a b")}, "INVALID_LABEL_NAME", "/States/A/Label"),
    ({"A": mapped(ResultWriter={})}, SCHEMA, "/States/A/ResultWriter"),
    (
        {"A": mapped(ItemReader={"Resource": "arn:aws:states:::s3:deleteObject"})},
        SCHEMA,
        "/States/A/ItemReader/Resource",
    ),
    (
        {
            "A": mapped(
                kind="EXPRESS",
                inner={
                    "StartAt": "I",
                    "States": {"I": sdk("lambda:invoke.waitForTaskToken", FunctionName="f")},
                },
            )
        },
        SCHEMA,
        "/States/A/ItemProcessor/States/I/Resource",
    ),
    (
        {"A": job(ResourceConfig={**JOB["ResourceConfig"], "InstanceCount": "1"})},
        SCHEMA,
        "/States/A/Parameters/ResourceConfig/InstanceCount",
    ),
    (
        {"A": job(HyperParameters={"depth": 5})},
        SCHEMA,
        "/States/A/Parameters/HyperParameters/depth",
    ),
    ({"A": job(Tags={"a": "b"})}, SCHEMA, "/States/A/Parameters/Tags"),
    ({"A": job(EnableNetworkIsolation=1)}, SCHEMA, "/States/A/Parameters/EnableNetworkIsolation"),
    (
        {"A": sdk("aws-sdk:cloudwatch:putMetricData", Namespace="n", MetricData=[{"Value": "1"}])},
        SCHEMA,
        "/States/A/Parameters/MetricData[0]/Value",
    ),
]


@pytest.mark.parametrize(
    ("states", "code", "place"),
    FAULTS,
    ids=[f"{i}-{place[:40]}" for i, (_, _, place) in enumerate(FAULTS)],
)
def test_a_fault_is_found_once_with_code_and_place(states, code, place):
    found = [
        diagnostic(text)
        for text in find_problems({"StartAt": next(iter(states)), "States": states})
    ]
    matching = [d for d in found if (d["code"], d.get("location")) == (code, place)]
    assert len(matching) == 1, found
    # Consequences of a fault are reported, too, but no problems of other states.
    assert all(d["location"].startswith(("/States/Z", place, "/States")) for d in found)


@pytest.mark.parametrize(
    ("definition", "code"),
    [
        ("", "MISSING_DESCRIPTION"),
        ("{", "INVALID_JSON_DESCRIPTION"),
        ("[]", SCHEMA),
        ("null", SCHEMA),
        ('{"StartAt": "A"}', SCHEMA),
        ('{"StartAt": "A", "States": 5}', SCHEMA),
        ('{"StartAt": "A", "States": {"A": null}}', SCHEMA),
        ('{"States": {"A": {"Type": "Succeed"}}}', SCHEMA),
        ('{"StartAt": ["A"], "States": {"A": {"Type": "Succeed"}}}', SCHEMA),
        ('{"StartAt": "A", "States": {"A": {"Type": "Pass", "Next": {}}}}', SCHEMA),
        ('{"StartAt": "A", "States": {"A": {"Type": "Task", "Resource": 5, "End": true}}}', SCHEMA),
        ('{"StartAt": "A", "States": {"A": {"Type": "Map", "Iterator": 5, "End": true}}}', SCHEMA),
        (
            '{"StartAt": "A", "States": {"A": {"Type": "Map", "End": true, "ItemProcessor": '
            '{"ProcessorConfig": {"Mode": "DISTRIBUTED"}, "StartAt": "I", "States": '
            '{"I": {"Type": "Succeed"}}}, "ItemReader": 5}}}',
            SCHEMA,
        ),
    ],
)
def test_malformed_definitions_are_reported_as_such(definition, code):
    def never(_):
        raise AssertionError("the interpreter is not asked about what is wrong already")

    found = [diagnostic(text) for text in diagnose(definition, never)]
    assert code in [d["code"] for d in found]
    assert all(d["message"] and d["location"].startswith("/") for d in found)


def test_problems_of_the_interpreter_have_a_location_and_not_its_message(client):
    # A Label is checked before; these are features of AWS that moto's grammar lacks.
    definition = {
        "StartAt": "A",
        "States": {
            "A": {
                "Type": "Parallel",
                "End": True,
                "Branches": [
                    {
                        "StartAt": "B",
                        "States": {
                            "B": {
                                "Type": "Task",
                                "QueryLanguage": "JSONata",
                                "Resource": "arn:aws:states:::lambda:invoke",
                                "Arguments": {"FunctionName": "{% $x + %}"},
                                "End": True,
                            }
                        },
                    }
                ],
            }
        },
    }
    answer = client("stepfunctions").validate_state_machine_definition(
        definition=json.dumps(definition)
    )
    (found,) = answer["diagnostics"]
    assert found["location"] == "/States/A/Branches[0]/States/B/Arguments"
    assert "Invalid JSONata expression '$x +'" in found["message"]
    for word in ("ANTLR", "ASLParser", "ValueError", "Args=", "line 1"):
        assert word not in found["message"]


def test_every_fault_is_a_diagnostic_up_to_the_requested_number(client):
    states = {f"S{i}": {"Type": "Pass"} for i in range(5)}
    text = json.dumps({"StartAt": "S0", "States": states})
    validate = client("stepfunctions").validate_state_machine_definition
    answer = validate(definition=text)
    assert len(answer["diagnostics"]) == 10  # no end, and four states cannot be reached
    assert answer["truncated"] is False
    answer = validate(definition=text, maxResults=3)
    assert (len(answer["diagnostics"]), answer["truncated"]) == (3, True)
