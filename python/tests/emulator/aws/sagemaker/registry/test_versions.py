"""Versions of models: registration, lists, updates and events."""

import datetime
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.emulator.aws.conftest import IMAGE
from tests.emulator.aws.sagemaker.registry.conftest import refusal

pytestmark = pytest.mark.filterwarnings("ignore:.*does not match an error shape:UserWarning")

METRICS = {"ContentType": "application/json", "S3Uri": "s3://bucket/model-quality.json"}


def test_a_version_has_its_registered_members_and_waits_for_approval(sagemaker, group, package):
    given = {
        "ModelMetrics": {"ModelQuality": {"Statistics": METRICS}},
        "CustomerMetadataProperties": {"TestR2": "0.77"},
        "MetadataProperties": {"GeneratedBy": "arn:aws:states:us-east-1:1:execution:m:e"},
        "ModelLifeCycle": {"Stage": "Development", "StageStatus": "Ready"},
        "SkipModelValidation": "All",
    }
    arn = package(**given)
    assert arn == f"arn:aws:sagemaker:us-east-1:123456789012:model-package/{group}/1"
    for name in (arn, f"{group}/1"):
        found = sagemaker.describe_model_package(ModelPackageName=name)
        assert given.items() <= found.items()
        assert (found["ModelPackageGroupName"], found["ModelPackageVersion"]) == (group, 1)
        assert found["ModelApprovalStatus"] == "PendingManualApproval"
        assert found["ModelPackageStatus"] == "Completed"


def test_versions_are_listed_by_group_and_approval(sagemaker, group, package):
    first, second = package(), package(ModelApprovalStatus="Approved")

    def listed(**filters):
        found = sagemaker.list_model_packages(**filters)["ModelPackageSummaryList"]
        return [one["ModelPackageArn"] for one in found]

    assert listed(ModelPackageGroupName=group) == [first, second]
    assert listed(ModelPackageGroupName=group, SortOrder="Descending") == [second, first]
    assert listed(ModelPackageGroupName=group, ModelApprovalStatus="Approved") == [second]
    assert listed(ModelPackageGroupName=group, MaxResults=1) == [first]
    before = datetime.datetime.now(tz=datetime.timezone.utc) - datetime.timedelta(hours=1)
    assert listed(ModelPackageGroupName=group, CreationTimeAfter=before) == [first, second]
    assert listed(ModelPackageGroupName=group, CreationTimeBefore=before) == []


def test_a_group_can_be_given_by_its_arn(sagemaker, group, package):
    arn = sagemaker.describe_model_package_group(ModelPackageGroupName=group)[
        "ModelPackageGroupArn"
    ]
    assert package(ModelPackageGroupName=arn).endswith(f"{group}/1")
    found = sagemaker.describe_model_package(ModelPackageName=f"{group}/1")
    assert found["ModelPackageGroupName"] == group


def test_the_same_client_token_creates_one_version(sagemaker, package):
    first = package(ClientToken="a-1")
    assert package(ClientToken="a-1") == first
    assert package(ClientToken="a-2") != first
    with pytest.raises(sagemaker.exceptions.ConflictException, match="with other parameters"):
        package(ClientToken="a-1", ModelPackageDescription="another")


def test_versions_registered_concurrently_have_different_numbers(package):
    with ThreadPoolExecutor(8) as pool:
        arns = list(pool.map(lambda _: package(), range(8)))
    assert sorted(int(arn.rpartition("/")[2]) for arn in arns) == list(range(1, 9))


def test_the_number_of_a_deleted_version_is_not_reused(sagemaker, package):
    first, second = package(), package()
    sagemaker.delete_model_package(ModelPackageName=first)
    assert [arn[-2:] for arn in (first, second, package())] == ["/1", "/2", "/3"]


def test_an_update_changes_only_the_members_it_names(sagemaker, package):
    arn = package(CustomerMetadataProperties={"a": "1", "b": "2"})
    sagemaker.update_model_package(
        ModelPackageArn=arn, ModelApprovalStatus="Approved", ApprovalDescription="better by 3 %"
    )
    sagemaker.update_model_package(
        ModelPackageArn=arn,
        CustomerMetadataProperties={"b": "3", "c": "4"},
        CustomerMetadataPropertiesToRemove=["a"],
    )
    found = sagemaker.describe_model_package(ModelPackageName=arn)
    assert found["ModelApprovalStatus"] == "Approved"
    assert found["ApprovalDescription"] == "better by 3 %"
    assert found["CustomerMetadataProperties"] == {"b": "3", "c": "4"}
    assert found["LastModifiedTime"] >= found["CreationTime"]


def test_creation_and_every_update_is_an_event(sagemaker, group, package, seen):
    wait_for = seen(
        {
            "source": ["aws.sagemaker"],
            "detail-type": ["SageMaker Model Package State Change"],
            "detail": {"ModelPackageGroupName": [group]},
        }
    )
    arn = package(ModelMetrics={"ModelQuality": {"Statistics": METRICS}})
    for change in (
        {"ModelApprovalStatus": "Approved", "ApprovalDescription": "good"},
        {"ModelApprovalStatus": "Approved"},
        {"CustomerMetadataProperties": {"a": "b"}},
    ):
        sagemaker.update_model_package(ModelPackageArn=arn, **change)
    events = wait_for(4)
    details = [event["detail"] for event in events]
    assert all(event["resources"] == [arn] for event in events)
    assert [detail.get("UpdatedModelPackageFields") for detail in details] == [
        None,
        ["ApprovalDescription", "ModelApprovalStatus"],
        ["ModelApprovalStatus"],
        ["CustomerMetadataProperties"],
    ]
    assert [detail["ModelApprovalStatus"] for detail in details] == [
        "PendingManualApproval",
        *["Approved"] * 3,
    ]
    assert details[0]["ModelPackageVersion"] == 1
    assert details[0]["ModelPackageArn"] == arn
    assert details[0]["ModelMetrics"]["ModelQuality"]["Statistics"] == METRICS
    assert details[0]["CreationTime"].endswith("Z")


def test_an_update_with_the_same_token_is_no_second_event(sagemaker, group, package, seen):
    wait_for = seen(
        {"source": ["aws.sagemaker"], "detail": {"UpdatedModelPackageFields": [{"exists": True}]}}
    )
    arn = package()
    for token, status in (
        ("1", "Approved"),
        ("1", "Approved"),
        ("2", "Approved"),
        ("3", "Rejected"),
    ):
        sagemaker.update_model_package(
            ModelPackageArn=arn, ModelApprovalStatus=status, ClientToken=token
        )
    told = [event["detail"]["ModelApprovalStatus"] for event in wait_for(3)]
    assert told == ["Approved", "Approved", "Rejected"]


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"ModelPackageName": "own"}, "Both ModelPackageName and ModelPackageGroupName are"),
        ({"ModelPackageGroupName": "none"}, "Model Package Group does not exist."),
        ({"Tags": [{"Key": "a", "Value": "b"}]}, "Tags cannot be given for a version"),
        ({"CustomerMetadataProperties": {"a": '{"r2": 1}'}}, "at 'customerMetadataProperties.a'"),
        ({"CustomerMetadataProperties": {"k" * 129: "v"}}, "1 to 128 characters"),
        ({"ClientToken": "t" * 37}, "'clientToken' failed to satisfy constraint"),
        ({"ModelApprovalStatus": "Fine"}, "'modelApprovalStatus' failed to satisfy constraint"),
        (
            {"ModelMetrics": {"ModelQuality": {"Statistics": {"S3Uri": "s3://b/k"}}}},
            "modelMetrics.modelQuality.statistics.contentType",
        ),
        ({"SourceAlgorithmSpecification": {"SourceAlgorithms": [{"AlgorithmName": "a"}]}}, "give"),
        ({"InferenceSpecification": {"Containers": [{"Image": "unmapped:1"}]}}, "unmapped:1"),
        ({"InferenceSpecification": {"Containers": [{}]}}, "Container.Image"),
    ],
)
def test_fails_to_register_invalid_or_unsupported_packages(
    client, group, package, changes, message
):
    checked = client("sagemaker", checked=False)
    create = {
        "ModelPackageGroupName": group,
        "InferenceSpecification": {"Containers": [{"Image": IMAGE}]},
        **changes,
    }
    error = refusal(checked.create_model_package, **create)
    assert (error["Code"], message in error["Message"]) == ("ValidationException", True), error


def test_fails_to_register_a_missing_artifact(sagemaker, containers, package):
    missing = {**containers[0], "ModelDataUrl": "s3://none/model.tar.gz"}
    with pytest.raises(sagemaker.exceptions.ClientError, match="Could not find model data at"):
        package(InferenceSpecification={"Containers": [missing]})


def test_fails_to_update_beyond_50_properties(sagemaker, package):
    arn = package(CustomerMetadataProperties={f"k{i}": "v" for i in range(50)})
    error = refusal(
        sagemaker.update_model_package,
        ModelPackageArn=arn,
        CustomerMetadataProperties={"one": "more"},
    )
    assert "less than or equal to 50, got 51" in error["Message"]
