"""Runs processing, training and transform jobs, as many in parallel as there are cores."""

from __future__ import annotations

import logging
import os
import shutil
import threading
import time
import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from emulator.runtime.aws_access import AwsAccess, Metric
from emulator.runtime.environments import EnvironmentBuildError, UnmappedImageError
from emulator.runtime.errors import MAX_REASON_LENGTH, JobFault
from emulator.runtime.host import Host
from emulator.runtime.jobs.job import Job, JobOutcome
from emulator.runtime.jobs.processing import run_processing_job
from emulator.runtime.jobs.spot import SpotRun
from emulator.runtime.jobs.training import run_training_job
from emulator.runtime.jobs.transform import Settings, run_transform_job
from emulator.runtime.logs.job_log import JobLog
from emulator.runtime.model_servers.server import ModelServer, ModelServerError
from emulator.runtime.requests.parts import listed, part
from emulator.runtime.state_dir import keep_failed, new_directory

__all__ = ["JobOutcome", "JobRunner", "Metric"]

LOG = logging.getLogger(__name__)


@dataclass(frozen=True)
class _Setup:
    """The common settings of all kinds of jobs.

    Attributes
    ----------
    kind : str
        ``ProcessingJobs``, ``TrainingJobs`` or ``TransformJobs``.
    stream : str or None
        Its log stream; by default, one named after the job.
    """

    kind: str
    name: str
    image: str
    role_arn: str
    metric_definitions: Sequence[Mapping[str, Any]] = ()
    stream: str | None = None
    on_metric: Callable[[Metric], None] | None = None
    spot: SpotRun | None = None

    def open_log(self, aws: AwsAccess, directory: Path) -> JobLog:
        group = f"/aws/sagemaker/{self.kind}"
        return JobLog(
            aws,
            group,
            self.stream or f"{self.name}/algo-1-{int(time.time())}",
            directory / "log.txt",
            self.metric_definitions,
            (group, {"TrainingJobName": self.name}) if self.metric_definitions else None,
            self.on_metric,
        )


class JobRunner:
    """Runs jobs as processes under the container contract.

    Requests must have passed `requests.checks`.

    Parameters
    ----------
    host : Host
        Jobs run in folders below its `state_dir`; the last three failed ones are kept in its
        ``failed-jobs``.
    max_parallel : int, optional
        Maximum number of running jobs; by default the number of cores. Further jobs wait.
    grace_seconds : float
        Time between SIGTERM and SIGKILL when a job is stopped; SageMaker's by default.
    """

    def __init__(self, host: Host, max_parallel: int | None = None, grace_seconds: float = 120):
        self._host = host
        self._slots = threading.Semaphore(max_parallel or os.cpu_count() or 1)
        self._grace_seconds = grace_seconds

    def run_processing(
        self, request: dict[str, Any], job_arn: str, stop: threading.Event
    ) -> JobOutcome:
        """Run a processing job until it ends; failures are part of the outcome."""
        setup = _Setup(
            "ProcessingJobs",
            request["ProcessingJobName"],
            request["AppSpecification"]["ImageUri"],
            request["RoleArn"],
        )
        return self._run(setup, stop, lambda job: run_processing_job(job, request, job_arn))

    def run_training(
        self,
        request: dict[str, Any],
        job_arn: str,
        stop: threading.Event,
        on_phase: Callable[[str, str], None],
        on_metric: Callable[[Metric], None] | None = None,
        spot: SpotRun | None = None,
    ) -> JobOutcome:
        """Run a training job until it ends; failures are part of the outcome.

        Parameters
        ----------
        on_phase : callable
            Called with each secondary status and its message while the job runs.
        on_metric : callable, optional
            Called with each value of a metric that the job logs, in a thread of its own.
        spot : SpotRun, optional
            What ends the run of a spot job; one that was interrupted is ``Stopped``, with the
            secondary status ``Interrupted``.
        """
        algorithm = request["AlgorithmSpecification"]
        setup = _Setup(
            "TrainingJobs",
            request["TrainingJobName"],
            algorithm["TrainingImage"],
            request["RoleArn"],
            listed(algorithm, "MetricDefinitions"),
            on_metric=on_metric,
            spot=spot,
        )
        outcome = self._run(
            setup, stop, lambda job: run_training_job(job, request, job_arn, on_phase)
        )
        return replace(outcome, secondary_status=outcome.secondary_status or outcome.status)

    def run_transform(
        self,
        request: dict[str, Any],
        container: dict[str, Any],
        role_arn: str,
        stop: threading.Event,
    ) -> JobOutcome:
        """Run a batch transform job until it ends; failures are part of the outcome.

        Parameters
        ----------
        container : dict
            A checked container definition of the job's model.
        role_arn : str
            The model's execution role.
        """
        name, group = request["TransformJobName"], "TransformJobs"
        instance = f"{name}/i-{uuid.uuid4().hex[:17]}"
        environment = {
            **part(container, "Environment"),
            **Settings.of(request).environment,
            **part(request, "Environment"),
        }

        def run(job: Job) -> JobOutcome:
            try:
                server = ModelServer.start(
                    self._host,
                    name,
                    {**container, "Environment": environment},
                    role_arn,
                    log_group=f"/aws/sagemaker/{group}",
                    log_stream=instance,
                )
            except ModelServerError as error:
                raise JobFault(
                    f"AlgorithmError: the model server did not start: {error}"
                ) from error
            server.no_restarts()  # the job fails instead
            try:
                return run_transform_job(request, server, job.s3, job.directory, job.log, stop)
            finally:
                server.stop()

        stream = f"{instance}/data-log"
        setup = _Setup(group, name, container["Image"], role_arn, stream=stream)
        return self._run(setup, stop, run)

    def _run(
        self, setup: _Setup, stop: threading.Event, run: Callable[[Job], JobOutcome]
    ) -> JobOutcome:
        while not self._slots.acquire(timeout=0.1):
            if stop.is_set():
                return JobOutcome("Stopped")
            if setup.spot and setup.spot.has_waited_out:
                return JobOutcome("Stopped", secondary_status="MaxWaitTimeExceeded")
        try:
            python = self._host.environments.python_for_image(setup.image)
            directory = new_directory(self._host.state_dir, setup.kind, setup.name)
            log = setup.open_log(self._host.aws, directory)
            outcome = JobOutcome("Failed")
            interruption = setup.spot.interruption if setup.spot else None
            grace = interruption.grace_seconds if interruption else self._grace_seconds
            try:
                job = Job(self._host, directory, python, setup.role_arn, log, stop, grace)
                job.spot = setup.spot
                outcome = _limited(_run_in(job, run))
                return outcome
            finally:
                log.close()
                self._dispose(directory, setup.name, outcome)
        except (UnmappedImageError, EnvironmentBuildError) as error:
            return _limited(JobOutcome("Failed", f"ClientError: {error}"))
        except Exception as error:
            LOG.exception("job %s", setup.name)
            reason = f"InternalServerError: {type(error).__name__}: {error}"
            return _limited(JobOutcome("Failed", reason))
        finally:
            self._slots.release()

    def _dispose(self, directory: Path, name: str, outcome: JobOutcome) -> None:
        if outcome.status == "Failed":
            keep_failed(self._host.state_dir, directory, name)
        else:
            shutil.rmtree(directory, ignore_errors=True)


def _run_in(job: Job, run: Callable[[Job], JobOutcome]) -> JobOutcome:
    try:
        return run(job)
    except JobFault as fault:
        return JobOutcome("Failed", str(fault), metrics=job.log.metrics)


def _limited(outcome: JobOutcome) -> JobOutcome:
    if outcome.failure_reason is None:
        return outcome
    return replace(outcome, failure_reason=outcome.failure_reason[:MAX_REASON_LENGTH])
