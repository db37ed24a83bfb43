"""Operations by their names in IAM, and the resource that a request names."""

import functools
import re
from collections.abc import Mapping
from typing import Any

import botocore.session

_SERVICES_BY_PREFIX = {
    "bedrock": ("bedrock", "bedrock-agent", "bedrock-agent-runtime", "bedrock-runtime"),
    "dynamodb": ("dynamodb", "dynamodbstreams"),
    "elasticfilesystem": ("efs",),
    "elasticloadbalancing": ("elb", "elbv2"),
    "elasticmapreduce": ("emr",),
    "s3": ("s3control", "s3"),
    "sagemaker": ("sagemaker", "sagemaker-metrics", "sagemaker-runtime"),
    "ses": ("ses", "sesv2"),
    "states": ("stepfunctions",),
    "tag": ("resourcegroupstaggingapi",),
}
_PREFIX_BY_SERVICE = {
    service: prefix for prefix, services in _SERVICES_BY_PREFIX.items() for service in services
}
_IAM_NAMES = {"lambda:Invoke": "lambda:InvokeFunction"}


@functools.cache
def _session() -> botocore.session.Session:
    return botocore.session.get_session()


@functools.cache
def service_model(service: str) -> Any:
    """Return botocore's model of a service, by the service's name in boto3."""
    return _session().get_service_model(service)


@functools.cache
def services() -> frozenset[str]:
    """Return the names of boto3's services."""
    return frozenset(_session().get_available_services())


def operation_model(service: str, operation: str) -> Any:
    """Return the model of an operation (in PascalCase), or None if the service does not have it."""
    model = service_model(service)
    return model.operation_model(operation) if operation in model.operation_names else None


def iam_name(service: str, operation: str) -> str:
    """Return IAM's name: ``states:StartExecution`` for ``stepfunctions``, ``StartExecution``."""
    name = f"{_PREFIX_BY_SERVICE.get(service, service)}:{operation}"
    return _IAM_NAMES.get(name, name)


def signed_as(name: str) -> list[str]:
    """Return the services, named as in boto3, whose requests may be signed with a name."""
    return [known for known in _SERVICES_BY_PREFIX.get(name, (name,)) if known in services()]


def is_operation(name: str) -> bool:
    """Whether `name` is an operation, in the form of IAM and of the emulator's messages."""
    prefix, _, operation = name.partition(":")
    if prefix == "s3":
        return operation in _s3_actions()
    candidates = _SERVICES_BY_PREFIX.get(prefix, (prefix,))
    return any(
        iam_name(service, known) == name
        for service in candidates
        if service in services()
        for known in service_model(service).operation_names
    )


@functools.cache
def _s3_actions() -> frozenset[str]:
    # moto distinguishes S3 requests by the actions that IAM checks, not by operation.
    from moto.s3.responses import ACTION_MAP

    methods = [method for resource in ACTION_MAP.values() for method in resource.values()]
    return frozenset(action for actions in methods for action in actions.values())


def resource_name(operation: str, parameters: Mapping[str, Any]) -> str | None:
    """Return the name of a request's resource, if it names one.

    This is the member named after the operation's noun (``TrainingJobName`` of
    ``CreateTrainingJob``), otherwise ``name``, otherwise the last part of an ARN.
    """
    noun = re.sub(r"^[A-Z][a-z]+", "", operation)
    arns = [v for k, v in parameters.items() if k.lower().endswith("arn")]
    for value in (
        parameters.get(f"{noun}Name"),
        parameters.get("name"),
        parameters.get("FunctionName"),
        *arns,
    ):
        if isinstance(value, str):
            return re.split(r"[:/]", value)[-1]
    return None
