import pytest

from emulator.aws.protocol.operations import operation_model
from emulator.aws.protocol.validation import SerializationError, validation_message

GOOD = {
    "TrainingJobName": "job",
    "RoleArn": "arn:aws:iam::123456789012:role/r",
    "AlgorithmSpecification": {"TrainingInputMode": "File"},
    "OutputDataConfig": {"S3OutputPath": "s3://b/p"},
    "ResourceConfig": {"VolumeSizeInGB": 1},
    "StoppingCondition": {"MaxRuntimeInSeconds": 1},
}
TAG = {"Key": "k", "Value": "v"}


def message(**changes):
    parameters = {key: value for key, value in {**GOOD, **changes}.items() if value is not None}
    shape = operation_model("sagemaker", "CreateTrainingJob").input_shape
    return validation_message("CreateTrainingJob", shape, parameters)


def test_a_valid_request_has_no_problems():
    assert message() is None


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        (
            {"RoleArn": None},
            "Value null at 'roleArn' failed to satisfy constraint: Member must not",
        ),
        ({"StoppingCondition": None}, "Value null at 'stoppingCondition' failed"),
        ({"TrainingJobName": "a_b"}, "Member must satisfy regular expression pattern: [a-zA-Z0-9]"),
        ({"Tags": [TAG] * 51}, "less than or equal to 50"),
        (
            {"AlgorithmSpecification": {"TrainingInputMode": "Disk"}},
            "Value 'Disk' at 'algorithmSpecification.trainingInputMode' failed to satisfy "
            "constraint: Member must satisfy enum value set: [Pipe, File, FastFile]",
        ),
        (
            {"StoppingCondition": {"MaxRuntimeInSeconds": 0}},
            "Value '0' at 'stoppingCondition.maxRuntimeInSeconds' failed to satisfy constraint: "
            "Member must have value greater than or equal to 1",
        ),
        (
            {"InputDataConfig": [{"DataSource": {}}]},
            "Value null at 'inputDataConfig.1.member.channelName' failed",
        ),
        ({"HyperParameters": {"k": "x" * 2501}}, "at 'hyperParameters.k.member' failed"),
    ],
)
def test_a_problem_has_awss_message(changes, problem):
    text = message(**changes) or ""
    assert text.startswith("1 validation error detected: Value ")
    assert problem in text


def test_all_problems_are_in_the_message():
    text = message(RoleArn=None, TrainingJobName="-") or ""
    assert text.startswith("2 validation errors detected: ")
    assert "; Value" in text


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        ({"TrainingJobName": 5}, "int value at 'trainingJobName' can not be converted to a string"),
        ({"StoppingCondition": {"MaxRuntimeInSeconds": "9"}}, "str value at"),
        ({"StoppingCondition": {"MaxRuntimeInSeconds": True}}, "bool value at"),
        ({"InputDataConfig": {}}, "dict value at 'inputDataConfig' can not be converted to a list"),
    ],
)
def test_fails_for_a_value_of_the_wrong_type(changes, problem):
    with pytest.raises(SerializationError, match=problem):
        message(**changes)
