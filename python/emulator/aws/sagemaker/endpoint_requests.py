"""The requests that create, update and delete endpoints: checks, and calls of `Endpoints`."""

from __future__ import annotations

import functools
import json
from collections.abc import Iterable, Mapping
from dataclasses import replace as changed
from typing import Any

from moto.core.responses import ActionResult, EmptyResult
from moto.sagemaker.exceptions import ValidationError
from moto.sagemaker.models import FakeEndpoint
from moto.sagemaker.responses import SageMakerResponse

from emulator.aws.account import ACCOUNT, REGION
from emulator.aws.cloudwatch.alarms import missing_alarms
from emulator.aws.patching import add, method, replace, wrap
from emulator.aws.permissions.checks import AccessDeniedError, Permissions
from emulator.aws.sagemaker.capture_plan import capture_plan
from emulator.aws.sagemaker.deployment_policy import DeploymentPolicy, parse_policy
from emulator.aws.sagemaker.endpoint_kinds import ASYNCHRONOUS, check_same_kind, kind_of
from emulator.aws.sagemaker.endpoints import Endpoints
from emulator.aws.sagemaker.fleet import VariantPlan
from emulator.aws.sagemaker.traffic import Traffic
from emulator.runtime.requests.members import check_members

_PROPERTIES = {"DesiredInstanceCount": "instance_count", "DesiredWeight": "weight"}


def install(endpoints: Endpoints, permissions: Permissions) -> None:
    """Serve endpoints; moto's are InService at once and return a fixed text."""
    wrap(
        SageMakerResponse,
        "create_endpoint",
        functools.partial(_create_endpoint, endpoints, permissions),
    )
    add(SageMakerResponse, "update_endpoint", method(_update_endpoint, endpoints, permissions))
    replace(
        SageMakerResponse,
        "update_endpoint_weights_and_capacities",
        method(_update_weights_and_capacities, endpoints),
    )
    replace(SageMakerResponse, "delete_endpoint", method(_delete_endpoint, endpoints))


def _create_endpoint(
    endpoints: Endpoints, permissions: Permissions, original: Any, self: Any
) -> Any:
    backend, name = self.sagemaker_backend, self._get_param("EndpointName")
    if name in backend.endpoints:
        arn = backend.endpoints[name].arn
        raise ValidationError(message=f'Cannot create already existing endpoint "{arn}".')
    check_members("CreateEndpoint", json.loads(self.body))
    config, deployment = self._get_param("EndpointConfigName"), _deployment_config(self)
    plans = _plans(backend, config)
    _check_deployment(permissions, deployment, plans)
    response = original(self)
    endpoint = backend.endpoints[name]
    # For updates with RetainDeploymentConfig; a new endpoint has no traffic to shift.
    endpoint.last_deployment_config = deployment
    kind = kind_of(backend.endpoint_configs[config])
    endpoints.create(endpoint, kind, config, plans)
    return response


def _update_endpoint(endpoints: Endpoints, permissions: Permissions, self: Any) -> ActionResult:
    backend, config = self.sagemaker_backend, self._get_param("EndpointConfigName")
    endpoint = _find(self)
    check_members("UpdateEndpoint", json.loads(self.body))
    plans = _plans(backend, config)
    if endpoint.endpoint_status == "Failed":
        raise ValidationError(
            message=f'Cannot update endpoint "{endpoint.arn}" in status Failed; delete it and '
            "create it again."
        )
    _refuse_in_progress(endpoint)
    traffic = _traffic(endpoints, endpoint)
    check_same_kind(traffic.kind, kind_of(backend.endpoint_configs[config]))
    serving = traffic.fleet.plans
    plans = _with_retained_properties(self, serving, plans)
    deployment = _deployment_of_update(self, endpoint)
    if deployment:
        _check_same_variants(serving, plans)
    policy = _check_deployment(permissions, deployment, plans)
    endpoint.last_deployment_config = deployment or endpoint.last_deployment_config
    endpoints.update(endpoint, config, plans, policy)
    return ActionResult({"EndpointArn": endpoint.arn})


def _update_weights_and_capacities(endpoints: Endpoints, self: Any) -> ActionResult:
    endpoint = _find(self)
    _refuse_in_progress(endpoint, "InService")
    traffic = _traffic(endpoints, endpoint)
    serving = traffic.fleet.plans
    changes: dict[str, dict[str, Any]] = {}
    for wanted in self._get_param("DesiredWeightsAndCapacities"):
        name = wanted["VariantName"]
        if name in changes:
            raise ValidationError(
                message=f'The variant name "{name}" was non-unique within the request.'
            )
        if name not in serving:
            raise ValidationError(
                message=f'The variant name(s) "{name}" is/are not present within endpoint '
                f'configuration "{endpoint.endpoint_config_name}".'
            )
        changes[name] = _adjustment(wanted, serving[name], traffic.kind)
    endpoints.adjust(endpoint, changes)
    return ActionResult({"EndpointArn": endpoint.arn})


def _delete_endpoint(endpoints: Endpoints, self: Any) -> EmptyResult:
    endpoint = _find(self)
    if endpoint.endpoint_status != "Creating":
        _refuse_in_progress(endpoint)
    records = self.sagemaker_backend.endpoints
    endpoints.delete(endpoint, lambda: records.pop(endpoint.endpoint_name, None))
    return EmptyResult()


def _find(response: Any) -> Any:
    backend, name = response.sagemaker_backend, response._get_param("EndpointName")
    if name not in backend.endpoints:
        arn = FakeEndpoint.arn_formatter(name, backend.account_id, backend.region_name)
        raise ValidationError(message=f'Could not find endpoint "{arn}".')
    return backend.endpoints[name]


def _refuse_in_progress(endpoint: Any, *settled: str) -> None:
    if endpoint.endpoint_status not in (settled or ("InService", "Failed")):
        raise ValidationError(message=f'Cannot update in-progress endpoint "{endpoint.arn}".')


def _deployment_config(response: Any) -> dict[str, Any] | None:
    return json.loads(response.body).get("DeploymentConfig")


def _plans(backend: Any, config: str) -> list[VariantPlan]:
    plans = []
    described = backend.describe_endpoint_config(config)
    capture = capture_plan(described.get("DataCaptureConfig"))
    for variant in described["ProductionVariants"]:
        model = backend.describe_model(variant["ModelName"])
        weight, serverless = variant.get("InitialVariantWeight"), variant.get("ServerlessConfig")
        plans.append(
            VariantPlan(
                name=variant["VariantName"],
                weight=1.0 if weight is None else weight,
                container=model.primary_container or model.containers[0],
                role_arn=model.execution_role_arn,
                instance_count=None if serverless else variant.get("InitialInstanceCount", 1),
                serverless=serverless,
                capture=capture,
            )
        )
    return plans


def _traffic(endpoints: Endpoints, endpoint: Any) -> Traffic:
    traffic = endpoints.serving(endpoint.endpoint_name)
    if traffic is None:  # it was deleted in the meantime
        raise ValidationError(message=f'Could not find endpoint "{endpoint.arn}".')
    return traffic


def _deployment_of_update(response: Any, endpoint: Any) -> dict[str, Any] | None:
    deployment = _deployment_config(response)
    if not response._get_param("RetainDeploymentConfig"):
        return deployment
    if deployment:
        raise ValidationError(message="Give either DeploymentConfig or RetainDeploymentConfig.")
    return endpoint.last_deployment_config


def _with_retained_properties(
    response: Any, serving: Mapping[str, VariantPlan], plans: list[VariantPlan]
) -> list[VariantPlan]:
    if not response._get_param("RetainAllVariantProperties"):
        return plans
    excluded = response._get_param("ExcludeRetainedVariantProperties") or []
    names = {one["VariantPropertyType"] for one in excluded}
    return [_retained(plan, serving.get(plan.name), names) for plan in plans]


def _retained(plan: VariantPlan, serving: VariantPlan | None, excluded: set[str]) -> VariantPlan:
    if serving is None:
        return plan
    kept = [field for name, field in _PROPERTIES.items() if name not in excluded]
    return changed(plan, **{field: getattr(serving, field) for field in kept})


def _adjustment(wanted: Mapping[str, Any], plan: VariantPlan, kind: str) -> dict[str, Any]:
    fields = {
        field: wanted[name] for name, field in _PROPERTIES.items() if wanted.get(name) is not None
    }
    concurrency = wanted.get("ServerlessUpdateConfig")
    if plan.serverless is None and concurrency:
        raise ValidationError(message=f"The variant {plan.name} is not serverless.")
    if plan.serverless is not None:
        if "instance_count" in fields:
            raise ValidationError(message=f"The variant {plan.name} is serverless: no instances.")
        fields["serverless"] = {**plan.serverless, **(concurrency or {})}
    if fields.get("instance_count") == 0 and kind != ASYNCHRONOUS:
        raise ValidationError(
            message=f"DesiredInstanceCount of the variant {plan.name} must be 1 or more: only "
            "asynchronous endpoints may have no instance."
        )
    return fields


def _check_same_variants(serving: Mapping[str, VariantPlan], plans: Iterable[VariantPlan]) -> None:
    # https://docs.aws.amazon.com/sagemaker/latest/dg/deployment-guardrails-exclusions.html
    wanted = sorted(plan.name for plan in plans)
    if sorted(serving) != wanted:
        raise ValidationError(
            message="With DeploymentConfig, the new endpoint configuration must have the variant "
            f"names of the old one: {sorted(serving)}, got {wanted}."
        )


def _check_deployment(
    permissions: Permissions, deployment: dict[str, Any] | None, plans: list[VariantPlan]
) -> DeploymentPolicy:
    policy = parse_policy(deployment, {plan.name: plan.instance_count for plan in plans})
    missing = missing_alarms(policy.alarms)
    if missing:
        raise ValidationError(
            message=f"AutoRollbackConfiguration names CloudWatch alarms that do not exist: "
            f"{missing}."
        )
    # SageMaker reads alarms with the model's execution role.
    # https://docs.aws.amazon.com/sagemaker/latest/dg/deployment-guardrails-configuration.html
    for role_arn in sorted({plan.role_arn for plan in plans}):
        for alarm in policy.alarms:
            arn = f"arn:aws:cloudwatch:{REGION}:{ACCOUNT}:alarm:{alarm}"
            try:
                permissions.check_role(role_arn, "cloudwatch:DescribeAlarms", arn)
            except AccessDeniedError as error:
                raise ValidationError(
                    message=f"Cannot read the CloudWatch alarm {alarm}: {error}"
                ) from error
    return policy
