"""How tuning jobs end: stopped, failed, complete, or out of time."""

import time
import types

import pytest
from botocore.exceptions import ClientError

from emulator.aws.sagemaker.tuning import runs
from emulator.runtime.environments import EnvironmentBuildError
from emulator.runtime.jobs.runner import JobOutcome
from emulator.runtime.tuning.proposers import RandomProposer
from emulator.runtime.tuning.study import StudyError
from tests.emulator.aws.sagemaker.tuning.conftest import depth, log_depth
from tests.patience import FOR_EVER

ARN = "arn:aws:sagemaker:us-east-1:123456789012"


def test_stopping_stops_the_training_jobs_and_keeps_the_best(tuning, until):
    def run(request, log, stop):
        log(float(depth(request)))
        if request["TrainingJobName"].startswith(f"{tuning.name}-001"):
            return
        assert stop.wait(FOR_EVER)

    tuning.script(run)
    name = tuning.create()

    def one_has_ended():
        job = tuning.describe(name)
        counters = job["ObjectiveStatusCounters"]
        return counters["Succeeded"] and counters["Pending"] and job

    running = until(one_has_ended)
    assert running["HyperParameterTuningJobStatus"] == "InProgress"
    assert "HyperParameterTuningEndTime" not in running
    tuning.stop(name)
    assert tuning.describe(name)["HyperParameterTuningJobStatus"] in ("Stopping", "Stopped")
    job = tuning.ended(name)
    assert job["HyperParameterTuningJobStatus"] == "Stopped"
    assert job["TrainingJobStatusCounters"]["InProgress"] == 0
    assert job["TrainingJobStatusCounters"]["Stopped"] >= 1
    assert job["BestTrainingJob"]
    with pytest.raises(ClientError, match="hyperparameter tuning job is in status Stopped"):
        tuning.stop(name)


def test_five_failures_without_a_success_fail_the_tuning_job(tuning):
    tuning.script(lambda *_: JobOutcome("Failed", "AlgorithmError: it broke"))
    job = tuning.run(limits={"MaxNumberOfTrainingJobs": 50, "MaxParallelTrainingJobs": 1})
    assert job["HyperParameterTuningJobStatus"] == "Failed"
    assert job["FailureReason"].startswith("No training job succeeded after 5 attempts.")
    assert job["TrainingJobStatusCounters"]["NonRetryableError"] == 5
    assert job["ObjectiveStatusCounters"]["Failed"] == 5
    reasons = {one["FailureReason"] for one in tuning.jobs(tuning.name)}
    assert reasons == {"AlgorithmError: it broke"}
    assert "BestTrainingJob" not in job


def test_an_objective_that_is_never_logged_fails_the_tuning_job(tuning):
    tuning.script(lambda request, log, stop: log(float("nan")))
    job = tuning.run()
    assert job["HyperParameterTuningJobStatus"] == "Failed"
    assert job["FailureReason"].startswith("No objective metrics found after running 4 training")
    assert job["TrainingJobStatusCounters"]["Completed"] == 4
    assert {one["ObjectiveStatus"] for one in tuning.jobs(tuning.name)} == {"Failed"}


def test_failures_beside_a_success_do_not_fail_the_tuning_job(tuning, cloud):
    tuning.script(log_depth)
    reason = "InternalServerError: please try again"
    rule = {"operation": "sagemaker:CreateTrainingJob", "failureReason": reason}
    cloud.faults.load({"faults": [{**rule, "match": f"{tuning.name}-*", "times": 2}]})
    job = tuning.run()
    assert job["HyperParameterTuningJobStatus"] == "Completed"
    assert job["TrainingJobStatusCounters"]["RetryableError"] == 2
    assert job["ObjectiveStatusCounters"] == {"Succeeded": 2, "Pending": 0, "Failed": 2}


def test_the_objectives_of_an_attempt_that_is_retried_do_not_count(tuning):
    attempts = []

    def run(request, log, stop):
        attempts.append(1)
        if len(attempts) > 1:
            return None
        log(1.0)
        return JobOutcome("Failed", "InternalServerError: please try again")

    tuning.script(run)
    job = tuning.run(
        limits={"MaxNumberOfTrainingJobs": 1},
        definition={"RetryStrategy": {"MaximumRetryAttempts": 1}},
    )
    assert job["TrainingJobStatusCounters"]["Completed"] == 1
    assert job["ObjectiveStatusCounters"]["Failed"] == 1


def test_fault_rules_fail_a_tuning_job_and_the_start_of_its_training_jobs(tuning, cloud):
    rule = {
        "operation": "sagemaker:CreateHyperParameterTuningJob",
        "failureReason": "CapacityError",
    }
    cloud.faults.load({"faults": [{**rule, "match": f"{tuning.name}-a"}]})
    assert tuning.run("-a")["FailureReason"] == "CapacityError"
    rule = {"operation": "sagemaker:CreateTrainingJob", "error": "ResourceLimitExceeded"}
    cloud.faults.load({"faults": [{**rule, "match": f"{tuning.name}-b-*", "times": 0}]})
    job = tuning.run("-b")
    assert job["HyperParameterTuningJobStatus"] == "Failed"
    assert "ResourceLimitExceeded" in job["FailureReason"]


class BrokenProposer(RandomProposer):
    def tell(self, number, value):
        raise StudyError("the study of Optuna ended")


@pytest.mark.parametrize(
    ("problem", "reason"),
    [
        (EnvironmentBuildError("no package index"), "ClientError: no package index"),
        (None, "InternalServerError: the emulator failed: StudyError: the study of Optuna ended"),
    ],
)
def test_a_search_that_breaks_fails_the_tuning_job_and_ends_its_training_jobs(
    tuning, monkeypatch, problem, reason
):
    def propose(jobs, plan):
        if problem:
            raise problem
        return BrokenProposer(plan.space, 1)

    def run(request, log, stop):
        if not request["TrainingJobName"].startswith(f"{tuning.name}-001"):
            stop.wait(FOR_EVER)

    monkeypatch.setattr(runs, "_proposer", propose)
    tuning.script(run)
    job = tuning.run()
    assert job["HyperParameterTuningJobStatus"] == "Failed"
    assert job["FailureReason"] == reason
    assert job["TrainingJobStatusCounters"]["InProgress"] == 0


@pytest.mark.parametrize(
    ("criteria", "count"),
    [
        ({"TargetObjectiveMetricValue": 0.5}, 1),
        ({"BestObjectiveNotImproving": {"MaxNumberOfTrainingJobsNotImproving": 3}}, 4),
        ({"ConvergenceDetected": {"CompleteOnConvergence": "Enabled"}}, 21),
        ({}, 30),
    ],
)
def test_a_criterion_completes_the_tuning_job(tuning, criteria, count):
    tuning.script(lambda request, log, stop: log(0.5))
    job = tuning.run(
        limits={"MaxNumberOfTrainingJobs": 30, "MaxParallelTrainingJobs": 1},
        config={"TuningJobCompletionCriteria": criteria},
    )
    assert job["HyperParameterTuningJobStatus"] == "Completed"
    assert job["TrainingJobStatusCounters"]["Completed"] == count
    details = job["TuningJobCompletionDetails"]
    assert details["NumberOfTrainingJobsObjectiveNotImproving"] == count - 1
    assert ("ConvergenceDetectedTime" in details) is (count > 20)


def test_a_tuning_job_that_has_run_too_long_is_stopped_and_keeps_its_best(
    tuning, monkeypatch, until
):
    now = [0.0]
    clock = types.SimpleNamespace(monotonic=lambda: now[0], sleep=time.sleep)
    monkeypatch.setattr(runs, "time", clock)
    tuning.script(lambda request, log, stop: (log(0.5), stop.wait(FOR_EVER))[0])
    name = tuning.create(limits={"MaxRuntimeInSeconds": 120})
    until(lambda: len(tuning.jobs(name)) == 2)
    now[0] = 121.0
    job = tuning.ended(name)
    assert job["HyperParameterTuningJobStatus"] == "Stopped"
    assert job["TrainingJobStatusCounters"]["Stopped"] == 2
    assert job["BestTrainingJob"]["ObjectiveStatus"] == "Succeeded"


def test_a_convergence_is_noted_and_ends_nothing_by_itself(tuning):
    tuning.script(lambda request, log, stop: log(0.5))
    job = tuning.run(
        limits={"MaxNumberOfTrainingJobs": 22},
        config={
            "TuningJobCompletionCriteria": {
                "ConvergenceDetected": {"CompleteOnConvergence": "Disabled"}
            }
        },
    )
    assert job["TrainingJobStatusCounters"]["Completed"] == 22
    assert job["TuningJobCompletionDetails"]["ConvergenceDetectedTime"] > job["CreationTime"]
