"""A running job: its folder, its log and its commands."""

from __future__ import annotations

import os
import selectors
import signal
import threading
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from emulator.runtime.aws_access import Metric
from emulator.runtime.host import Host
from emulator.runtime.jobs.spot import SpotRun
from emulator.runtime.logs.job_log import JobLog
from emulator.runtime.processes.overlay import make_overlay
from emulator.runtime.processes.supervised import Command, SupervisedProcess, base_environment

NICE = 10  # keeps the API responsive while jobs use every core
_POLL_SECONDS = 0.1


@dataclass(frozen=True)
class JobOutcome:
    """The outcome of a job, in the terms of its Describe response.

    Attributes
    ----------
    status : str
        ``Completed``, ``Failed`` or ``Stopped``.
    failure_reason : str or None
        At most 1024 characters, with the platform's prefix.
    exit_message : str or None
        Contents of a processing job's ``/opt/ml/output/message``.
    secondary_status : str or None
        A training job's last one, such as ``MaxRuntimeExceeded``.
    metrics : tuple of Metric
        Last value of each of a training job's metrics.
    """

    status: str
    failure_reason: str | None = None
    exit_message: str | None = None
    secondary_status: str | None = None
    metrics: tuple[Metric, ...] = ()


@dataclass(frozen=True)
class Ended:
    """The outcome of a job's command.

    Attributes
    ----------
    early : str or None
        The secondary status of what ended it early: ``Stopped``, ``MaxRuntimeExceeded``,
        ``MaxWaitTimeExceeded`` or ``Interrupted``.
    """

    exit_code: int
    early: str | None = None


class Job:
    """A job's folder, log and permissions.

    Parameters
    ----------
    directory : Path
        New and empty; its subfolder ``ml`` is the job's /opt/ml.
    python : Path
        Interpreter of the environment for the job's image.
    role_arn : str
        Execution role.
    stop : threading.Event
        Set when the job is stopped.
    grace_seconds : float
        Time between SIGTERM and SIGKILL.

    Attributes
    ----------
    spot : SpotRun or None
        What ends the run of a spot job.
    """

    def __init__(
        self,
        host: Host,
        directory: Path,
        python: Path,
        role_arn: str,
        log: JobLog,
        stop: threading.Event,
        grace_seconds: float,
    ):
        self.directory = directory
        self.root = directory / "ml"
        self.root.mkdir()
        self._home = directory / "home"
        self._home.mkdir()
        self.log = log
        self.stop = stop
        self.spot: SpotRun | None = None
        self.s3: Any = host.aws.client("s3", role_arn)
        self._shared_programs = python.parent
        self._isolation = host.isolation
        self._role_environment = host.aws.environment(role_arn)
        self._grace_seconds = grace_seconds
        self._started_at: float | None = None
        self._early: str | None = None
        self.python = make_overlay(python, directory / "python")

    def local(self, path: str) -> Path:
        """Return the path on this machine of a path below /opt/ml."""
        return self.root / os.path.relpath(path, "/opt/ml")

    def run(
        self,
        arguments: list[str],
        environment: dict[str, str],
        cwd: str,
        max_runtime_seconds: float | None,
    ) -> Ended:
        """Run a command until it ends; its output goes to the job's log.

        The maximum runtime starts with the job's first command.
        """
        self._early = self._early or self._early_end(max_runtime_seconds)
        if self._early:
            return Ended(128 + signal.SIGTERM, self._early)
        variables = {
            **base_environment(
                self.python.parent,
                self._shared_programs,
                home=str(self._home),
                installs_packages=arguments[1:4] == ["-m", "pip", "install"],
            ),
            **self._role_environment,
            **environment,
        }
        command = self._isolation.apply(Command(arguments, variables, cwd), self.root)
        process = SupervisedProcess(command, grace_seconds=self._grace_seconds, nice=NICE)
        try:
            self._started_at = self._started_at or time.monotonic()
            return self._follow(process, max_runtime_seconds)
        finally:
            process.kill()
            process.stdout.close()

    def _follow(self, process: SupervisedProcess, max_runtime_seconds: float | None) -> Ended:
        with selectors.DefaultSelector() as selector:
            selector.register(process.stdout, selectors.EVENT_READ)
            while True:
                if selector.select(_POLL_SECONDS):
                    data = os.read(process.stdout.fileno(), 1 << 16)
                    if not data:
                        return Ended(process.wait(), self._early)
                    self.log.feed(data)
                self.log.flush()
                process.poll()  # ends the command if its supervisor was killed
                if self._early is None:
                    self._early = self._early_end(max_runtime_seconds)
                    if self._early:
                        process.terminate()

    def _early_end(self, max_runtime_seconds: float | None) -> str | None:
        """Return the secondary status with which the job must end now, if any."""
        if self.stop.is_set():
            return "Stopped"
        if self._started_at is None:
            return None
        running = time.monotonic() - self._started_at
        before = self.spot.trained_seconds if self.spot else 0
        if running + before > (max_runtime_seconds or float("inf")):
            return "MaxRuntimeExceeded"
        return self.spot.early_end(running) if self.spot else None
