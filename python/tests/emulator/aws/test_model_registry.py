"""Model packages and their groups are deleted."""

import pytest

from .conftest import IMAGE


@pytest.fixture
def group(client, name):
    client("sagemaker").create_model_package_group(ModelPackageGroupName=name)
    return name


@pytest.fixture
def package(client, group):
    def create():
        containers = [{"Image": IMAGE, "ModelDataUrl": "s3://bucket/model.tar.gz"}]
        return client("sagemaker").create_model_package(
            ModelPackageGroupName=group, InferenceSpecification={"Containers": containers}
        )["ModelPackageArn"]

    return create


def test_an_empty_group_is_deleted(client, group):
    sagemaker = client("sagemaker")
    sagemaker.delete_model_package_group(ModelPackageGroupName=group)
    with pytest.raises(sagemaker.exceptions.ClientError, match="does not exist"):
        sagemaker.describe_model_package_group(ModelPackageGroupName=group)


def test_fails_on_a_group_that_holds_versions(client, group, package):
    sagemaker = client("sagemaker")
    arn = package()
    with pytest.raises(sagemaker.exceptions.ConflictException, match="contains 1 model package"):
        sagemaker.delete_model_package_group(ModelPackageGroupName=group)
    sagemaker.delete_model_package(ModelPackageName=arn)
    sagemaker.delete_model_package_group(ModelPackageGroupName=group)


def test_a_deleted_versions_number_does_not_come_again(client, package):
    first, second = package(), package()
    client("sagemaker").delete_model_package(ModelPackageName=first)
    assert [arn[-2:] for arn in (first, second, package())] == ["/1", "/2", "/3"]


@pytest.mark.parametrize(
    ("operation", "parameter"),
    [
        ("delete_model_package_group", "ModelPackageGroupName"),
        ("delete_model_package", "ModelPackageName"),
    ],
)
def test_fails_on_what_is_not_there(client, operation, parameter):
    sagemaker = client("sagemaker")
    with pytest.raises(sagemaker.exceptions.ClientError, match="does not exist"):
        getattr(sagemaker, operation)(**{parameter: "none"})
