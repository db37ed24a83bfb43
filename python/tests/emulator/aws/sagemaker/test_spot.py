"""Managed spot training through the API."""

import pytest
from botocore.exceptions import ClientError

from tests.patience import wait_until

SPOT = {
    "EnableManagedSpotTraining": True,
    "StoppingCondition": {"MaxRuntimeInSeconds": 60, "MaxWaitTimeInSeconds": 60},
    "CheckpointConfig": {"S3Uri": "s3://bucket/checkpoints/x"},
}
ON_DEMAND = {
    "EnableManagedSpotTraining": False,
    "StoppingCondition": {"MaxRuntimeInSeconds": 60},
}


@pytest.fixture
def create(client, request_for):
    def create_job(name, **changes):
        request = {**request_for("TrainingJob"), **SPOT, **changes}
        client("sagemaker").create_training_job(TrainingJobName=name, **request)

    return create_job


@pytest.fixture
def ended(client):
    def describe_ended(name):
        def found():
            job = client("sagemaker").describe_training_job(TrainingJobName=name)
            return job["TrainingJobStatus"] not in ("InProgress", "Stopping") and job

        return wait_until(found, f"{name} has ended")

    return describe_ended


@pytest.fixture
def interrupt(cloud, name):
    def load(times=1, **how):
        rule = {"operation": "sagemaker:CreateTrainingJob", "match": f"{name}*"}
        cloud.faults.load({"faults": [{**rule, "times": times, "interrupt": how}]})

    return load


def phases(job):
    return [phase["Status"] for phase in job["SecondaryStatusTransitions"]]


def test_a_spot_job_runs_again_after_each_interruption(create, ended, interrupt, name):
    interrupt(times=2)
    create(name)
    job = ended(name)
    assert job["TrainingJobStatus"] == job["SecondaryStatus"] == "Completed"
    run = ["Starting", "Downloading", "Training"]
    assert phases(job) == [*run, "Interrupted", *run, "Interrupted", *run, "Completed"]
    assert job["EnableManagedSpotTraining"] is True
    assert job["CheckpointConfig"] == {"S3Uri": "s3://bucket/checkpoints/x"}
    assert job["StoppingCondition"]["MaxWaitTimeInSeconds"] == 60
    assert job["TrainingTimeInSeconds"] >= job["BillableTimeInSeconds"] >= 1
    assert job["ModelArtifacts"]["S3ModelArtifacts"].endswith(f"{name}/output/model.tar.gz")


def test_a_spot_job_whose_instances_do_not_come_back_ends_when_its_wait_is_over(
    create, ended, interrupt, name
):
    interrupt(restartAfterSeconds=3600)
    create(name, StoppingCondition={"MaxRuntimeInSeconds": 1, "MaxWaitTimeInSeconds": 1})
    job = ended(name)
    assert (job["TrainingJobStatus"], job["SecondaryStatus"]) == ("Stopped", "MaxWaitTimeExceeded")
    assert phases(job)[-3:] == ["Interrupted", "Stopping", "MaxWaitTimeExceeded"]
    assert not job.get("ModelArtifacts")
    # The wait for instances is no training.
    assert job["TrainingTimeInSeconds"] == 1


def test_a_spot_job_that_waits_for_instances_can_be_stopped(client, create, ended, interrupt, name):
    interrupt(restartAfterSeconds=3600)
    create(name)
    sagemaker = client("sagemaker")

    def is_interrupted():
        return "Interrupted" in phases(sagemaker.describe_training_job(TrainingJobName=name))

    wait_until(is_interrupted, "the job is interrupted")
    sagemaker.stop_training_job(TrainingJobName=name)
    assert ended(name)["SecondaryStatus"] == "Stopped"


def test_a_job_on_demand_cannot_be_interrupted(create, interrupt, name):
    interrupt()
    with pytest.raises(ClientError, match="a fault rule interrupts it, but EnableManagedSpot"):
        create(name, **ON_DEMAND)
    create(f"other-{name}", **ON_DEMAND)


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        ({"StoppingCondition": {"MaxRuntimeInSeconds": 60}}, "must be present"),
        (
            {"StoppingCondition": {"MaxRuntimeInSeconds": 60, "MaxWaitTimeInSeconds": 59}},
            r"greater than or equal to MaxRuntimeInSeconds \(60\), got 59",
        ),
        ({"EnableManagedSpotTraining": False}, "It is for managed spot training"),
        ({"CheckpointConfig": {"S3Uri": "s3://b/c", "LocalPath": "/data/c"}}, "below /opt/ml/"),
        ({"CheckpointConfig": {"S3Uri": "s3://b/c", "LocalPath": "/opt/ml/../c"}}, "/opt/ml/"),
    ],
)
def test_fails_with_a_request_that_cannot_be(create, name, changes, problem):
    with pytest.raises(ClientError, match=problem):
        create(name, **changes)
