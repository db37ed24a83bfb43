"""A group, its versions, and models created from them."""

import pytest

from tests.emulator.aws.conftest import IMAGE, ROLE


@pytest.fixture
def sagemaker(client):
    return client("sagemaker")


@pytest.fixture
def group(sagemaker, name):
    sagemaker.create_model_package_group(ModelPackageGroupName=name)
    return name


@pytest.fixture
def containers(client, name):
    client("s3").create_bucket(Bucket=name)
    client("s3").put_object(Bucket=name, Key="model.tar.gz", Body=b"")
    url = f"s3://{name}/model.tar.gz"
    return [{"Image": IMAGE, "ModelDataUrl": url, "Environment": {"ANSWER": "42", "A": "b"}}]


@pytest.fixture
def package(sagemaker, group, containers):
    """Create a version; return its ARN."""

    def create(**changes):
        return sagemaker.create_model_package(
            **{
                "ModelPackageGroupName": group,
                "InferenceSpecification": {"Containers": containers},
                **changes,
            }
        )["ModelPackageArn"]

    return create


@pytest.fixture
def model(sagemaker, name):
    """Create a model from a package; return its description."""

    def create(package, **given):
        container = {"ModelPackageName": package, **given}
        sagemaker.create_model(ModelName=name, ExecutionRoleArn=ROLE, PrimaryContainer=container)
        return sagemaker.describe_model(ModelName=name)

    return create


def refusal(operation, **parameters):
    with pytest.raises(operation.__self__.exceptions.ClientError) as error:
        operation(**parameters)
    return error.value.response["Error"]
