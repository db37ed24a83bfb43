"""Batch transform jobs through the API and the state machine."""

import json

import pytest
from botocore.exceptions import ClientError

from tests.emulator.aws.conftest import IMAGE, ROLE


@pytest.fixture
def sagemaker(client):
    return client("sagemaker")


@pytest.fixture
def request_of(client, sagemaker, name):
    """Create a model and an input object; return requests for jobs with them."""
    s3 = client("s3")
    s3.create_bucket(Bucket=name)
    for key in ("model.tar.gz", "scoring/a.csv"):
        s3.put_object(Bucket=name, Key=key, Body=b"1,2\n")
    container = {"Image": IMAGE, "ModelDataUrl": f"s3://{name}/model.tar.gz"}
    sagemaker.create_model(ModelName=name, ExecutionRoleArn=ROLE, PrimaryContainer=container)

    def make(suffix="", prefix="scoring/", **changes):
        source = {"S3DataSource": {"S3DataType": "S3Prefix", "S3Uri": f"s3://{name}/{prefix}"}}
        return {
            "TransformJobName": f"{name}{suffix}",
            "ModelName": name,
            "TransformInput": {"DataSource": source, "ContentType": "text/csv"},
            "TransformOutput": {"S3OutputPath": f"s3://{name}/scores"},
            "TransformResources": {"InstanceType": "ml.m5.large", "InstanceCount": 1},
            **changes,
        }

    return make


@pytest.fixture
def ended(sagemaker, until):
    def wait(name):
        def job():
            found = sagemaker.describe_transform_job(TransformJobName=name)
            return found if found["TransformJobStatus"] not in ("InProgress", "Stopping") else None

        return until(job)

    return wait


def test_a_job_runs_with_its_models_container_and_role(cloud, sagemaker, request_of, ended, name):
    request = request_of(Environment={"A": "b"}, MaxPayloadInMB=2)
    arn = sagemaker.create_transform_job(**request)["TransformJobArn"]
    job = ended(name)
    assert arn == f"arn:aws:sagemaker:us-east-1:123456789012:transform-job/{name}"
    # AWS also returns its defaults.
    defaults = {"CompressionType": "None", "SplitType": "None"}
    assert job["TransformInput"] == {**request["TransformInput"], **defaults}
    defaults = {"AssembleWith": "None", "KmsKeyId": ""}
    assert job["TransformOutput"] == {**request["TransformOutput"], **defaults}
    given = {k: v for k, v in request.items() if k not in ("TransformInput", "TransformOutput")}
    assert given.items() <= job.items()
    assert job["TransformJobStatus"] == "Completed"
    assert "FailureReason" not in job
    assert job["CreationTime"] <= job["TransformStartTime"] <= job["TransformEndTime"]
    asked, container, role_arn = cloud.jobs.transforms[-1]
    assert (asked, role_arn) == (request, ROLE)
    assert container["ModelDataUrl"] == f"s3://{name}/model.tar.gz"


def test_a_job_of_a_model_package_runs_the_packages_container(
    cloud, sagemaker, request_of, ended, name
):
    request = request_of()
    container = {"Image": IMAGE, "ModelDataUrl": f"s3://{name}/model.tar.gz"}
    sagemaker.create_model_package_group(ModelPackageGroupName=name)
    package = sagemaker.create_model_package(
        ModelPackageGroupName=name,
        ModelApprovalStatus="Approved",
        InferenceSpecification={"Containers": [container]},
    )["ModelPackageArn"]
    sagemaker.create_model(
        ModelName=f"{name}-p", ExecutionRoleArn=ROLE, Containers=[{"ModelPackageName": package}]
    )
    sagemaker.create_transform_job(**{**request, "ModelName": f"{name}-p"})
    ended(name)
    assert container.items() <= cloud.jobs.transforms[-1][1].items()


def test_a_job_is_stopped_and_listed(sagemaker, request_of, ended, name):
    sagemaker.create_transform_job(**request_of("-endless"))
    listed = sagemaker.list_transform_jobs(NameContains=name)["TransformJobSummaries"]
    assert [one["TransformJobStatus"] for one in listed] == ["InProgress"]
    sagemaker.stop_transform_job(TransformJobName=f"{name}-endless")
    assert ended(f"{name}-endless")["TransformJobStatus"] == "Stopped"
    with pytest.raises(ClientError, match="the transform job is in status Stopped"):
        sagemaker.stop_transform_job(TransformJobName=f"{name}-endless")


def test_a_failure_has_its_reason(cloud, sagemaker, request_of, ended, name):
    sagemaker.create_transform_job(**request_of("-fails"))
    assert ended(f"{name}-fails")["FailureReason"] == "AlgorithmError: it broke"
    rule = {"operation": "sagemaker:CreateTransformJob", "failureReason": "CapacityError: none"}
    cloud.faults.load({"faults": [rule]})
    sagemaker.create_transform_job(**request_of())
    assert ended(name)["FailureReason"] == "CapacityError: none"


def test_changes_of_state_are_events(sagemaker, request_of, seen, name):
    wait_for = seen({"source": ["aws.sagemaker"], "detail": {"TransformJobName": [name]}})
    tags = [{"Key": "a", "Value": "b"}]
    sagemaker.create_transform_job(**request_of(Tags=tags))
    events = wait_for(2)
    assert {event["detail-type"] for event in events} == {"SageMaker Transform Job State Change"}
    details = [event["detail"] for event in events]
    assert [one["TransformJobStatus"] for one in details] == ["InProgress", "Completed"]
    assert details[1]["Tags"] == {"a": "b"}
    assert details[1]["TransformEndTime"] > 1_600_000_000_000
    assert "AutoMlJobArn" not in details[1]


def test_a_task_waits_for_the_job(machine, request_of, name):
    def run(request):
        resource = "arn:aws:states:::sagemaker:createTransformJob.sync"
        task = {"Type": "Task", "Resource": resource, "Arguments": request, "End": True}
        return machine({"Score": task}).run()

    output = json.loads(run(request_of())["output"])
    assert output["TransformJobStatus"] == "Completed"
    assert output["Tags"]["MANAGED_BY_AWS"] == "STARTED_BY_STEP_FUNCTIONS"
    failed = run(request_of("-fails"))
    assert failed["error"] == "States.TaskFailed"
    assert json.loads(failed["cause"])["FailureReason"] == "AlgorithmError: it broke"


def test_aborting_the_execution_stops_the_job(client, machine, request_of, ended, until, name):
    resource = "arn:aws:states:::sagemaker:createTransformJob.sync"
    arguments = request_of("-endless")
    task = {"Type": "Task", "Resource": resource, "Arguments": arguments, "End": True}
    made = machine({"Score": task})
    execution = made.start()
    listed = client("sagemaker").list_transform_jobs
    until(lambda: listed(NameContains=f"{name}-endless")["TransformJobSummaries"])
    client("stepfunctions").stop_execution(executionArn=execution)
    assert ended(f"{name}-endless")["TransformJobStatus"] == "Stopped"


def test_fails_for_an_empty_prefix_and_for_a_missing_model(sagemaker, request_of, name):
    with pytest.raises(ClientError, match=f'No S3 objects found under S3 URL "s3://{name}/none/"'):
        sagemaker.create_transform_job(**request_of(prefix="none/"))
    with pytest.raises(ClientError, match=r'Could not find model "arn:aws:sagemaker'):
        sagemaker.create_transform_job(**{**request_of(), "ModelName": "none"})
    with pytest.raises(ClientError, match="Could not find transform job"):
        sagemaker.describe_transform_job(TransformJobName=name)


def test_fails_when_the_models_role_cannot_list_the_input(sagemaker, request_of, role, name):
    blind = role("sagemaker.amazonaws.com", actions=("s3:GetObject",))
    container = {"Image": IMAGE, "ModelDataUrl": f"s3://{name}/model.tar.gz"}
    request = request_of()
    sagemaker.create_model(
        ModelName=f"{name}-b", ExecutionRoleArn=blind, PrimaryContainer=container
    )
    with pytest.raises(ClientError, match='the role has "s3:ListBucket" permissions'):
        sagemaker.create_transform_job(**{**request, "ModelName": f"{name}-b"})


def test_a_name_cannot_be_reused(sagemaker, request_of, ended, name):
    sagemaker.create_transform_job(**request_of())
    ended(name)
    with pytest.raises(sagemaker.exceptions.ResourceInUse, match="must be unique within"):
        sagemaker.create_transform_job(**request_of())


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        (
            {"TransformResources": {"InstanceType": "ml.m5.large", "InstanceCount": 2}},
            "TransformResources.InstanceCount",
        ),
        ({"DataCaptureConfig": {"DestinationS3Uri": "s3://b/c"}}, "DataCaptureConfig"),
        ({"MaxPayloadInMB": 0}, "MaxPayloadInMB"),
        ({"MaxPayloadInMB": 60, "MaxConcurrentTransforms": 2}, "must not exceed 100 MB"),
        ({"TransformInput": {"SplitType": "RecordIO"}}, "TransformInput.SplitType"),
        ({"BatchStrategy": "AllAtOnce"}, "'batchStrategy' failed to satisfy constraint"),
    ],
)
def test_fails_to_create_unsupported_requests(client, request_of, changes, message):
    request = request_of()
    merged = {**request, **changes}
    if "TransformInput" in changes:
        merged["TransformInput"] = {**request["TransformInput"], **changes["TransformInput"]}
    with pytest.raises(ClientError) as refusal:
        client("sagemaker", checked=False).create_transform_job(**merged)
    assert refusal.value.response["Error"]["Code"] == "ValidationException"
    assert message in str(refusal.value)
