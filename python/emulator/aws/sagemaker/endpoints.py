"""Endpoints: their life cycle, with real model servers behind the records."""

import logging
import threading
from collections.abc import Callable
from typing import Any

from moto.core.responses import ActionResult, EmptyResult
from moto.core.utils import utcnow
from moto.sagemaker.exceptions import ValidationError
from moto.sagemaker.models import FakeEndpoint
from moto.sagemaker.responses import SageMakerResponse

from emulator.aws.patching import add, replace, wrap
from emulator.aws.sagemaker.fleet import Fleet, VariantPlan
from emulator.aws.sagemaker.state_changes import announce_endpoint
from emulator.aws.work import StartModelServer
from emulator.faults import Faults
from emulator.runtime.errors import UnsupportedError

LOG = logging.getLogger("emulator")


class Endpoints:
    """The fleets that serve, by endpoint name."""

    def __init__(self, start_model_server: StartModelServer, faults: Faults) -> None:
        self._start_model_server = start_model_server
        self._faults = faults
        self._serving: dict[str, Fleet] = {}
        self._lock = threading.RLock()
        self._closed = False

    def serving(self, name: str) -> Fleet | None:
        """Return the fleet that answers for an endpoint, if one does."""
        return self._serving.get(name)

    def deploy(self, operation: str, endpoint: Any, config: str, plan: list[VariantPlan]) -> None:
        """Bring up `config` behind the endpoint, in a thread.

        What served before answers until the new servers are healthy. If they do not get healthy
        the endpoint stays with what it had, or is Failed if it had nothing.
        """
        self._in_thread(lambda: self._deploy(operation, endpoint, config, plan), endpoint)

    def _deploy(self, operation: str, endpoint: Any, config: str, plan: list[VariantPlan]) -> None:
        name = endpoint.endpoint_name
        try:
            reason = self._faults.failure_reason(operation, name)
            if reason is not None:
                raise RuntimeError(reason)
            fleet = Fleet.start(name, plan, self._start_model_server)
        except Exception as error:
            self._settle(endpoint, "InService" if name in self._serving else "Failed", str(error))
            return
        with self._lock:
            abandoned = self._closed or endpoint.endpoint_status == "Deleting"
            previous = None if abandoned else self._serving.get(name)
            if not abandoned:
                self._serving[name] = fleet
                endpoint.endpoint_config_name = config
                endpoint.production_variants = endpoint.next_variants
                self._settle(endpoint, "InService", None)
        if abandoned:
            fleet.stop()
        if previous is not None:
            previous.retire()

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
        """Take the endpoint out of service, and `forget` it when its servers are down."""
        with self._lock:
            endpoint.endpoint_status = "Deleting"
            fleet = self._serving.pop(endpoint.endpoint_name, None)
        announce_endpoint(endpoint)

        def take_down() -> None:
            if fleet is not None:
                fleet.retire()
            forget()

        self._in_thread(take_down, endpoint)

    def close(self) -> None:
        """End every server: with the emulator go those who would wait for an answer."""
        with self._lock:
            self._closed = True
            fleets = list(self._serving.values())
            self._serving.clear()
        for fleet in fleets:
            fleet.kill()

    def _in_thread(self, work: Callable[[], None], endpoint: Any) -> None:
        threading.Thread(target=work, name=endpoint.arn, daemon=True).start()


def install(endpoints: Endpoints) -> None:
    """Serve what endpoints promise; moto's are InService at once and answer a fixed text."""

    def create_endpoint(original: Any, self: Any) -> Any:
        backend, name = self.sagemaker_backend, self._get_param("EndpointName")
        if name in backend.endpoints:
            arn = backend.endpoints[name].arn
            raise ValidationError(message=f'Cannot create already existing endpoint "{arn}".')
        config = self._get_param("EndpointConfigName")
        plan = _plan(backend, config)
        response = original(self)
        endpoint = backend.endpoints[name]
        endpoint.endpoint_status = "Creating"
        endpoint.next_variants = endpoint.production_variants
        endpoint.production_variants = None
        announce_endpoint(endpoint)
        endpoints.deploy("sagemaker:CreateEndpoint", endpoint, config, plan)
        return response

    def update_endpoint(self: Any) -> ActionResult:
        if self._get_param("DeploymentConfig"):
            raise UnsupportedError(
                "DeploymentConfig: the emulator replaces all servers at once when the new ones are "
                "healthy; leave it out here"
            )
        endpoint, config = _find(self), self._get_param("EndpointConfigName")
        plan = _plan(self.sagemaker_backend, config)
        if endpoint.endpoint_status == "Failed":
            raise ValidationError(
                message=f'Cannot update endpoint "{endpoint.arn}" in status Failed; delete it and '
                "create it again."
            )
        _refuse_in_progress(endpoint)
        variants = self.sagemaker_backend.endpoint_configs[config].production_variants
        endpoint.next_variants = endpoint._process_production_variants(variants)
        endpoint.failure_reason = None
        endpoint.pending_deployment_summary = {
            "EndpointConfigName": config,
            "ProductionVariants": [{"VariantName": variant.name} for variant in plan],
            "StartTime": utcnow(),
        }
        endpoint.last_modified_time = utcnow()
        endpoint.endpoint_status = "Updating"
        announce_endpoint(endpoint)
        endpoints.deploy("sagemaker:UpdateEndpoint", endpoint, config, plan)
        return ActionResult({"EndpointArn": endpoint.arn})

    def delete_endpoint(self: Any) -> EmptyResult:
        endpoint = _find(self)
        if endpoint.endpoint_status != "Creating":
            _refuse_in_progress(endpoint)
        records = self.sagemaker_backend.endpoints
        endpoints.delete(endpoint, lambda: records.pop(endpoint.endpoint_name, None))
        return EmptyResult()

    wrap(SageMakerResponse, "create_endpoint", create_endpoint)
    add(SageMakerResponse, "update_endpoint", update_endpoint)
    replace(SageMakerResponse, "delete_endpoint", delete_endpoint)


def _find(response: Any) -> Any:
    backend, name = response.sagemaker_backend, response._get_param("EndpointName")
    if name not in backend.endpoints:
        arn = FakeEndpoint.arn_formatter(name, backend.account_id, backend.region_name)
        raise ValidationError(message=f'Could not find endpoint "{arn}".')
    return backend.endpoints[name]


def _refuse_in_progress(endpoint: Any) -> None:
    if endpoint.endpoint_status not in ("InService", "Failed"):
        raise ValidationError(message=f'Cannot update in-progress endpoint "{endpoint.arn}".')


def _plan(backend: Any, config: str) -> list[VariantPlan]:
    variants = backend.describe_endpoint_config(config)["ProductionVariants"]
    plan = []
    for variant in variants:
        model = backend.describe_model(variant["ModelName"])
        weight = variant.get("InitialVariantWeight")
        plan.append(
            VariantPlan(
                name=variant["VariantName"],
                weight=1.0 if weight is None else weight,
                container=model.primary_container or model.containers[0],
                role_arn=model.execution_role_arn,
            )
        )
    return plan
