"""Hyperparameter tuning jobs: moto's records, filled by training jobs that run."""

from typing import Any

from moto.core.responses import EmptyResult
from moto.sagemaker.models import HyperParameterTuningJob
from moto.sagemaker.responses import SageMakerResponse

from emulator.aws.patching import add, replace, wrap
from emulator.aws.sagemaker.running_jobs import JobKind, RunningJobs, creator, stopper
from emulator.aws.sagemaker.tuning.answers import (
    describe,
    describe_tuning_job,
    find_tuning_job,
    list_training_jobs,
    list_tuning_jobs,
)
from emulator.aws.sagemaker.tuning.checks import check_tuning
from emulator.aws.sagemaker.tuning.runs import announce_begin, make_record, run_tuning

_TUNING = JobKind(
    name="hyperparameter tuning job",
    noun="HyperParameterTuningJob",
    records="hyper_parameter_tuning_jobs",
    status="hyper_parameter_tuning_job_status",
    check=check_tuning,
    begin=announce_begin,
    run=run_tuning,
    # aws/amazon-sagemaker-examples#2440
    taken="A hyperparameter tuning job with the name, {name}, already exists. Choose a different "
    "name.",
)


def install(jobs: RunningJobs) -> None:
    """Run the tuning jobs that are created; moto's are born Completed, with invented results."""
    stop = stopper(jobs, _TUNING)

    def stop_tuning_job(self: Any) -> EmptyResult:
        find_tuning_job(self)  # which this operation misses by another error than those of jobs
        return stop(self)

    wrap(HyperParameterTuningJob, "__init__", make_record)
    replace(HyperParameterTuningJob, "response_object", property(describe))
    wrap(SageMakerResponse, "create_hyper_parameter_tuning_job", creator(jobs, _TUNING))
    replace(SageMakerResponse, "describe_hyper_parameter_tuning_job", describe_tuning_job)
    replace(SageMakerResponse, "list_hyper_parameter_tuning_jobs", list_tuning_jobs)
    add(SageMakerResponse, "stop_hyper_parameter_tuning_job", stop_tuning_job)
    add(
        SageMakerResponse,
        "list_training_jobs_for_hyper_parameter_tuning_job",
        list_training_jobs,
    )
