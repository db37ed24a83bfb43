"""Whether policies allow what a role asks for, and why not.

Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic.html
"""

from dataclasses import dataclass
from typing import NamedTuple

from emulator.aws.permissions.callers import DELEGATES, Document, IdentityPolicies
from emulator.aws.permissions.policy_documents import Context, UnknownConditionError, effects


@dataclass(frozen=True)
class ResourcePolicy:
    """The policy of the resource that is asked for.

    Attributes
    ----------
    must_allow : bool
        Whether a role's own policies do not suffice: a KMS key or a role to be assumed has to
        allow the caller or its account.
    """

    document: Document
    must_allow: bool = False


class Refusal(NamedTuple):
    """Why an action is denied: by a policy that says so, or by none that allows it."""

    explicit: bool
    why: str


def refusal(
    policies: IdentityPolicies | None,
    resource_policy: ResourcePolicy | None,
    principals: set[str],
    action: str,
    resource: str,
    context: Context,
) -> str | None:
    """Return why an action is denied, as AWS says it, or None if it is allowed.

    The parameters are those of `decide`.
    """
    try:
        refused = decide(policies, resource_policy, principals, action, resource, context)
    except UnknownConditionError as error:
        return f"because the emulator cannot evaluate a condition of its policies: {error}"
    return refused.why if refused else None


def decide(
    policies: IdentityPolicies | None,
    resource_policy: ResourcePolicy | None,
    principals: set[str],
    action: str,
    resource: str,
    context: Context,
) -> Refusal | None:
    """Return None if an action is allowed.

    Parameters
    ----------
    policies : IdentityPolicies or None
        Those of the caller; None for the developer, who may do everything.
    principals : set of str
        How a resource's policy may name the caller itself.

    Raises
    ------
    UnknownConditionError
        If it depends on a condition that cannot be evaluated here.
    """
    doubts: list[UnknownConditionError] = []

    def said(document: Document | None, names: set[str] | None = None) -> set[str]:
        # A role that is to be assumed is not named in its own trust policy.
        about = None if action == "sts:AssumeRole" and names is not None else resource
        return set(effects(document, action, about, names, context, doubts)) if document else set()

    everyone = principals | DELEGATES
    identity = set().union(*map(said, policies.identity)) if policies else {"Allow"}
    boundary = said(policies.boundary) if policies and policies.boundary is not None else {"Allow"}
    document = resource_policy.document if resource_policy else None
    on_resource = said(document, everyone)
    for kind, found in (
        ("an identity-based policy", identity),
        ("a permissions boundary", boundary),
        ("a resource-based policy", on_resource),
    ):
        if "Deny" in found:
            return Refusal(True, f"with an explicit deny in {kind}")
    within = "Allow" in boundary
    if within and "Allow" in said(document, principals):
        return None
    lacking = None
    if resource_policy and resource_policy.must_allow and "Allow" not in on_resource:
        lacking = "resource-based policy"
    elif "Allow" not in identity:
        lacking = "identity-based policy"
    elif not within:
        lacking = "permissions boundary"
    if lacking and doubts:
        raise doubts[0]
    return Refusal(False, f"because no {lacking} allows the {action} action") if lacking else None
