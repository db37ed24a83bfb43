"""Processing and training jobs through the API."""

import pytest
from botocore.exceptions import ClientError

from tests.patience import wait_until

KINDS = ["ProcessingJob", "TrainingJob"]
SNAKE = {"ProcessingJob": "processing_job", "TrainingJob": "training_job"}


class Jobs:
    def __init__(self, sagemaker, kind, request):
        self.kind = kind
        self._sagemaker = sagemaker
        self._request = request

    def _call(self, verb, name, **fields):
        call = getattr(self._sagemaker, f"{verb}_{SNAKE[self.kind]}")
        return call(**{f"{self.kind}Name": name, **fields})

    def create(self, name, **changes):
        return self._call("create", name, **{**self._request, **changes})

    def describe(self, name):
        return self._call("describe", name)

    def stop(self, name):
        return self._call("stop", name)

    def ended(self, name):
        def found():
            job = self.describe(name)
            return job[f"{self.kind}Status"] not in ("InProgress", "Stopping") and job

        return wait_until(found, f"{name} has ended")


@pytest.fixture(params=KINDS)
def jobs(request, client, request_for):
    return Jobs(client("sagemaker"), request.param, request_for(request.param))


@pytest.fixture
def training(client, request_for):
    return Jobs(client("sagemaker"), "TrainingJob", request_for("TrainingJob"))


def test_a_job_runs_and_then_has_ended(jobs, name):
    jobs.create(f"{name}-endless", Environment={"A": "b"})
    running = jobs.describe(f"{name}-endless")
    assert running[f"{jobs.kind}Status"] == "InProgress"
    assert running["Environment"] == {"A": "b"}
    assert not any(field.endswith("EndTime") for field in running)
    jobs.stop(f"{name}-endless")
    assert jobs.ended(f"{name}-endless")[f"{jobs.kind}Status"] == "Stopped"
    jobs.create(name)
    assert jobs.ended(name)[f"{jobs.kind}Status"] == "Completed"


def test_a_failed_job_has_its_reason(jobs, name):
    jobs.create(f"{name}-fails")
    job = jobs.ended(f"{name}-fails")
    assert job[f"{jobs.kind}Status"] == "Failed"
    assert job["FailureReason"] == "AlgorithmError: it broke"


def test_a_completed_training_job_describes_what_happened(training, name):
    training.create(name)
    job = training.ended(name)
    assert job["ModelArtifacts"]["S3ModelArtifacts"] == (
        f"s3://bucket/model-artifacts/{name}/output/model.tar.gz"
    )
    assert [(m["MetricName"], m["Value"]) for m in job["FinalMetricDataList"]] == [
        ("test_r2", 0.77)
    ]
    phases = job["SecondaryStatusTransitions"]
    assert [p["Status"] for p in phases] == ["Starting", "Downloading", "Training", "Completed"]
    assert all(p["StartTime"] <= p["EndTime"] for p in phases)
    assert job["SecondaryStatus"] == "Completed"
    assert job["CreationTime"] <= job["TrainingStartTime"] <= job["TrainingEndTime"]
    assert job["BillableTimeInSeconds"] >= 1
    assert "MetricDefinitions" not in job["AlgorithmSpecification"]


def test_a_failed_training_job_has_no_artifacts(training, name):
    training.create(f"{name}-fails")
    assert not training.ended(f"{name}-fails").get("ModelArtifacts")


def test_a_name_cannot_be_reused(jobs, name, client):
    jobs.create(name)
    jobs.ended(name)
    with pytest.raises(client("sagemaker").exceptions.ResourceInUse, match="must be unique within"):
        jobs.create(name)


def test_fails_with_a_role_that_sagemaker_cannot_assume(jobs, name, client):
    client("iam").create_role(RoleName=name, AssumeRolePolicyDocument='{"Statement": []}')
    for role in (f"arn:aws:iam::123456789012:role/{name}", "arn:aws:iam::123456789012:role/none"):
        with pytest.raises(client("sagemaker").exceptions.ClientError) as refusal:
            jobs.create(name, RoleArn=role)
        assert f"Could not assume role {role}" in str(refusal.value)


def test_fails_to_stop_a_job_that_is_not_running(jobs, name, client):
    errors = client("sagemaker").exceptions
    with pytest.raises(errors.ClientError, match="Requested resource not found"):
        jobs.stop(f"{name}-none")
    jobs.create(name)
    jobs.ended(name)
    with pytest.raises(errors.ClientError, match="is in status Completed"):
        jobs.stop(name)


def test_fails_to_create_unsupported_requests(training, name, client):
    gpu = {"InstanceType": "ml.p3.2xlarge", "InstanceCount": 1, "VolumeSizeInGB": 1}
    with pytest.raises(client("sagemaker").exceptions.ClientError) as refusal:
        training.create(name, ResourceConfig=gpu)
    assert refusal.value.response["Error"]["Code"] == "ValidationException"
    assert "ml.p3.2xlarge" in str(refusal.value)
    with pytest.raises(client("sagemaker").exceptions.ClientError):
        training.describe(name)


def test_a_fault_rule_fails_a_job_once(jobs, name, cloud):
    rule = {
        "operation": f"sagemaker:Create{jobs.kind}",
        "match": f"{name}-*",
        "failureReason": "InternalServerError: please try again",
    }
    cloud.faults.load({"faults": [rule]})
    jobs.create(f"{name}-a")
    assert jobs.ended(f"{name}-a")["FailureReason"] == "InternalServerError: please try again"
    jobs.create(f"{name}-b")
    assert jobs.ended(f"{name}-b")[f"{jobs.kind}Status"] == "Completed"


def test_a_training_job_is_retried_after_internal_errors_up_to_its_limit(cloud, training, name):
    reason = "InternalServerError: please try again"
    rule = {"operation": "sagemaker:CreateTrainingJob", "failureReason": reason, "times": 2}
    for attempts, status in ((1, "Failed"), (2, "Completed")):
        cloud.faults.load({"faults": [{**rule, "match": f"{name}-{attempts}"}]})
        training.create(f"{name}-{attempts}", RetryStrategy={"MaximumRetryAttempts": attempts})
        job = training.ended(f"{name}-{attempts}")
        assert job["TrainingJobStatus"] == status
        phases = [phase["Status"] for phase in job["SecondaryStatusTransitions"]]
        assert phases.count("Restarting") == attempts


def test_a_failure_of_the_algorithm_is_not_retried(training, name):
    training.create(f"{name}-fails", RetryStrategy={"MaximumRetryAttempts": 3})
    phases = training.ended(f"{name}-fails")["SecondaryStatusTransitions"]
    assert "Restarting" not in [phase["Status"] for phase in phases]


def test_tags_of_a_job_are_listed(jobs, name, client):
    arn = jobs.create(name, Tags=[{"Key": "a", "Value": "b"}])[f"{jobs.kind}Arn"]
    sagemaker = client("sagemaker")
    assert sagemaker.list_tags(ResourceArn=arn)["Tags"] == [{"Key": "a", "Value": "b"}]
    with pytest.raises(sagemaker.exceptions.ClientError, match="Could not find"):
        sagemaker.list_tags(ResourceArn=f"{arn}-none")


@pytest.mark.parametrize(
    ("kind", "field", "image"),
    [
        ("ProcessingJob", "AppSpecification", "ImageUri"),
        ("TrainingJob", "AlgorithmSpecification", "TrainingImage"),
    ],
)
def test_an_image_without_an_environment_is_refused_before_there_is_a_job(
    client, request_for, name, kind, field, image
):
    request = request_for(kind)
    jobs = Jobs(client("sagemaker"), kind, request)
    with pytest.raises(ClientError, match="no Python environment is mapped to the image unmapped"):
        jobs.create(name, **{field: {**request[field], image: "unmapped:1"}})
    with pytest.raises(ClientError):
        jobs.describe(name)
