"""Literals in a task's parameters against the types of the operation's model."""

import pytest

from emulator.aws.stepfunctions.task_parameters import parameter_problems

JOB = "arn:aws:states:::aws-sdk:sagemaker:createTrainingJob"


def problems_of(parameters, field="Parameters"):
    return list(parameter_problems({"Resource": JOB, field: parameters}, "/States/S"))


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        (
            {"ResourceConfig": {"InstanceCount": "1"}},
            "'InstanceCount' must be an INTEGER at /States/S/Parameters/ResourceConfig",
        ),
        (
            {"ResourceConfig": {"VolumeSizeInGB": True}},
            "'VolumeSizeInGB' must be an INTEGER at /States/S/Parameters/ResourceConfig",
        ),
        (
            {"ResourceConfig": {"VolumeSizeInGB": 1.5}},
            "'VolumeSizeInGB' must be an INTEGER at /States/S/Parameters/ResourceConfig",
        ),
        (
            {"HyperParameters": {"depth": 5}},
            "'depth' must be a STRING at /States/S/Parameters/HyperParameters",
        ),
        ({"RoleArn": 1}, "'RoleArn' must be a STRING at /States/S/Parameters"),
        ({"Tags": {"a": "b"}}, "'Tags' must be an array at /States/S/Parameters"),
        ({"Tags": ["a"]}, "'Tags[0]' must be an object at /States/S/Parameters"),
        ({"EnableNetworkIsolation": "yes"}, "must be a BOOLEAN at /States/S/Parameters"),
        ({"ResourceConfig": "x"}, "'ResourceConfig' must be an object at /States/S/Parameters"),
    ],
)
def test_a_literal_of_the_wrong_type_is_named_with_its_place(parameters, message):
    (problem,) = problems_of(parameters)
    assert problem.startswith("SCHEMA_VALIDATION_FAILED: The value for the field ")
    assert problem.endswith(message)


def test_what_is_known_only_when_the_task_runs_is_not_judged():
    assert problems_of({"ResourceConfig.$": "$.a", "HyperParameters": {"depth.$": "$.d"}}) == []
    jsonata = {"ResourceConfig": {"InstanceCount": "{% $n %}"}, "Tags": "{% $tags %}"}
    assert problems_of(jsonata, "Arguments") == []


def test_right_literals_have_no_problem():
    assert problems_of({"ResourceConfig": {"InstanceCount": 1}, "Tags": [], "RoleArn": None}) == []
