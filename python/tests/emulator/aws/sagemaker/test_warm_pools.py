"""Managed warm pools through the API."""

import pytest
from botocore.exceptions import ClientError

from tests.patience import wait_until


class Training:
    def __init__(self, sagemaker, request):
        self._sagemaker = sagemaker
        self._request = request

    def create(self, name, keep_alive=None, **resources):
        if keep_alive is not None:
            resources["KeepAlivePeriodInSeconds"] = keep_alive
        config = {**self._request["ResourceConfig"], **resources}
        request = {**self._request, "ResourceConfig": config}
        self._sagemaker.create_training_job(TrainingJobName=name, **request)

    def pool(self, name):
        return self._sagemaker.describe_training_job(TrainingJobName=name).get("WarmPoolStatus")

    def run(self, name, *arguments, **resources):
        self.create(name, *arguments, **resources)

        def ended():
            job = self._sagemaker.describe_training_job(TrainingJobName=name)
            return job["TrainingJobStatus"] not in ("InProgress", "Stopping")

        wait_until(ended, f"{name} has ended")
        return self.pool(name)


@pytest.fixture
def training(client, request_for, role):
    # A role of its own: no other test's job matches.
    request = request_for("TrainingJob")
    return Training(client("sagemaker"), {**request, "RoleArn": role("sagemaker.amazonaws.com")})


def test_a_job_without_a_period_has_no_warm_pool(training, name):
    assert training.run(name) is None


def test_the_next_job_that_matches_takes_the_instances(client, training, name):
    assert training.run(f"{name}-1", 3600) == {"Status": "Available"}

    training.run(f"{name}-other", 3600, InstanceType="ml.m5.xlarge")
    assert training.pool(f"{name}-1") == {"Status": "Available"}

    training.create(f"{name}-endless", 3600)
    reused = training.pool(f"{name}-1")
    assert (reused["Status"], reused["ReusedByJob"]) == ("Reused", f"{name}-endless")
    assert reused["ResourceRetainedBillableTimeInSeconds"] >= 0
    assert training.pool(f"{name}-endless") == {"Status": "InUse"}
    client("sagemaker").stop_training_job(TrainingJobName=f"{name}-endless")
    wait_until(
        lambda: training.pool(f"{name}-endless") == {"Status": "Available"},
        "a stopped job's instances are kept",
    )

    # It takes them, and keeps none itself.
    assert training.run(f"{name}-3") == {"Status": "Terminated"}


def test_instances_are_returned_when_their_time_is_over(training, name):
    training.run(name, 1)
    wait_until(
        lambda: (
            training.pool(name)
            == {"Status": "Terminated", "ResourceRetainedBillableTimeInSeconds": 1}
        ),
        "the pool is terminated",
    )


def test_instances_are_kept_after_an_error_of_the_script_only(training, name, cloud):
    assert training.run(f"{name}-fails", 3600, VolumeSizeInGB=7) == {"Status": "Available"}
    reason = "InternalServerError: please try again"
    rule = {"operation": "sagemaker:CreateTrainingJob", "failureReason": reason}
    cloud.faults.load({"faults": [{**rule, "match": f"{name}*"}]})
    assert training.run(name, 3600, VolumeSizeInGB=8) == {"Status": "Terminated"}


def test_fails_with_a_period_that_is_too_long_or_on_spot_instances(training, name):
    with pytest.raises(ClientError, match="must be at most 3600, got 3601"):
        training.create(name, 3601)
    training._request |= {
        "EnableManagedSpotTraining": True,
        "StoppingCondition": {"MaxRuntimeInSeconds": 60, "MaxWaitTimeInSeconds": 60},
    }
    with pytest.raises(ClientError, match="cannot be used with managed spot training"):
        training.create(name, 60)
