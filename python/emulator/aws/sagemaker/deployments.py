"""Updates of an endpoint: traffic shifts to new servers step by step, or is rolled back."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from moto.core.utils import utcnow

from emulator.aws.cloudwatch.alarms import alarms_in_alarm, missing_alarms, tick_seconds
from emulator.aws.sagemaker.deployment_policy import DeploymentPolicy, Stage
from emulator.aws.sagemaker.fleet import Fleet, VariantPlan
from emulator.aws.sagemaker.traffic import Traffic


class RollbackError(Exception):
    """The update is rolled back; the message is the failure reason."""


@dataclass(frozen=True)
class Clock:
    """The duration of waits, and the event that ends them.

    Attributes
    ----------
    time_scale : float
        Factor for the duration of waits; timeouts do not change.
    closed : Event
        Set when the emulator stops.
    """

    time_scale: float
    closed: threading.Event


class Deployment:
    """One update, and its summary in DescribeEndpoint while it runs.

    Parameters
    ----------
    changed : callable
        Called with the ``PendingDeploymentSummary`` at each step.
    """

    def __init__(
        self,
        config: str,
        plans: Iterable[VariantPlan],
        policy: DeploymentPolicy,
        clock: Clock,
        changed: Callable[[dict[str, Any]], None],
    ) -> None:
        self.config = config
        self.plans = list(plans)
        self._policy = policy
        self._clock = clock
        self._changed = changed
        self._started = utcnow()
        limit = policy.maximum_seconds
        self._deadline = None if limit is None else time.monotonic() + limit

    def run(self, traffic: Traffic, start: Callable[[], Fleet]) -> Fleet:
        """Start new servers and shift all traffic to them; return the old ones.

        Parameters
        ----------
        start : callable
            Starts the new servers and returns when they are healthy.

        Raises
        ------
        RollbackError
            If an alarm is raised or the time limit is exceeded; then the old servers receive all
            traffic, and the new ones are stopped.
        Exception
            Any exception of `start`.
        """
        fleet = start()
        try:
            # An alarm that is already raised stops the update at its first step.
            self._check()
            for stage in self._policy.stages(self._capacities()):
                self._activate(traffic, fleet, stage)
            return traffic.complete(fleet)
        except BaseException:
            traffic.restore(fleet)
            # Not waited for: the old servers receive all traffic from now on.
            threading.Thread(target=fleet.retire, name=f"retire {self.config}", daemon=True).start()
            raise

    def summary(
        self, status: str, message: Callable[[VariantPlan], str], active: Mapping[str, int]
    ) -> dict[str, Any]:
        """Return a ``PendingDeploymentSummary``.

        Parameters
        ----------
        active : mapping
            Instances of each variant that receive traffic.
        """
        now = utcnow()
        variants = []
        for plan in self.plans:
            described = plan.describe()
            if "CurrentInstanceCount" in described:
                described["CurrentInstanceCount"] = active.get(plan.name, 0)
            step = {"Status": status, "StatusMessage": message(plan), "StartTime": now}
            variants.append({**described, "VariantStatus": [step]})
        return {
            "EndpointConfigName": self.config,
            "ProductionVariants": variants,
            "StartTime": self._started,
        }

    def creating(self) -> dict[str, Any]:
        """Return the summary of an update that is starting its servers."""
        return self.summary("Creating", lambda plan: f"Launching {_instances(plan)}.", {})

    def _activate(self, traffic: Traffic, fleet: Fleet, stage: Stage) -> None:
        # SageMaker's wording:
        # https://docs.aws.amazon.com/sagemaker/latest/dg/automating-sagemaker-with-eventbridge.html
        part = "full" if stage.is_full else "canary"

        def capacity(plan: VariantPlan) -> str:
            count = stage.capacities.get(plan.name)
            return f"{part} capacity" + (f" of {count} instance(s)" if count is not None else "")

        self._report(
            "ActivatingTraffic",
            lambda plan: f"Activating traffic on {capacity(plan)}.",
            stage.capacities,
        )
        traffic.shift(fleet, stage.share)
        if not stage.wait_seconds:
            return
        self._report(
            "Baking",
            lambda plan: (
                f"Baking for {stage.wait_seconds} seconds ({stage.wait_name}) with traffic "
                f"enabled on {capacity(plan)}."
            ),
            stage.capacities,
        )
        self._bake(stage.wait_seconds * self._clock.time_scale)

    def _report(
        self, status: str, message: Callable[[VariantPlan], str], active: Mapping[str, int]
    ) -> None:
        self._changed(self.summary(status, message, active))

    def _bake(self, seconds: float) -> None:
        tick = tick_seconds(self._clock.time_scale) / 2
        end = time.monotonic() + seconds
        while (left := end - time.monotonic()) > 0:
            self._clock.closed.wait(min(tick, left))
            self._check()

    def _check(self) -> None:
        if self._clock.closed.is_set():
            raise RollbackError("the emulator is stopping")
        gone = missing_alarms(self._policy.alarms)
        if gone:
            raise RollbackError(
                f"The deployment of {self.config} was rolled back: its CloudWatch alarms {gone} "
                "no longer exist."
            )
        tripped = alarms_in_alarm(self._policy.alarms)
        if tripped:
            raise RollbackError(
                f"The deployment of {self.config} was rolled back: the CloudWatch alarms {tripped} "
                "are in ALARM."
            )
        if self._deadline is not None and time.monotonic() > self._deadline:
            raise RollbackError(
                f"The deployment of {self.config} was rolled back: it took longer than "
                f"MaximumExecutionTimeoutInSeconds ({self._policy.maximum_seconds})."
            )

    def _capacities(self) -> dict[str, int]:
        # Serverless variants have no instances; all their traffic moves at once.
        return {
            plan.name: plan.instance_count for plan in self.plans if plan.instance_count is not None
        }


def _instances(plan: VariantPlan) -> str:
    count = plan.instance_count
    return "serverless capacity" if count is None else f"{count} instance(s)"
