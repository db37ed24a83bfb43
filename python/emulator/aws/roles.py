"""Execution roles: do they exist, and whom do they trust."""

import json
from typing import Any

from moto.iam.models import iam_backends

from emulator.aws.access import ACCOUNT


def trusts(role_arn: str, service: str) -> bool:
    """Whether the role exists and lets `service` (``sagemaker.amazonaws.com``) assume it."""
    backend = iam_backends[ACCOUNT]["aws"]
    role = next((role for role in backend.roles.values() if role.arn == role_arn), None)
    if role is None:
        return False
    policy = role.assume_role_policy_document
    document = json.loads(policy) if isinstance(policy, str) else policy
    return any(
        statement.get("Effect") == "Allow" and service in _services(statement)
        for statement in as_list(document.get("Statement"))
    )


def _services(statement: dict[str, Any]) -> list[str]:
    principal = statement.get("Principal")
    return as_list(principal.get("Service")) if isinstance(principal, dict) else []


def as_list(value: Any) -> list[Any]:
    """Return a policy's value as a list; policies write a single one without brackets."""
    if value is None:
        return []
    return value if isinstance(value, list) else [value]
