"""Execution roles: whether they exist, and which services they trust."""

import logging
from typing import Any

from moto.iam.models import iam_backends

from emulator.aws.account import ACCOUNT
from emulator.aws.permissions.policy_documents import UnknownConditionError, effects, parse

LOG = logging.getLogger("emulator")

_GLOBAL_SUFFIX = ".amazonaws.com"
# Step Functions is the only service here whose principal may include the region.
# https://docs.aws.amazon.com/step-functions/latest/dg/procedure-create-iam-role.html
_REGIONAL = ("states",)


def find_role(role_arn: str) -> Any | None:
    """Return moto's record of a role, or None if it does not exist."""
    roles = list(iam_backends[ACCOUNT]["aws"].roles.values())
    return next((role for role in roles if role.arn == role_arn), None)


def principals(service: str, region: str | None) -> set[str]:
    """Return all forms of a service's principal.

    Parameters
    ----------
    service : str
        Such as ``states.amazonaws.com``.
    region : str or None
        The service's region; None if unknown, which allows only the global form.
    """
    name = service.removesuffix(_GLOBAL_SUFFIX)
    spelled = {service}
    if region and name in _REGIONAL:
        suffix = f"{_GLOBAL_SUFFIX}.cn" if region.startswith("cn-") else _GLOBAL_SUFFIX
        spelled.add(f"{name}.{region}{suffix}")
    return spelled


def trusts(role_arn: str, service: str, source_arn: str | None = None) -> bool:
    """Whether the role exists and lets a service assume it.

    Parameters
    ----------
    service : str
        Such as ``sagemaker.amazonaws.com``.
    source_arn : str, optional
        The resource that the service acts for, if known: its ``aws:SourceArn``.
    """
    role = find_role(role_arn)
    if role is None:
        return False
    context = {"aws:sourceaccount": ACCOUNT}
    region = None
    if source_arn:
        context["aws:sourcearn"] = source_arn
        region = source_arn.split(":")[3]
    document = parse(role.assume_role_policy_document)
    spelled = principals(service, region)
    try:
        found = list(effects(document, "sts:AssumeRole", None, spelled, context))
    except UnknownConditionError as error:
        LOG.warning("the trust policy of %s allows no service: %s", role_arn, error)
        return False
    return "Allow" in found and "Deny" not in found
