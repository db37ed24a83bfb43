"""Runs processing, training and transform jobs, as many at once as there are cores."""

from __future__ import annotations

import logging
import os
import shutil
import threading
import time
import uuid
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

from emulator.runtime.aws_access import AwsAccess, Metric
from emulator.runtime.environments import (
    EnvironmentBuildError,
    Environments,
    UnmappedImageError,
)
from emulator.runtime.errors import MAX_REASON_LENGTH, JobFault
from emulator.runtime.jobs.job import Job, JobOutcome
from emulator.runtime.jobs.processing import run_processing_job
from emulator.runtime.jobs.training import run_training_job
from emulator.runtime.jobs.transform import Settings, run_transform_job
from emulator.runtime.logs.job_log import JobLog
from emulator.runtime.model_servers.server import ModelServer, ModelServerError
from emulator.runtime.processes.isolation import Isolation
from emulator.runtime.state_dir import keep_failed, new_directory

__all__ = ["JobOutcome", "JobRunner", "Metric"]

LOG = logging.getLogger(__name__)


class JobRunner:
    """Runs jobs as processes under the container contract.

    Requests are expected to have passed `request_checks`.

    Parameters
    ----------
    state_dir : Path
        Jobs run in folders below it; the last three failed ones stay in its ``failed-jobs``.
    max_parallel : int, optional
        Jobs at once; the number of cores by default. Further ones wait.
    grace_seconds : float
        Time between SIGTERM and SIGKILL of a stopped job; SageMaker's by default.
    """

    def __init__(
        self,
        state_dir: Path,
        aws: AwsAccess,
        environments: Environments,
        isolation: Isolation,
        max_parallel: int | None = None,
        grace_seconds: float = 120,
    ):
        self._state_dir = state_dir
        self._aws = aws
        self._environments = environments
        self._isolation = isolation
        self._slots = threading.Semaphore(max_parallel or os.cpu_count() or 1)
        self._grace_seconds = grace_seconds

    def run_processing(self, request: dict, job_arn: str, stop: threading.Event) -> JobOutcome:
        """Run a processing job to its end; its faults are in the outcome."""
        return self._run(
            "ProcessingJobs",
            request["ProcessingJobName"],
            request["AppSpecification"]["ImageUri"],
            request["RoleArn"],
            stop,
            lambda job: run_processing_job(job, request, job_arn),
        )

    def run_training(
        self,
        request: dict,
        job_arn: str,
        stop: threading.Event,
        on_phase: Callable[[str, str], None],
    ) -> JobOutcome:
        """Run a training job to its end; its faults are in the outcome.

        Parameters
        ----------
        on_phase : callable
            Told each secondary status and its message, while the job runs.
        """
        algorithm = request["AlgorithmSpecification"]
        outcome = self._run(
            "TrainingJobs",
            request["TrainingJobName"],
            algorithm["TrainingImage"],
            request["RoleArn"],
            stop,
            lambda job: run_training_job(job, request, job_arn, on_phase),
            algorithm.get("MetricDefinitions") or [],
        )
        return replace(outcome, secondary_status=outcome.secondary_status or outcome.status)

    def run_transform(
        self, request: dict, container: dict, role_arn: str, stop: threading.Event
    ) -> JobOutcome:
        """Run a batch transform job to its end; its faults are in the outcome.

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
            **(container.get("Environment") or {}),
            **Settings.of(request).environment,
            **(request.get("Environment") or {}),
        }

        def run(job: Job) -> JobOutcome:
            try:
                server = ModelServer.start(
                    name,
                    {**container, "Environment": environment},
                    role_arn,
                    state_dir=self._state_dir,
                    aws=self._aws,
                    environments=self._environments,
                    isolation=self._isolation,
                    log_group=f"/aws/sagemaker/{group}",
                    log_stream=instance,
                )
            except ModelServerError as error:
                raise JobFault(
                    f"AlgorithmError: the model server did not start: {error}"
                ) from error
            try:
                return run_transform_job(request, server, job.s3, job.directory, job.log, stop)
            finally:
                server.stop()

        image, stream = container["Image"], f"{instance}/data-log"
        return self._run(group, name, image, role_arn, stop, run, stream=stream)

    def _run(
        self,
        kind: str,
        name: str,
        image: str,
        role_arn: str,
        stop: threading.Event,
        run: Callable[[Job], JobOutcome],
        metric_definitions: Sequence[dict] = (),
        stream: str | None = None,
    ) -> JobOutcome:
        while not self._slots.acquire(timeout=0.1):
            if stop.is_set():
                return JobOutcome("Stopped")
        try:
            python = self._environments.python_for_image(image)
            directory = new_directory(self._state_dir, kind, name)
            stream = stream or f"{name}/algo-1-{int(time.time())}"
            group = f"/aws/sagemaker/{kind}"
            source = (group, {"TrainingJobName": name}) if metric_definitions else None
            file = directory / "log.txt"
            log = JobLog(self._aws, group, stream, file, metric_definitions, source)
            outcome = JobOutcome("Failed")
            try:
                outcome = _limited(self._run_in(directory, python, role_arn, log, stop, run))
                return outcome
            finally:
                log.close()
                self._dispose(directory, name, outcome)
        except (UnmappedImageError, EnvironmentBuildError) as error:
            return _limited(JobOutcome("Failed", f"ClientError: {error}"))
        except Exception as error:
            LOG.exception("job %s", name)
            reason = f"InternalServerError: {type(error).__name__}: {error}"
            return _limited(JobOutcome("Failed", reason))
        finally:
            self._slots.release()

    def _run_in(
        self,
        directory: Path,
        python: Path,
        role_arn: str,
        log: JobLog,
        stop: threading.Event,
        run: Callable[[Job], JobOutcome],
    ) -> JobOutcome:
        try:
            job = Job(
                directory,
                python,
                role_arn,
                self._aws,
                self._isolation,
                log,
                stop,
                self._grace_seconds,
            )
            return run(job)
        except JobFault as fault:
            return JobOutcome("Failed", str(fault), metrics=log.metrics)

    def _dispose(self, directory: Path, name: str, outcome: JobOutcome) -> None:
        if outcome.status == "Failed":
            keep_failed(self._state_dir, directory, name)
        else:
            shutil.rmtree(directory, ignore_errors=True)


def _limited(outcome: JobOutcome) -> JobOutcome:
    if outcome.failure_reason is None:
        return outcome
    return replace(outcome, failure_reason=outcome.failure_reason[:MAX_REASON_LENGTH])
