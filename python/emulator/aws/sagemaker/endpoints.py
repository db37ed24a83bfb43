"""The life cycle of endpoints, with model servers that run."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

from moto.core.utils import utcnow

from emulator.aws.faults import Faults
from emulator.aws.runners import StartModelServer
from emulator.aws.sagemaker.data_capture import Captures
from emulator.aws.sagemaker.deployment_policy import DeploymentPolicy
from emulator.aws.sagemaker.deployments import Clock, Deployment
from emulator.aws.sagemaker.fleet import Fleet, VariantPlan
from emulator.aws.sagemaker.state_changes import announce_deployment, announce_endpoint
from emulator.aws.sagemaker.traffic import Traffic
from emulator.runtime.processes.supervised import all_at_once


class Endpoints:
    """The traffic of each endpoint in service, by name.

    Parameters
    ----------
    time_scale : float
        Factor for the waits of a deployment.
    captures : Captures, optional
        Writes the captured requests and responses; without it, nothing is captured.
    """

    def __init__(
        self,
        start_model_server: StartModelServer,
        faults: Faults,
        time_scale: float = 1.0,
        captures: Captures | None = None,
    ) -> None:
        self._start_model_server = start_model_server
        self._captures = captures
        self._faults = faults
        self._traffic: dict[str, Traffic] = {}
        self._lock = threading.RLock()
        self._clock = Clock(time_scale, threading.Event())

    def serving(self, name: str) -> Traffic | None:
        """Return the traffic of an endpoint, or None if it is not in service."""
        return self._traffic.get(name)

    def all_serving(self) -> dict[str, Traffic]:
        """Return the traffic of every endpoint in service."""
        with self._lock:
            return dict(self._traffic)

    def create(self, endpoint: Any, kind: str, config: str, plans: list[VariantPlan]) -> None:
        """Start a new endpoint in a thread; it is Failed if its servers do not become healthy."""
        endpoint.failure_reason = None
        endpoint.pending_deployment_summary = None
        endpoint.production_variants = None
        endpoint.data_capture_config = _captured(plans)
        endpoint.endpoint_status = "Creating"
        announce_endpoint(endpoint)
        self._in_thread(lambda: self._create(endpoint, kind, config, plans), endpoint)

    def _create(self, endpoint: Any, kind: str, config: str, plans: list[VariantPlan]) -> None:
        try:
            fleet = self._start("sagemaker:CreateEndpoint", endpoint, config, plans)
        except Exception as error:
            self._settle(endpoint, "Failed", str(error))
            return
        with self._lock:
            abandoned = self._clock.closed.is_set() or endpoint.endpoint_status == "Deleting"
            if not abandoned:
                self._traffic[endpoint.endpoint_name] = Traffic(fleet, kind)
                endpoint.production_variants = _described(fleet)
        if abandoned:
            fleet.stop()
            return
        self._settle(endpoint, "InService", None)

    def update(
        self, endpoint: Any, config: str, plans: list[VariantPlan], policy: DeploymentPolicy
    ) -> None:
        """Update an endpoint in service to `config`, in a thread.

        The old servers serve until the new ones are healthy. If these do not become healthy, or an
        alarm is raised, the endpoint keeps the old ones, and its FailureReason has the cause.
        """

        def changed(summary: dict[str, Any]) -> None:
            endpoint.pending_deployment_summary = summary
            announce_deployment(endpoint)

        deployment = Deployment(config, plans, policy, self._clock, changed)
        self._begin(endpoint)
        changed(deployment.creating())
        self._in_thread(lambda: self._update(endpoint, deployment), endpoint)

    def _update(self, endpoint: Any, deployment: Deployment) -> None:
        config, plans = deployment.config, deployment.plans
        try:
            old = deployment.run(
                self._traffic[endpoint.endpoint_name],
                lambda: self._start("sagemaker:UpdateEndpoint", endpoint, config, plans),
            )
        except Exception as error:
            self._settle(endpoint, "InService", str(error))
            return
        with self._lock:
            endpoint.endpoint_config_name = config
            endpoint.production_variants = [plan.describe() for plan in plans]
            endpoint.data_capture_config = _captured(plans)
        self._settle(endpoint, "InService", None)
        old.retire()

    def adjust(self, endpoint: Any, changes: dict[str, dict[str, Any]]) -> None:
        """Change weights and capacities of variants, effective from the next request."""
        traffic = self._traffic[endpoint.endpoint_name]
        self._begin(endpoint)
        traffic.fleet.adjust(changes)
        endpoint.production_variants = _described(traffic.fleet)
        announce_deployment(endpoint)
        self._settle(endpoint, "InService", None)

    def _begin(self, endpoint: Any) -> None:
        with self._lock:
            endpoint.failure_reason = None
            endpoint.last_modified_time = utcnow()
            endpoint.endpoint_status = "Updating"
        announce_endpoint(endpoint)

    def _start(self, operation: str, endpoint: Any, config: str, plans: list[VariantPlan]) -> Fleet:
        reason = self._faults.failure_reason(operation, endpoint.endpoint_name)
        if reason is not None:
            raise RuntimeError(reason)
        return Fleet.start(
            endpoint.endpoint_name, config, plans, self._start_model_server, self._captures
        )

    def _settle(self, endpoint: Any, status: str, failure_reason: str | None) -> None:
        with self._lock:
            if endpoint.endpoint_status == "Deleting":
                return
            endpoint.failure_reason = failure_reason
            endpoint.pending_deployment_summary = None
            endpoint.last_modified_time = utcnow()
            endpoint.endpoint_status = status
        announce_endpoint(endpoint)

    def delete(self, endpoint: Any, forget: Callable[[], None]) -> None:
        """Take the endpoint out of service; call `forget` when its servers have stopped."""
        with self._lock:
            endpoint.endpoint_status = "Deleting"
            traffic = self._traffic.pop(endpoint.endpoint_name, None)
        announce_endpoint(endpoint)

        def take_down() -> None:
            if traffic is not None:
                for fleet in traffic.close():
                    fleet.retire()
                traffic.wait_for_retired()
            forget()

        self._in_thread(take_down, endpoint)

    def close(self) -> None:
        """Kill every server; nobody waits for a response when the emulator stops."""
        with self._lock:
            self._clock.closed.set()
            everything = list(self._traffic.values())
            self._traffic.clear()
        all_at_once(fleet.kill for traffic in everything for fleet in traffic.close())

    def _in_thread(self, work: Callable[[], None], endpoint: Any) -> None:
        threading.Thread(target=work, name=endpoint.arn, daemon=True).start()


def _described(fleet: Fleet) -> list[dict[str, Any]]:
    return [plan.describe() for plan in fleet.plans.values()]


def _captured(plans: list[VariantPlan]) -> dict[str, Any] | None:
    capture = plans[0].capture  # all variants have that of their configuration
    return capture and capture.describe()
