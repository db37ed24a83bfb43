"""Tuning jobs that run: what they start, learn and answer."""

import threading

import pytest

from tests.emulator.aws.sagemaker.tuning.conftest import GRID, depth, log_depth
from tests.patience import FOR_EVER

ARN = "arn:aws:sagemaker:us-east-1:123456789012"


def test_the_best_of_the_training_jobs_is_found(tuning):
    tuning.script(log_depth)
    job = tuning.run()
    assert job["HyperParameterTuningJobArn"] == f"{ARN}:hyper-parameter-tuning-job/{tuning.name}"
    assert job["HyperParameterTuningJobStatus"] == "Completed"
    assert job["TrainingJobStatusCounters"] == {
        "Completed": 4,
        "InProgress": 0,
        "RetryableError": 0,
        "NonRetryableError": 0,
        "Stopped": 0,
    }
    assert job["ObjectiveStatusCounters"] == {"Succeeded": 4, "Pending": 0, "Failed": 0}
    listed = tuning.jobs(tuning.name)
    assert len({tuple(one["TunedHyperParameters"].items()) for one in listed}) == 4
    best = max(listed, key=lambda one: int(one["TunedHyperParameters"]["depth"]))
    assert job["BestTrainingJob"] == best
    value = float(best["TunedHyperParameters"]["depth"])
    assert best["FinalHyperParameterTuningJobObjectiveMetric"] == {
        "MetricName": "score",
        "Value": value,
    }
    assert best["ObjectiveStatus"] == "Succeeded"
    assert best["TrainingStartTime"] <= best["TrainingEndTime"]
    assert "FailureReason" not in job
    assert "OverallBestTrainingJob" not in job
    assert job["CreationTime"] <= job["HyperParameterTuningEndTime"]


def test_the_smallest_objective_is_the_best_of_a_minimum(tuning):
    tuning.script(log_depth)
    job = tuning.run(
        config={"HyperParameterTuningJobObjective": {"Type": "Minimize", "MetricName": "score"}}
    )
    depths = [int(one["TunedHyperParameters"]["depth"]) for one in tuning.jobs(tuning.name)]
    assert int(job["BestTrainingJob"]["TunedHyperParameters"]["depth"]) == min(depths)


def test_training_jobs_get_static_and_tuned_hyperparameters_and_the_objective(tuning, client):
    tuning.script(log_depth)
    tag = {"Key": "a", "Value": "b"}
    checkpoints = {"S3Uri": "s3://bucket/checkpoints/"}
    job = tuning.run(Tags=[tag], definition={"CheckpointConfig": checkpoints})
    name = job["BestTrainingJob"]["TrainingJobName"]
    trained = client("sagemaker").describe_training_job(TrainingJobName=name)
    assert trained["HyperParameters"] == {
        "epochs": "9",
        **job["BestTrainingJob"]["TunedHyperParameters"],
        "_tuning_objective_metric": "score",
    }
    assert trained["TuningJobArn"] == job["HyperParameterTuningJobArn"]
    assert trained["CheckpointConfig"]["S3Uri"] == f"s3://bucket/checkpoints/{name}"
    tags = client("sagemaker").list_tags(ResourceArn=trained["TrainingJobArn"])["Tags"]
    assert tags == [tag]
    static = job["TrainingJobDefinition"]["StaticHyperParameters"]
    assert static == {"epochs": "9", "_tuning_objective_metric": "score"}
    numbers = [
        one["TrainingJobName"].removeprefix(f"{tuning.name}-")[:4]
        for one in tuning.jobs(tuning.name)
    ]
    assert numbers == ["001-", "002-", "003-", "004-"]


@pytest.mark.parametrize("strategy", ["Random", "Bayesian"])
def test_the_same_seed_tries_the_same_values(tuning, strategy):
    tuning.script(log_depth)
    tried = []
    for suffix, seed in (("-a", 1), ("-b", 1), ("-c", 2)):
        name = tuning.create(
            suffix,
            limits={"MaxParallelTrainingJobs": 1, "MaxNumberOfTrainingJobs": 5},
            config={"Strategy": strategy, "RandomSeed": seed},
        )
        tuning.ended(name)
        tried.append([one["TunedHyperParameters"] for one in tuning.jobs(name)])
    assert tried[0] == tried[1] != tried[2]


def test_no_more_jobs_run_at_once_than_may(tuning):
    running, most, both = 0, 0, threading.Barrier(2)
    counting = threading.Lock()

    def run(request, log, stop):
        nonlocal running, most
        with counting:
            running += 1
            most = max(most, running)
        both.wait(FOR_EVER)  # so two run at once
        stop.wait(0.5)  # in which a third could start
        with counting:
            running -= 1
        log(1.0)

    tuning.script(run)
    job = tuning.run()
    assert job["TrainingJobStatusCounters"]["Completed"] == 4
    assert most == 2


def test_a_grid_tries_every_combination_and_counts_its_jobs_itself(tuning):
    tuning.script(lambda request, log, stop: log(float(request["HyperParameters"]["size"])))
    request = tuning.request(ranges=GRID, config={"Strategy": "Grid"})
    config = request["HyperParameterTuningJobConfig"]
    config["ResourceLimits"] = {"MaxParallelTrainingJobs": 3}
    job = tuning.run(ranges=GRID, config=config)
    tried = [one["TunedHyperParameters"] for one in tuning.jobs(tuning.name)]
    pairs = [(one["kind"], one["size"]) for one in tried]
    assert pairs == [("a", "1"), ("a", "2"), ("b", "1"), ("b", "2")]
    assert job["BestTrainingJob"]["TunedHyperParameters"] == {"kind": "a", "size": "2"}


def test_a_job_that_falls_behind_the_median_is_stopped(tuning):
    def run(request, log, stop):
        log(float(depth(request)))
        if len(seen) < 3:
            seen.append(depth(request))
            log(float(depth(request)))
        elif depth(request) < sorted(seen)[1]:
            assert stop.wait(FOR_EVER)
        else:
            log(float(depth(request)))

    seen = []
    tuning.script(run)
    job = tuning.run(
        limits={"MaxNumberOfTrainingJobs": 8, "MaxParallelTrainingJobs": 1},
        config={"TrainingJobEarlyStoppingType": "Auto"},
    )
    listed = tuning.jobs(tuning.name)
    median = sorted(seen)[1]
    worse = [one for one in listed[3:] if int(one["TunedHyperParameters"]["depth"]) < median]
    assert worse  # by the seed
    assert {one["TrainingJobStatus"] for one in worse} == {"Stopped"}
    assert job["TrainingJobStatusCounters"]["Stopped"] == len(worse)
    assert {one["ObjectiveStatus"] for one in listed} == {"Succeeded"}


def test_a_script_that_logs_its_objective_once_is_never_stopped_early(tuning):
    def run(request, log, stop):
        log_depth(request, log, stop)
        stop.wait(0.3)  # in which it could be stopped

    tuning.script(run)
    job = tuning.run(
        limits={"MaxNumberOfTrainingJobs": 8, "MaxParallelTrainingJobs": 4},
        config={"TrainingJobEarlyStoppingType": "Auto"},
    )
    assert job["TrainingJobStatusCounters"]["Completed"] == 8


def test_hyperband_stops_jobs_at_their_share_and_those_that_fall_behind(tuning):
    def run(request, log, stop):
        for epoch in range(1, 1000):
            log(depth(request) + epoch / 1000)
            if stop.wait(0.02):
                return

    tuning.script(run)
    job = tuning.run(
        limits={"MaxNumberOfTrainingJobs": 8, "MaxParallelTrainingJobs": 4},
        config={"Strategy": "Hyperband"},
    )
    assert job["TrainingJobStatusCounters"]["Stopped"] == 8
    assert job["ObjectiveStatusCounters"]["Succeeded"] == 8
    # The nine epochs of the static hyperparameter; one or two more come before the stop.
    assert job["BestTrainingJob"]["FinalHyperParameterTuningJobObjectiveMetric"]["Value"] % 1 > 0


def test_changes_of_state_are_events(tuning, seen):
    tuning.script(log_depth)
    wait_for = seen(
        {"source": ["aws.sagemaker"], "detail": {"HyperParameterTuningJobName": [tuning.name]}}
    )
    job = tuning.run(Tags=[{"Key": "a", "Value": "b"}])
    events = wait_for(2)
    kind = "SageMaker HyperParameter Tuning Job State Change"
    assert {event["detail-type"] for event in events} == {kind}
    assert events[0]["resources"] == [job["HyperParameterTuningJobArn"]]
    first, last = [event["detail"] for event in events]
    assert first["HyperParameterTuningJobStatus"] == "InProgress"
    assert first["TrainingJobStatusCounters"]["Completed"] == 0
    assert "BestTrainingJob" not in first
    assert last["HyperParameterTuningJobStatus"] == "Completed"
    assert last["ObjectiveStatusCounters"]["Succeeded"] == 4
    assert last["BestTrainingJob"] == {"TrainingJobName": job["BestTrainingJob"]["TrainingJobName"]}
    assert last["Tags"] == {"a": "b"}
    assert last["CreationTime"] > 1_600_000_000_000
