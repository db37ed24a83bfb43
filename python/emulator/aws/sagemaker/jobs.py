"""Processing and training jobs: moto's records, updated by jobs that run."""

import functools
import threading
from typing import Any

from moto.core.utils import utcnow
from moto.sagemaker.responses import SageMakerResponse

from emulator.aws.patching import add, replace, wrap
from emulator.aws.sagemaker.records import check_role
from emulator.aws.sagemaker.running_jobs import (
    JobKind,
    RunningJobs,
    creator,
    outcome_of,
    stopper,
)
from emulator.aws.sagemaker.spot import SpotTraining, check_spot
from emulator.aws.sagemaker.state_changes import announce_processing, announce_training
from emulator.aws.sagemaker.transform_jobs import TRANSFORM
from emulator.aws.sagemaker.tuned_jobs import TUNED_JOBS
from emulator.aws.sagemaker.warm_pools import WARM_POOLS, check_warm_pool
from emulator.runtime.jobs.runner import JobOutcome
from emulator.runtime.jobs.training import model_artifacts_uri
from emulator.runtime.requests.checks import check_processing_request, check_training_request


def install(jobs: RunningJobs) -> None:
    """Run jobs when they are created; moto's are Completed at once."""
    wrap(SageMakerResponse, "create_processing_job", creator(jobs, _PROCESSING))
    wrap(SageMakerResponse, "create_training_job", creator(jobs, _TRAINING))
    replace(SageMakerResponse, "stop_processing_job", stopper(jobs, _PROCESSING))
    add(SageMakerResponse, "stop_training_job", stopper(jobs, _TRAINING))
    wrap(SageMakerResponse, "describe_training_job", _describe_training)
    wrap(SageMakerResponse, "create_transform_job", creator(jobs, TRANSFORM))
    add(SageMakerResponse, "stop_transform_job", stopper(jobs, TRANSFORM))


def _check_processing(jobs: RunningJobs, _: Any, request: dict[str, Any]) -> None:
    check_processing_request(request)
    jobs.check_image(request["AppSpecification"]["ImageUri"])
    check_role(request["RoleArn"])


def _begin_processing(record: Any, request: dict[str, Any]) -> None:
    record.processing_job_status = "InProgress"
    record.processing_end_time = None
    record.processing_start_time = None
    record.environment = request.get("Environment")
    record.processing_resources = request.get("ProcessingResources")
    announce_processing(record)


def _run_processing(
    jobs: RunningJobs, record: Any, request: dict[str, Any], stop: threading.Event
) -> None:
    record.processing_start_time = utcnow()
    outcome = outcome_of(
        jobs,
        "sagemaker:CreateProcessingJob",
        record.processing_job_name,
        lambda: jobs.runner.run_processing(request, record.arn, stop),
    )
    record.exit_message = outcome.exit_message
    record.failure_reason = outcome.failure_reason
    record.processing_end_time = record.last_modified_time = utcnow()
    record.processing_job_status = outcome.status  # last: completes the record
    announce_processing(record)


def check_training(jobs: RunningJobs, _: Any, request: dict[str, Any]) -> None:
    """Refuse a training job that cannot run here."""
    check_training_request(request)
    jobs.check_image(request["AlgorithmSpecification"]["TrainingImage"])
    check_role(request["RoleArn"])
    check_spot(request, jobs.faults)
    check_warm_pool(request)


def _begin_training(record: Any, request: dict[str, Any]) -> None:
    record.training_job_status = "InProgress"
    record.environment = request.get("Environment")
    # AWS's defaults for members that a request leaves out; SDKs expect them.
    defaults = {"KmsKeyId": "", "CompressionType": "GZIP"}
    record.output_data_config = {**defaults, **request["OutputDataConfig"]}
    defaults = {"CompressionType": "None", "RecordWrapperType": "None"}
    record.input_data_config = [
        {**defaults, **channel} for channel in request.get("InputDataConfig") or []
    ]
    record.algorithm_specification = {
        "EnableSageMakerMetricsTimeSeries": False,
        **request["AlgorithmSpecification"],
    }
    record.profiling_status = "Disabled"
    record.final_metric_data_list = None
    record.model_artifacts = None
    record.training_start_time = record.training_end_time = None
    record.secondary_status_transitions = []
    tuned = TUNED_JOBS.get(record.training_job_name)
    if tuned:
        record.tuning_job_arn = tuned.tuning_job_arn
    WARM_POOLS.enter(record, request)
    _enter_phase(record, "Starting", "Starting the training job")


def _describe_training(original: Any, self: Any) -> Any:
    WARM_POOLS.refresh()
    return original(self)


def _run_training(
    jobs: RunningJobs, record: Any, request: dict[str, Any], stop: threading.Event
) -> None:
    def on_phase(status: str, message: str) -> None:
        record.training_start_time = record.training_start_time or utcnow()
        spot.has_instances()
        _enter_phase(record, status, message)

    tuned = TUNED_JOBS.get(record.training_job_name)
    spot = SpotTraining(request, jobs.faults, stop, functools.partial(_enter_phase, record))

    def attempt() -> JobOutcome:
        on_metric = tuned.begin() if tuned else None
        run_training = functools.partial(
            jobs.runner.run_training, request, record.arn, stop, on_phase, on_metric
        )
        return outcome_of(
            jobs,
            "sagemaker:CreateTrainingJob",
            record.training_job_name,
            lambda: spot.run(run_training),
        )

    outcome = attempt()
    for _ in range((request.get("RetryStrategy") or {}).get("MaximumRetryAttempts", 0)):
        if not (outcome.failure_reason or "").startswith("InternalServerError"):
            break
        _enter_phase(record, "Restarting", "Restarting the training job after an internal error")
        outcome = attempt()
    has_waited_out = outcome.secondary_status == "MaxWaitTimeExceeded"
    if outcome.status in ("Completed", "Stopped") and not has_waited_out:
        record.model_artifacts = {"S3ModelArtifacts": model_artifacts_uri(request)}
    record.final_metric_data_list = [
        {"MetricName": metric.name, "Value": metric.value, "Timestamp": metric.timestamp}
        for metric in outcome.metrics
    ] or None
    record.failure_reason = outcome.failure_reason
    record.training_end_time = utcnow()
    if record.training_start_time:
        # On AWS, the billable time of a spot job is shorter by its discount, unknown here.
        seconds = max(1, round(spot.trained_seconds))
        record.training_time_in_seconds = record.billable_time_in_seconds = seconds
    WARM_POOLS.leave(record, request, outcome.failure_reason)
    secondary = outcome.secondary_status or outcome.status
    message = outcome.failure_reason or f"Training job {outcome.status.lower()}"
    _enter_phase(record, secondary, message, status=outcome.status)


def _enter_phase(record: Any, secondary: str, message: str, status: str | None = None) -> None:
    now = utcnow()
    transitions = [dict(transition) for transition in record.secondary_status_transitions]
    if transitions:
        transitions[-1]["EndTime"] = now
    entered = {"Status": secondary, "StartTime": now, "StatusMessage": message}
    if status:
        entered["EndTime"] = now
    record.secondary_status_transitions = [*transitions, entered]
    record.secondary_status = secondary
    record.last_modified_time = now
    if status:
        record.training_job_status = status  # last: completes the record
    announce_training(record)


_PROCESSING = JobKind(
    name="processing job",
    noun="ProcessingJob",
    records="processing_jobs",
    status="processing_job_status",
    check=_check_processing,
    begin=_begin_processing,
    run=_run_processing,
)
_TRAINING = JobKind(
    name="training job",
    noun="TrainingJob",
    records="training_jobs",
    status="training_job_status",
    check=check_training,
    begin=_begin_training,
    run=_run_training,
)
