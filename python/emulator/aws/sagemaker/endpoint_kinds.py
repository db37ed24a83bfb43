"""Kinds of endpoints, and the features that each of them excludes."""

from __future__ import annotations

import json
from typing import Any

from moto.sagemaker.exceptions import ValidationError
from moto.sagemaker.responses import SageMakerResponse

from emulator.aws.patching import wrap
from emulator.aws.sagemaker.capture_plan import capture_plan

REAL_TIME, SERVERLESS, ASYNCHRONOUS = "real-time", "serverless", "asynchronous"
_MAX_CONCURRENCY = 200


def kind_of(config: Any) -> str:
    """Return the kind of endpoint of an endpoint configuration."""
    if config.async_inference_config:
        return ASYNCHRONOUS
    if any(variant.get("ServerlessConfig") for variant in config.production_variants):
        return SERVERLESS
    return REAL_TIME


def check_same_kind(current: str, wanted: str) -> None:
    """Refuse to change the kind of an endpoint.

    Raises
    ------
    ValidationError
        With the alternative.
    """
    if current != wanted:
        raise ValidationError(
            message=f"Cannot update a {current} endpoint to a {wanted} one. Create an endpoint of "
            "another name, move its callers, and delete this one."
        )


def install() -> None:
    """Refuse endpoint configurations that no endpoint can use."""
    wrap(SageMakerResponse, "create_endpoint_config", _create_endpoint_config)


def _create_endpoint_config(original: Any, self: Any) -> Any:
    _check_config(self.sagemaker_backend, json.loads(self.body))
    return original(self)


def _check_config(backend: Any, request: dict[str, Any]) -> None:
    variants = request["ProductionVariants"]
    names = [variant["VariantName"] for variant in variants]
    if len(set(names)) != len(names):
        raise ValidationError(message=f"Production variant names must be unique, got {names}.")
    for variant in variants:
        _check_variant(variant)
    serverless = [v for v in variants if v.get("ServerlessConfig")]
    if not serverless:
        return
    capture = capture_plan(request.get("DataCaptureConfig"))
    # https://docs.aws.amazon.com/sagemaker/latest/dg/serverless-endpoints.html
    excluded = {
        "several production variants": len(variants) > 1,
        "AsyncInferenceConfig": bool(request.get("AsyncInferenceConfig")),
        "DataCaptureConfig": capture is not None and capture.enabled,
        "a model with VpcConfig": any(_has_vpc(backend, v) for v in serverless),
    }
    found = [name for name, is_given in excluded.items() if is_given]
    if found:
        raise ValidationError(
            message=f"Serverless variants do not support {' or '.join(found)}; leave it out, or "
            "give InstanceType and InitialInstanceCount instead of ServerlessConfig."
        )


def _check_variant(variant: dict[str, Any]) -> None:
    name, config = variant["VariantName"], variant.get("ServerlessConfig")
    on_instances = [key for key in ("InstanceType", "InitialInstanceCount") if key in variant]
    if config is None:
        if len(on_instances) < 2:
            raise ValidationError(
                message=f"The production variant {name} needs InstanceType and "
                "InitialInstanceCount, or ServerlessConfig."
            )
        return
    if on_instances:
        raise ValidationError(
            message=f"The production variant {name} has ServerlessConfig, and so must not have "
            f"{' and '.join(on_instances)}."
        )
    provisioned = config.get("ProvisionedConcurrency", 1)
    if not provisioned <= config["MaxConcurrency"] <= _MAX_CONCURRENCY:
        raise ValidationError(
            message=f"The production variant {name}: MaxConcurrency ({config['MaxConcurrency']}) "
            f"must be from ProvisionedConcurrency ({provisioned}) to {_MAX_CONCURRENCY}."
        )


def _has_vpc(backend: Any, variant: dict[str, Any]) -> bool:
    model = backend._models.get(variant.get("ModelName"))
    return model is not None and bool(model.vpc_config)
