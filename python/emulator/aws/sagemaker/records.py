"""SageMaker's records: AWS's checks of names and roles, and its messages."""

import functools
import json
import re
from collections.abc import Callable
from typing import Any

from moto.core.responses import ActionResult
from moto.sagemaker.exceptions import ValidationError
from moto.sagemaker.models import Model, SageMakerModelBackend
from moto.sagemaker.responses import SageMakerResponse

from emulator.aws.clients import EmulatedAws
from emulator.aws.patching import replace, wrap
from emulator.aws.permissions.roles import trusts
from emulator.aws.sagemaker.async_requests import check_async_config
from emulator.aws.sagemaker.capture_plan import capture_plan
from emulator.aws.sagemaker.descriptions import keep_requested_members
from emulator.aws.sagemaker.model_data import check_model_data
from emulator.aws.sagemaker.model_registry import container_of_package, find_package
from emulator.runtime.errors import UnsupportedError
from emulator.runtime.requests.checks import check_container, check_instance_type, check_vpc
from emulator.runtime.requests.members import check_members

_SERVICE = "sagemaker.amazonaws.com"


def install(aws: EmulatedAws, check_image: Callable[[str], object]) -> None:
    """Refuse existing names, unknown images, roles that do not trust, and missing model data."""
    wrap(ValidationError, "__init__", _double_quotes)
    wrap(SageMakerResponse, "create_model", functools.partial(_create_model, aws, check_image))
    replace(Model, "response_object", property(_description(Model.response_object)))
    replace(SageMakerResponse, "describe_endpoint_config", _describe_endpoint_config)
    wrap(SageMakerResponse, "create_endpoint_config", _create_endpoint_config)
    wrap(SageMakerModelBackend, "_get_resource_from_arn", _existing_resource)


def _create_model(
    aws: EmulatedAws, check_image: Callable[[str], object], original: Any, self: Any
) -> Any:
    name = self._get_param("ModelName")
    existing = self.sagemaker_backend._models.get(name)
    if existing:
        raise ValidationError(message=f'Cannot create already existing model "{existing.arn}".')
    role_arn = self._get_param("ExecutionRoleArn")
    check_role(role_arn)
    request = json.loads(self.body)
    check_members("CreateModel", request)
    check_vpc(request.get("VpcConfig"), "VpcConfig")
    (given,) = _containers(self)
    served = given
    if given.get("ModelPackageName"):
        served = container_of_package(self.sagemaker_backend, given)
    check_container(served)
    check_image(served["Image"])
    if served.get("ModelDataUrl"):
        check_model_data(aws, served["ModelDataUrl"], role_arn)
    response = original(self)
    model = self.sagemaker_backend._models[name]
    if served is not given:
        _serve(model, served)
    return response


def served_container(model: Any) -> dict[str, Any]:
    """Return a model's container, or that of the package that the model names."""
    return model.primary_container or model.containers[0]


def _serve(model: Any, container: dict[str, Any]) -> None:
    # DescribeModel still names the package.
    model.given = {
        "PrimaryContainer": model.primary_container,
        "Containers": model.containers,
    }
    model.primary_container, model.containers = container, []


def _description(original: Any) -> Callable[[Any], dict[str, Any]]:
    def description(model: Any) -> dict[str, Any]:
        return _without_empty({**original.fget(model), **getattr(model, "given", {})})

    return description


def _describe_endpoint_config(self: Any) -> ActionResult:
    backend = self.sagemaker_backend
    found = backend.describe_endpoint_config(self._get_param("EndpointConfigName"))
    return ActionResult(_without_empty(found))


def _without_empty(described: dict[str, Any]) -> dict[str, Any]:
    # Terraform interprets moto's empty structures as settings, and replaces the resource.
    return {key: value for key, value in described.items() if value not in (None, {}, [])}


def check_role(role_arn: str) -> None:
    """Refuse a role that SageMaker cannot assume."""
    if not trusts(role_arn, _SERVICE):
        raise ValidationError(
            message=f"Could not assume role {role_arn}. Please ensure that the role exists and "
            f"allows principal '{_SERVICE}' to assume the role."
        )


def _double_quotes(original: Any, self: Any, message: str) -> None:
    # moto puts ARNs in single quotes; state machines match AWS's text.
    original(self, message=re.sub(r"'(arn:[^']*)'", r'"\1"', message))


def _containers(response: Any) -> list[dict[str, Any]]:
    request = json.loads(response.body)
    containers = [request.get("PrimaryContainer"), *request.get("Containers", [])]
    given = [container for container in containers if container]
    if len(given) != 1:
        raise UnsupportedError(
            f"Containers: the emulator serves one container for each model, got {len(given)}; give "
            "PrimaryContainer"
        )
    return given


def _create_endpoint_config(original: Any, self: Any) -> Any:
    name = self._get_param("EndpointConfigName")
    existing = self.sagemaker_backend.endpoint_configs.get(name)
    if existing:
        raise ValidationError(
            message="Cannot create already existing endpoint configuration "
            f'"{existing.endpoint_config_arn}".'
        )
    request = json.loads(self.body)
    _check_features(request)
    for i, variant in enumerate(request["ProductionVariants"]):
        check_instance_type(variant.get("InstanceType"), f"ProductionVariants[{i}].InstanceType")
        if not variant.get("ModelName"):
            raise ValidationError(
                message=f"The production variant {variant['VariantName']} needs a ModelName."
            )
    response = original(self)
    keep_requested_members(self.sagemaker_backend.endpoint_configs[name], "EndpointConfig", request)
    return response


def _check_features(request: dict[str, Any]) -> None:
    if request.get("AsyncInferenceConfig"):
        check_async_config(request["AsyncInferenceConfig"])
    check_members("CreateEndpointConfig", request)
    plan = capture_plan(request.get("DataCaptureConfig"))
    if plan is not None and plan.enabled and request.get("AsyncInferenceConfig"):
        raise UnsupportedError(
            "DataCaptureConfig: the emulator captures requests of real-time endpoints only; leave "
            "it out, or leave AsyncInferenceConfig out"
        )


def _existing_resource(original: Any, self: Any, arn: str) -> Any:
    if ":model-package/" in arn:
        package = find_package(self, arn)
        # Versions have their group's tags.
        group = self.model_package_groups.get(package.model_package_group_name)
        return package if group is None else group
    resource = original(self, arn)
    if resource is None:
        raise ValidationError(message=f'Could not find "{arn}".')
    return resource
