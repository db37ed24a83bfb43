"""Models created from versions, and their endpoints."""

import pytest

from tests.emulator.aws.conftest import IMAGE
from tests.emulator.aws.sagemaker.registry.conftest import refusal

pytestmark = pytest.mark.filterwarnings("ignore:.*does not match an error shape:UserWarning")


def test_a_model_is_made_from_an_approved_package(sagemaker, package, containers, model):
    arn = package(ModelApprovalStatus="Approved")
    description = model(arn, Environment={"A": "c"})
    assert description["PrimaryContainer"] == {
        "ModelPackageName": arn,
        "Environment": {"A": "c"},
    }
    assert "VpcConfig" not in description  # not an empty one, which Terraform would remove


def test_an_endpoint_serves_the_packages_image_artifact_and_variables(
    client, sagemaker, package, model, name, until
):
    model(package(ModelApprovalStatus="Approved"))
    variant = {
        "VariantName": "primary",
        "ModelName": name,
        "InstanceType": "ml.m5.large",
        "InitialInstanceCount": 1,
    }
    sagemaker.create_endpoint_config(EndpointConfigName=name, ProductionVariants=[variant])
    sagemaker.create_endpoint(EndpointName=name, EndpointConfigName=name)
    until(lambda: sagemaker.describe_endpoint(EndpointName=name)["EndpointStatus"] == "InService")
    answer = client("sagemaker-runtime").invoke_endpoint(EndpointName=name, Body=b"1")
    assert answer["Body"].read() == b"42"
    sagemaker.delete_endpoint(EndpointName=name)


@pytest.mark.parametrize("status", ["PendingManualApproval", "Rejected"])
def test_fails_to_make_a_model_from_a_version_that_is_not_approved(
    sagemaker, package, model, status
):
    arn = package(ModelApprovalStatus=status)
    with pytest.raises(
        sagemaker.exceptions.ClientError, match=f"is {status}, and must be Approved"
    ):
        model(arn)


def test_fails_to_create_a_model_without_its_artifact(client, sagemaker, package, model, name):
    arn = package(ModelApprovalStatus="Approved")
    client("s3").delete_object(Bucket=name, Key="model.tar.gz")
    with pytest.raises(sagemaker.exceptions.ClientError, match="Could not find model data at"):
        model(arn)


def test_fails_to_make_a_model_from_no_package_or_with_an_image_besides(sagemaker, package, model):
    with pytest.raises(sagemaker.exceptions.ClientError, match="/none/1 does not exist"):
        model("none/1")
    arn = package(ModelApprovalStatus="Approved")
    with pytest.raises(sagemaker.exceptions.ClientError, match="Image cannot be given together"):
        model(arn, Image=IMAGE)


def test_a_fault_rule_fails_a_package_so_no_model_can_use_it(
    cloud, sagemaker, group, package, model
):
    rule = {
        "operation": "sagemaker:CreateModelPackage",
        "match": group,
        "failureReason": "ClientError: the image has gone",
    }
    cloud.faults.load({"faults": [rule]})
    arn = package(ModelApprovalStatus="Approved")
    found = sagemaker.describe_model_package(ModelPackageName=arn)
    assert found["ModelPackageStatus"] == "Failed"
    (status,) = found["ModelPackageStatusDetails"]["ValidationStatuses"]
    assert status["FailureReason"] == "ClientError: the image has gone"
    with pytest.raises(sagemaker.exceptions.ClientError, match="in status Failed"):
        model(arn)


def test_an_unversioned_package_needs_no_approval(sagemaker, containers, package, model, name):
    error = refusal(
        sagemaker.create_model_package,
        ModelPackageName=name,
        InferenceSpecification={"Containers": containers},
    )
    assert "Environment variable map cannot be specified" in error["Message"]
    plain = {key: value for key, value in containers[0].items() if key != "Environment"}
    request = {"ModelPackageName": name, "InferenceSpecification": {"Containers": [plain]}}
    sagemaker.create_model_package(**request)
    assert model(name)["PrimaryContainer"] == {"ModelPackageName": name}
    with pytest.raises(sagemaker.exceptions.ConflictException, match="already exists"):
        sagemaker.create_model_package(**request)
