"""SageMaker's records: names, roles and messages as AWS has them."""

import json
import re
from collections.abc import Callable
from typing import Any
from urllib.parse import urlparse

from botocore.exceptions import ClientError
from moto.sagemaker.exceptions import ValidationError
from moto.sagemaker.models import SageMakerModelBackend
from moto.sagemaker.responses import SageMakerResponse

from emulator.aws.access import REGION, EmulatedAws
from emulator.aws.patching import wrap
from emulator.aws.roles import trusts
from emulator.runtime.errors import UnsupportedError
from emulator.runtime.request_checks import check_container, check_instance_type, check_vpc

_SERVICE = "sagemaker.amazonaws.com"


def install(aws: EmulatedAws, check_image: Callable[[str], object]) -> None:
    """Refuse taken names, unknown images, roles not to be assumed, and models without data."""

    def create_model(original: Any, self: Any) -> Any:
        name = self._get_param("ModelName")
        existing = self.sagemaker_backend._models.get(name)
        if existing:
            raise ValidationError(message=f'Cannot create already existing model "{existing.arn}".')
        role_arn = self._get_param("ExecutionRoleArn")
        check_role(role_arn)
        check_vpc(json.loads(self.body).get("VpcConfig"), "VpcConfig")
        for container in _containers(self):
            check_container(container)
            check_image(container["Image"])
            if container.get("ModelDataUrl"):
                _check_model_data(aws, container["ModelDataUrl"], role_arn)
        return original(self)

    wrap(ValidationError, "__init__", _double_quotes)
    wrap(SageMakerResponse, "create_model", create_model)
    wrap(SageMakerResponse, "create_endpoint_config", _create_endpoint_config)
    wrap(SageMakerModelBackend, "_get_resource_from_arn", _existing_resource)


def check_role(role_arn: str) -> None:
    """Refuse a role that SageMaker cannot act as."""
    if not trusts(role_arn, _SERVICE):
        raise ValidationError(
            message=f"Could not assume role {role_arn}. Please ensure that the role exists and "
            f"allows principal '{_SERVICE}' to assume the role."
        )


def _double_quotes(original: Any, self: Any, message: str) -> None:
    # moto puts ARNs between single quotes; definitions look for AWS's text.
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


def _check_model_data(aws: EmulatedAws, url: str, role_arn: str) -> None:
    parts = urlparse(url)
    try:
        aws.client("s3", role_arn).head_object(Bucket=parts.netloc, Key=parts.path.lstrip("/"))
    except ClientError as error:
        if error.response["ResponseMetadata"]["HTTPStatusCode"] == 403:
            raise ValidationError(
                message=f"Could not access model data at {url}. Please ensure that the role "
                f'"{role_arn}" exists and that its trust relationship policy allows the action '
                f'"sts:AssumeRole" for the service principal "{_SERVICE}". Also ensure that the '
                'role has "s3:GetObject" permissions and that the object is located in '
                f"{REGION}."
            ) from error
        raise ValidationError(message=f"Could not find model data at {url}.") from error


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
    return original(self)


def _check_features(request: dict[str, Any]) -> None:
    asked = [
        name for name in ("AsyncInferenceConfig", "ShadowProductionVariants") if name in request
    ]
    if request.get("DataCaptureConfig", {}).get("EnableCapture"):
        asked.append("DataCaptureConfig.EnableCapture")
    for name in asked:
        raise UnsupportedError(f"{name}: the emulator does not have it; leave it out here")


def _existing_resource(original: Any, self: Any, arn: str) -> Any:
    resource = original(self, arn)
    if resource is None:
        raise ValidationError(message=f'Could not find "{arn}".')
    return resource
