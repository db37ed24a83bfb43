"""The callers with a role's credentials, and the policies that apply to them."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from moto.iam.models import iam_backends
from moto.sts.models import sts_backends

from emulator.aws.account import ACCOUNT
from emulator.aws.permissions.policy_documents import parse
from emulator.aws.permissions.roles import find_role

Document = Mapping[str, Any]


@dataclass(frozen=True)
class Caller:
    """A session of a role."""

    arn: str
    role_arn: str
    user_id: str

    @property
    def principals(self) -> set[str]:
        """The principals by which a resource's policy may name this caller."""
        return {self.arn, self.role_arn}


@dataclass(frozen=True)
class IdentityPolicies:
    """A role's policies, and its permissions boundary if it has one."""

    identity: tuple[Document, ...]
    boundary: Document | None


DELEGATES = {ACCOUNT, f"arn:aws:iam::{ACCOUNT}:root"}
"""The principals that name the account: they delegate the decision to the roles' policies."""


def find_caller(access_key: str) -> Caller | None:
    """Return the role's session of an access key, or None if the key is the developer's."""
    session = sts_backends[ACCOUNT]["aws"].get_assumed_role_from_access_key(access_key)
    return Caller(session.arn, session.role_arn, session.user_id) if session else None


def policies_of(role_arn: str) -> IdentityPolicies:
    """Return the current policies of a role; a deleted role has none."""
    role = find_role(role_arn)
    if role is None:
        return IdentityPolicies((), None)
    inline = [parse(text) for text in list(role.policies.values())]
    attached = [parse(document_of(policy)) for policy in list(role.managed_policies.values())]
    return IdentityPolicies((*inline, *attached), boundary_of(role))


def boundary_of(role_or_user: Any) -> Document | None:
    """Return the permissions boundary of moto's record, or None if it has none."""
    arn = getattr(role_or_user, "permissions_boundary_arn", None)
    if not arn:
        return None
    managed = iam_backends[ACCOUNT]["aws"].managed_policies.get(arn)
    # A missing boundary allows nothing.
    return parse(document_of(managed)) if managed else {"Statement": []}


def tags_of_role(role_arn: str) -> dict[str, str]:
    """Return a role's tags, which its sessions carry as principal tags."""
    role = find_role(role_arn)
    return {tag["Key"]: tag["Value"] for tag in role.tags or []} if role else {}


def document_of(policy: Any) -> str:
    """Return the text of a managed policy's default version."""
    wanted = policy.default_version_id
    return next(one.document for one in policy.versions if one.version_id == wanted)
