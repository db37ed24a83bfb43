"""Groups of versions, and names that do not exist."""

import pytest

from tests.emulator.aws.sagemaker.registry.conftest import refusal

pytestmark = pytest.mark.filterwarnings("ignore:.*does not match an error shape:UserWarning")


def test_versions_have_the_tags_of_their_group(sagemaker, name, containers):
    tags = [{"Key": "environment", "Value": "dev"}]
    sagemaker.create_model_package_group(ModelPackageGroupName=name, Tags=tags)
    arn = sagemaker.create_model_package(
        ModelPackageGroupName=name, InferenceSpecification={"Containers": containers}
    )["ModelPackageArn"]
    assert sagemaker.list_tags(ResourceArn=arn)["Tags"] == tags


def test_an_empty_group_is_deleted(sagemaker, group):
    sagemaker.delete_model_package_group(ModelPackageGroupName=group)
    with pytest.raises(sagemaker.exceptions.ClientError, match="does not exist"):
        sagemaker.describe_model_package_group(ModelPackageGroupName=group)


def test_fails_to_create_a_group_twice(sagemaker, group):
    error = refusal(sagemaker.create_model_package_group, ModelPackageGroupName=group)
    assert error["Message"].startswith("Model Package Group already exists: arn:aws:sagemaker")


def test_fails_on_a_group_that_holds_versions(sagemaker, group, package):
    arn = package()
    with pytest.raises(sagemaker.exceptions.ConflictException, match="contains 1 model package"):
        sagemaker.delete_model_package_group(ModelPackageGroupName=group)
    sagemaker.delete_model_package(ModelPackageName=arn)
    sagemaker.delete_model_package_group(ModelPackageGroupName=group)


@pytest.mark.parametrize(
    ("operation", "parameter", "value"),
    [
        ("delete_model_package_group", "ModelPackageGroupName", "none"),
        ("delete_model_package", "ModelPackageName", "none"),
        ("describe_model_package", "ModelPackageName", "none/1"),
        (
            "update_model_package",
            "ModelPackageArn",
            "arn:aws:sagemaker:us-east-1:123456789012:model-package/none/1",
        ),
    ],
)
def test_fails_for_a_group_that_does_not_exist(sagemaker, operation, parameter, value):
    error = refusal(getattr(sagemaker, operation), **{parameter: value})
    assert error["Code"] == "ValidationException"
    assert "does not exist" in error["Message"]
