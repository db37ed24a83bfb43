"""Execution roles: do they exist, and whom do they trust."""

import logging
from typing import Any

from moto.iam.models import iam_backends

from emulator.aws.access import ACCOUNT
from emulator.aws.permissions.policy_documents import UnknownConditionError, effects, parse

LOG = logging.getLogger("emulator")


def find_role(role_arn: str) -> Any | None:
    """Return moto's record of a role, or None if there is no such role."""
    roles = list(iam_backends[ACCOUNT]["aws"].roles.values())
    return next((role for role in roles if role.arn == role_arn), None)


def trusts(role_arn: str, service: str, source_arn: str | None = None) -> bool:
    """Whether the role exists and lets a service assume it.

    Parameters
    ----------
    service : str
        As in ``sagemaker.amazonaws.com``.
    source_arn : str, optional
        What the service acts for, where it is known: its ``aws:SourceArn``.
    """
    role = find_role(role_arn)
    if role is None:
        return False
    context = {"aws:sourceaccount": ACCOUNT}
    if source_arn:
        context["aws:sourcearn"] = source_arn
    document = parse(role.assume_role_policy_document)
    try:
        found = list(effects(document, "sts:AssumeRole", None, {service}, context))
    except UnknownConditionError as error:
        LOG.warning("nobody is trusted by %s: %s", role_arn, error)
        return False
    return "Allow" in found and "Deny" not in found
