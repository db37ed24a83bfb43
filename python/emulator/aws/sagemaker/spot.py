"""Managed spot training: AWS's checks, interruptions by fault rules, and the time that counts."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping
from typing import Any

from moto.sagemaker.exceptions import ValidationError

from emulator.aws.faults import Faults
from emulator.runtime.errors import UnsupportedError
from emulator.runtime.jobs.job import JobOutcome
from emulator.runtime.jobs.spot import SpotRun
from emulator.runtime.requests.parts import part


def check_spot(request: Mapping[str, Any], faults: Faults) -> None:
    """Refuse what AWS refuses, and a job that a rule interrupts although it is not on spot."""
    stopping = part(request, "StoppingCondition")
    longest, runtime = stopping.get("MaxWaitTimeInSeconds"), stopping.get("MaxRuntimeInSeconds")
    if request.get("EnableManagedSpotTraining"):
        if longest is None or longest < (runtime or 0):
            raise ValidationError(
                message="Invalid MaxWaitTimeInSeconds. It must be present and be greater than or "
                f"equal to MaxRuntimeInSeconds ({runtime}), got {longest}."
            )
        return
    if longest is not None:
        raise ValidationError(
            message="Invalid MaxWaitTimeInSeconds. It is for managed spot training: set "
            "EnableManagedSpotTraining, or leave it out."
        )
    name = request["TrainingJobName"]
    if faults.planned_interruption(name):
        raise UnsupportedError(
            f"{name}: a fault rule interrupts it, but EnableManagedSpotTraining is not true, and "
            "SageMaker interrupts spot jobs only; set it, or narrow the rule's match"
        )


class SpotTraining:
    """The runs of one training job; there is only one if it is not on spot instances.

    Parameters
    ----------
    enter : callable
        Called with the secondary statuses between two runs, and their messages.

    Attributes
    ----------
    trained_seconds : float
        How long the job ran on instances, without waits for them.
    """

    def __init__(
        self,
        request: Mapping[str, Any],
        faults: Faults,
        stop: threading.Event,
        enter: Callable[[str, str], None],
    ) -> None:
        self._name = request["TrainingJobName"]
        self._ends_at: float | None = None
        if request.get("EnableManagedSpotTraining"):
            longest = part(request, "StoppingCondition")["MaxWaitTimeInSeconds"]
            self._ends_at = time.monotonic() + longest
        self._faults = faults
        self._stop = stop
        self._enter = enter
        self._running_since: float | None = None
        self.trained_seconds = 0.0

    def has_instances(self) -> None:
        """Tell that the job has begun to run on instances."""
        self._running_since = self._running_since or time.monotonic()

    def run(self, attempt: Callable[[SpotRun | None], JobOutcome]) -> JobOutcome:
        """Run the job again after each interruption, and return how it ended at last."""
        while True:
            planned = self._faults.planned_interruption(self._name) if self._ends_at else None
            outcome = attempt(self._next_run(planned and planned.interruption))
            if self._running_since:
                self.trained_seconds += time.monotonic() - self._running_since
                self._running_since = None
            if outcome.secondary_status != "Interrupted" or planned is None:
                return outcome
            self._faults.interrupted(self._name)
            self._enter("Interrupted", "The spot instances of the training job were interrupted")
            ended = self._wait(planned.restart_after_seconds)
            if ended:
                self._enter("Stopping", "Stopping the training job")
                return JobOutcome("Stopped", secondary_status=ended, metrics=outcome.metrics)
            self._enter("Starting", "Starting the training job again on other spot instances")

    def _next_run(self, interruption: Any) -> SpotRun | None:
        if self._ends_at is None:
            return None
        return SpotRun(self._ends_at, self.trained_seconds, interruption)

    def _wait(self, seconds: float) -> str | None:
        """Wait for instances; return the secondary status with which the job must end, if any."""
        left = (self._ends_at or 0) - time.monotonic()
        if self._stop.wait(max(0, min(seconds, left))):
            return "Stopped"
        return "MaxWaitTimeExceeded" if seconds >= left else None
