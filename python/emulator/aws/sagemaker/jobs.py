"""Processing and training jobs: moto's records, filled by jobs that run."""

import copy
import json
import logging
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from moto.core.responses import ActionResult, EmptyResult
from moto.core.utils import utcnow
from moto.sagemaker.exceptions import ResourceInUseException, ValidationError
from moto.sagemaker.responses import SageMakerResponse

from emulator.aws.patching import add, replace, wrap
from emulator.aws.sagemaker.records import check_role
from emulator.aws.sagemaker.state_changes import announce_processing, announce_training
from emulator.aws.work import JobRunner
from emulator.faults import Faults
from emulator.runtime.jobs import JobOutcome
from emulator.runtime.request_checks import check_processing_request, check_training_request
from emulator.runtime.training import model_artifacts_uri

LOG = logging.getLogger("emulator")

_CLOSING_SECONDS = 5.0


class RunningJobs:
    """The jobs that run, each in its thread."""

    def __init__(
        self, runner: JobRunner, faults: Faults, check_image: Callable[[str], object]
    ) -> None:
        self.runner = runner
        self.faults = faults
        self.check_image = check_image
        self._running: dict[str, tuple[threading.Thread, threading.Event]] = {}
        self._lock = threading.Lock()

    def start(self, arn: str, run: Callable[[threading.Event], None]) -> None:
        """Run a job in its own thread; `run` gets the event that asks it to stop."""
        stop = threading.Event()

        def run_and_leave() -> None:
            try:
                run(stop)
            finally:
                with self._lock:
                    self._running.pop(arn, None)

        thread = threading.Thread(target=run_and_leave, name=arn, daemon=True)
        with self._lock:
            self._running[arn] = (thread, stop)
        thread.start()

    def stop(self, arn: str) -> None:
        """Ask a job to stop."""
        with self._lock:
            running = self._running.get(arn)
        if running:
            running[1].set()

    def close(self) -> None:
        """Stop every job and give them a moment; what is left dies with this process."""
        with self._lock:
            running = list(self._running.values())
        for _, stop in running:
            stop.set()
        deadline = time.monotonic() + _CLOSING_SECONDS
        for thread, _ in running:
            thread.join(max(0.0, deadline - time.monotonic()))


def install(jobs: RunningJobs) -> None:
    """Run the jobs that are created; moto's are born Completed."""
    wrap(SageMakerResponse, "create_processing_job", _creator(jobs, _PROCESSING))
    wrap(SageMakerResponse, "create_training_job", _creator(jobs, _TRAINING))
    replace(SageMakerResponse, "stop_processing_job", _stopper(jobs, _PROCESSING))
    add(SageMakerResponse, "stop_training_job", _stopper(jobs, _TRAINING))


@dataclass(frozen=True)
class _Kind:
    name: str  # in words
    noun: str  # in the API: <noun>Name, <noun>Status
    records: str  # moto's dictionary of them
    status: str  # moto's attribute
    image: Callable[[dict[str, Any]], str]
    check: Callable[[dict[str, Any]], None]
    begin: Callable[[Any, dict[str, Any]], None]
    run: Callable[[RunningJobs, Any, dict[str, Any], threading.Event], None]


def _creator(jobs: RunningJobs, kind: _Kind) -> Callable[..., ActionResult]:
    def create(original: Any, self: Any) -> ActionResult:
        request = json.loads(self.body)
        name = request[f"{kind.noun}Name"]
        records = getattr(self.sagemaker_backend, kind.records)
        if name in records:
            raise ResourceInUseException(
                message="Job name must be unique within an AWS account and region, and a job with "
                f"this name already exists ({records[name].arn})"
            )
        kind.check(request)
        jobs.check_image(kind.image(request))
        check_role(request["RoleArn"])
        response = original(self)
        record = records[name]
        kind.begin(record, request)
        jobs.start(record.arn, lambda stop: kind.run(jobs, record, copy.deepcopy(request), stop))
        return response

    return create


def _stopper(jobs: RunningJobs, kind: _Kind) -> Callable[[Any], EmptyResult]:
    def stop(self: Any) -> EmptyResult:
        name = self._get_param(f"{kind.noun}Name")
        record = getattr(self.sagemaker_backend, kind.records).get(name)
        if record is None:
            raise ValidationError(message="Requested resource not found.")
        status = getattr(record, kind.status)
        if status not in ("InProgress", "Stopping"):
            raise ValidationError(
                message=f"The request was rejected because the {kind.name} is in status {status}."
            )
        setattr(record, kind.status, "Stopping")
        jobs.stop(record.arn)
        return EmptyResult()

    return stop


def _outcome(
    jobs: RunningJobs, operation: str, name: str, run: Callable[[], JobOutcome]
) -> JobOutcome:
    reason = jobs.faults.failure_reason(operation, name)
    if reason is not None:
        return JobOutcome(status="Failed", failure_reason=reason)
    try:
        return run()
    except Exception as error:
        LOG.exception("%s of %s failed inside the emulator", operation, name)
        reason = f"InternalServerError: the emulator failed: {type(error).__name__}: {error}"
        return JobOutcome(status="Failed", failure_reason=reason)


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
    outcome = _outcome(
        jobs,
        "sagemaker:CreateProcessingJob",
        record.processing_job_name,
        lambda: jobs.runner.run_processing(request, record.arn, stop),
    )
    record.exit_message = outcome.exit_message
    record.failure_reason = outcome.failure_reason
    record.processing_end_time = record.last_modified_time = utcnow()
    record.processing_job_status = outcome.status  # last: whoever sees it ended sees it whole
    announce_processing(record)


def _begin_training(record: Any, request: dict[str, Any]) -> None:
    record.training_job_status = "InProgress"
    record.environment = request.get("Environment")
    record.algorithm_specification = request["AlgorithmSpecification"]
    record.final_metric_data_list = None
    record.model_artifacts = None
    record.training_start_time = record.training_end_time = None
    record.secondary_status_transitions = []
    _enter_phase(record, "Starting", "Starting the training job")


def _run_training(
    jobs: RunningJobs, record: Any, request: dict[str, Any], stop: threading.Event
) -> None:
    def on_phase(status: str, message: str) -> None:
        record.training_start_time = record.training_start_time or utcnow()
        _enter_phase(record, status, message)

    outcome = _outcome(
        jobs,
        "sagemaker:CreateTrainingJob",
        record.training_job_name,
        lambda: jobs.runner.run_training(request, record.arn, stop, on_phase),
    )
    if outcome.status in ("Completed", "Stopped"):
        record.model_artifacts = {"S3ModelArtifacts": model_artifacts_uri(request)}
    record.final_metric_data_list = [
        {"MetricName": metric.name, "Value": metric.value, "Timestamp": metric.timestamp}
        for metric in outcome.metrics
    ] or None
    record.failure_reason = outcome.failure_reason
    record.training_end_time = utcnow()
    if record.training_start_time:
        seconds = (record.training_end_time - record.training_start_time).total_seconds()
        record.training_time_in_seconds = record.billable_time_in_seconds = max(1, round(seconds))
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
        record.training_job_status = status  # last: whoever sees it ended sees it whole
    announce_training(record)


_PROCESSING = _Kind(
    name="processing job",
    noun="ProcessingJob",
    records="processing_jobs",
    status="processing_job_status",
    image=lambda request: request["AppSpecification"]["ImageUri"],
    check=check_processing_request,
    begin=_begin_processing,
    run=_run_processing,
)
_TRAINING = _Kind(
    name="training job",
    noun="TrainingJob",
    records="training_jobs",
    status="training_job_status",
    image=lambda request: request["AlgorithmSpecification"]["TrainingImage"],
    check=check_training_request,
    begin=_begin_training,
    run=_run_training,
)
