"""Application Auto Scaling of endpoints: records of targets and policies; nothing scales.

moto accepts any name for an endpoint's variant, and does not support tags.
"""

import functools
import json
from collections.abc import Iterator, Mapping
from typing import Any

from moto.applicationautoscaling.models import (
    ApplicationAutoscalingBackend,
    applicationautoscaling_backends,
)
from moto.applicationautoscaling.responses import ApplicationAutoScalingResponse
from moto.sagemaker.exceptions import ValidationError
from moto.sagemaker.models import sagemaker_backends
from moto.sagemaker.responses import SageMakerResponse

from emulator.aws.account import ACCOUNT, REGION
from emulator.aws.patching import add, replace, wrap
from emulator.aws.permissions.callers import find_caller
from emulator.aws.permissions.checks import AccessDeniedError, Permissions
from emulator.aws.protocol.errors import EmulatorError
from emulator.front.admission import caller_key

_INSTANCES = "sagemaker:variant:DesiredInstanceCount"
_ROLE = (
    f"arn:aws:iam::{ACCOUNT}:role/aws-service-role/sagemaker.application-autoscaling.amazonaws.com/"
    "AWSServiceRoleForApplicationAutoScaling_SageMakerEndpoint"
)
_NOT_SUSPENDED = {
    "DynamicScalingInSuspended": False,
    "DynamicScalingOutSuspended": False,
    "ScheduledScalingSuspended": False,
}
# https://docs.aws.amazon.com/sagemaker/latest/dg/endpoint-auto-scaling-add-code-define.html
_METRICS = (
    "SageMakerVariantInvocationsPerInstance",
    "SageMakerVariantConcurrentRequestsPerModelHighResolution",
)


def install(permissions: Permissions) -> None:
    """Check targets and policies of endpoints, and keep endpoints and targets consistent."""
    wrap(
        ApplicationAutoScalingResponse,
        "register_scalable_target",
        functools.partial(_register, permissions),
    )
    wrap(ApplicationAutoScalingResponse, "put_scaling_policy", _put_policy)
    replace(ApplicationAutoscalingBackend, "deregister_scalable_target", _deregister)
    add(ApplicationAutoScalingResponse, "describe_scaling_activities", _no_activities)
    add(ApplicationAutoScalingResponse, "list_tags_for_resource", _list_tags)
    add(ApplicationAutoScalingResponse, "tag_resource", _tag)
    add(ApplicationAutoScalingResponse, "untag_resource", _untag)
    wrap(SageMakerResponse, "update_endpoint", _update_endpoint)
    wrap(SageMakerResponse, "delete_endpoint", functools.partial(_delete_endpoint, permissions))


def _register(permissions: Permissions, original: Any, self: Any) -> str:
    request = json.loads(self.body)
    backend = self.applicationautoscaling_backend
    key = (request["ScalableDimension"], request["ResourceId"])
    known = backend.targets.get(key[0], {}).get(key[1])
    if request["ScalableDimension"] == _INSTANCES:
        _check_target(request, known)
        _check_caller(permissions, self, request["ResourceId"])
    response = original(self)
    target = backend.targets[key[0]][key[1]]
    target.role_arn = target.role_arn or _ROLE
    target.suspended_state = {**_NOT_SUSPENDED, **(target.suspended_state or {})}
    target.tags = {**getattr(target, "tags", {}), **(request.get("Tags") or {})}
    return response


def _check_caller(permissions: Permissions, response: Any, resource_id: str) -> None:
    """Refuse a caller who may not describe the endpoint: the service uses the caller's permissions.

    Source: https://docs.aws.amazon.com/sagemaker/latest/dg/endpoint-auto-scaling-prerequisites.html
    """
    caller = find_caller(caller_key())
    if caller is None:
        return
    backend = sagemaker_backends[ACCOUNT][REGION]
    endpoint = backend.endpoints[resource_id.split("/")[1]]
    config = backend.endpoint_configs[endpoint.endpoint_config_name]
    try:
        permissions.check(caller, "sagemaker:DescribeEndpoint", endpoint.arn)
        permissions.check(caller, "sagemaker:DescribeEndpointConfig", config.endpoint_config_arn)
    except AccessDeniedError as error:
        raise _invalid(f"Cannot describe the endpoint of {resource_id}: {error}") from error


def _check_target(request: Mapping[str, Any], known: Any | None) -> None:
    variant, is_async = _variant(request["ResourceId"])
    name = variant["VariantName"]
    if "InstanceType" not in variant:
        raise _invalid(f"The variant {name} is serverless and has no instances to scale.")
    if variant["InstanceType"].startswith("ml.t2."):
        # https://docs.aws.amazon.com/sagemaker/latest/dg/endpoint-auto-scaling-prerequisites.html
        raise _invalid(
            f"The variant {name} has the instance type {variant['InstanceType']}: burstable "
            "instances cannot be scaled. Choose another type, such as ml.m5.large."
        )
    low = request.get("MinCapacity", getattr(known, "min_capacity", None))
    high = request.get("MaxCapacity", getattr(known, "max_capacity", None))
    if low is None or high is None:
        raise _invalid(
            "MinCapacity and MaxCapacity must be given when a scalable target is registered first."
        )
    if high < low:
        raise _invalid(f"MaxCapacity ({high}) must not be less than MinCapacity ({low}).")
    if low < (0 if is_async else 1):
        raise _invalid(
            f"MinCapacity must be 1 or more for the variant {name}, got {low}: only asynchronous "
            "endpoints scale to no instance."
        )


def _variant(resource_id: str) -> tuple[dict[str, Any], bool]:
    """Return the variant of a resource id, and whether its endpoint is asynchronous."""
    parts = resource_id.split("/")
    if len(parts) != 4 or (parts[0], parts[2]) != ("endpoint", "variant"):
        raise _invalid(
            f"ResourceId must be endpoint/<endpoint name>/variant/<variant name>, got {resource_id}"
        )
    backend = sagemaker_backends[ACCOUNT][REGION]
    endpoint = backend.endpoints.get(parts[1])
    config = backend.endpoint_configs.get(endpoint.endpoint_config_name) if endpoint else None
    if config is not None:
        for variant in config.production_variants:
            if variant["VariantName"] == parts[3]:
                return variant, bool(config.async_inference_config)
    raise _invalid(f"There is no endpoint {parts[1]} with a variant {parts[3]}: {resource_id}")


def _put_policy(original: Any, self: Any) -> str:
    request = json.loads(self.body)
    dimension, resource_id = request["ScalableDimension"], request["ResourceId"]
    if resource_id not in self.applicationautoscaling_backend.targets.get(dimension, {}):
        raise _no_target("registered", request["ServiceNamespace"], resource_id, dimension)
    tracking = request.get("TargetTrackingScalingPolicyConfiguration")
    if dimension == _INSTANCES and tracking is not None:
        _check_tracking(tracking)
    return original(self)


def _check_tracking(tracking: Mapping[str, Any]) -> None:
    predefined = tracking.get("PredefinedMetricSpecification")
    if bool(predefined) == bool(tracking.get("CustomizedMetricSpecification")):
        raise _invalid(
            "Give either PredefinedMetricSpecification or CustomizedMetricSpecification."
        )
    if predefined and predefined["PredefinedMetricType"] not in _METRICS:
        raise _invalid(
            f"Scalable dimension {_INSTANCES} only supports the following predefined metric "
            f"types: {', '.join(_METRICS)}"
        )
    if tracking["TargetValue"] <= 0:
        raise _invalid(f"TargetValue must be more than 0, got {tracking['TargetValue']}.")


def _deregister(self: Any, namespace: str, r_id: str, dimension: str) -> None:
    if r_id not in self.targets.get(dimension, {}):
        raise _no_target("found", namespace, r_id, dimension)
    del self.targets[dimension][r_id]
    # A target's policies and scheduled actions are deleted with it.
    about = (r_id, dimension)
    for key, policy in list(self.policies.items()):
        if (policy.resource_id, policy.scalable_dimension) == about:
            del self.policies[key]
    self.scheduled_actions = [
        one for one in self.scheduled_actions if (one.resource_id, one.scalable_dimension) != about
    ]


def _no_activities(_: Any) -> str:
    return json.dumps({"ScalingActivities": []})


def _tagged(self: Any) -> Any:
    arn = json.loads(self.body)["ResourceARN"]
    for targets in list(self.applicationautoscaling_backend.targets.values()):
        for target in list(targets.values()):
            if target.arn == arn:
                return target
    raise EmulatorError("ResourceNotFoundException", f"There is no scalable target {arn}")


def _list_tags(self: Any) -> str:
    return json.dumps({"Tags": _tagged(self).tags})


def _tag(self: Any) -> str:
    target = _tagged(self)
    target.tags = {**target.tags, **json.loads(self.body)["Tags"]}
    return "{}"


def _untag(self: Any) -> str:
    target, keys = _tagged(self), json.loads(self.body)["TagKeys"]
    target.tags = {key: value for key, value in target.tags.items() if key not in keys}
    return "{}"


def _targets_of(endpoint: str) -> Iterator[tuple[str, Any]]:
    """Yield the variants of an endpoint that are scalable targets."""
    backend = applicationautoscaling_backends[ACCOUNT][REGION]
    for targets in list(backend.targets.values()):
        for resource_id, target in list(targets.items()):
            if resource_id.startswith(f"endpoint/{endpoint}/variant/"):
                yield resource_id.rpartition("/")[2], target


def _update_endpoint(original: Any, self: Any) -> Any:
    backend = self.sagemaker_backend
    endpoint = backend.endpoints.get(self._get_param("EndpointName"))
    wanted = backend.endpoint_configs.get(self._get_param("EndpointConfigName"))
    current = backend.endpoint_configs.get(endpoint.endpoint_config_name) if endpoint else None
    if endpoint and wanted and current:
        before, after = _instance_types(current), _instance_types(wanted)
        lost = [
            name
            for name, _ in _targets_of(endpoint.endpoint_name)
            if after.get(name) != before.get(name)
        ]
        if lost:
            raise ValidationError(
                message=f'The variant(s) "{lost}" must be deregistered as scalable targets with '
                "AWS Auto Scaling before they can be removed or have their instance type updated."
            )
    return original(self)


def _instance_types(config: Any) -> dict[str, str | None]:
    return {one["VariantName"]: one.get("InstanceType") for one in config.production_variants}


def _delete_endpoint(permissions: Permissions, original: Any, self: Any) -> Any:
    targets = list(_targets_of(self._get_param("EndpointName")))
    caller = find_caller(caller_key())
    action = "application-autoscaling:DeregisterScalableTarget"
    try:
        for _, target in targets if caller else []:
            permissions.check(caller, action, target.arn)
    except AccessDeniedError as error:
        raise ValidationError(
            message="An Application AutoScaling scalable target exists for a variant being "
            f"deleted, and the IAM identity used to invoke DeleteEndpoint does not have {action} "
            "permission to deregister the scalable target."
        ) from error
    response = original(self)
    backend = applicationautoscaling_backends[ACCOUNT][REGION]
    for _, target in targets:
        backend.deregister_scalable_target(
            target.service_namespace, target.resource_id, target.scalable_dimension
        )
    return response


def _invalid(message: str) -> EmulatorError:
    return EmulatorError("ValidationException", message)


def _no_target(what: str, namespace: str, resource_id: str, dimension: str) -> EmulatorError:
    return EmulatorError(
        "ObjectNotFoundException",
        f"No scalable target {what} for service namespace: {namespace}, resource ID: {resource_id},"
        f" scalable dimension: {dimension}",
    )
