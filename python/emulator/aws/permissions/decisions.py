"""Whether policies allow an action, and why not.

Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic.html
"""

from dataclasses import dataclass
from typing import NamedTuple

from emulator.aws.permissions.callers import DELEGATES, Document, IdentityPolicies
from emulator.aws.permissions.policy_documents import Context, UnknownConditionError, effects


@dataclass(frozen=True)
class ResourcePolicy:
    """The policy of the requested resource.

    Attributes
    ----------
    must_allow : bool
        Whether this policy must allow the caller or its account too, as those of KMS keys and
        of assumed roles must.
    """

    document: Document
    must_allow: bool = False


class Refusal(NamedTuple):
    """Why an action is denied: a policy denies it, or none allows it."""

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
    """Return why an action is denied, in AWS's words, or None if it is allowed.

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
    """Return why an action is denied, or None if it is allowed.

    Parameters
    ----------
    policies : IdentityPolicies or None
        The caller's; None for the developer, who may do everything.
    principals : set of str
        The principals by which a resource's policy may name the caller.

    Raises
    ------
    UnknownConditionError
        If the decision depends on a condition that the emulator cannot evaluate.
    """
    doubts: list[UnknownConditionError] = []

    def outcome(document: Document | None, names: set[str] | None = None) -> set[str]:
        # A trust policy does not name its own role as a resource.
        about = None if action == "sts:AssumeRole" and names is not None else resource
        return set(effects(document, action, about, names, context, doubts)) if document else set()

    everyone = principals | DELEGATES
    identity = set().union(*map(outcome, policies.identity)) if policies else {"Allow"}
    boundary = (
        outcome(policies.boundary) if policies and policies.boundary is not None else {"Allow"}
    )
    document = resource_policy.document if resource_policy else None
    on_resource = outcome(document, everyone)
    for kind, found in (
        ("an identity-based policy", identity),
        ("a permissions boundary", boundary),
        ("a resource-based policy", on_resource),
    ):
        if "Deny" in found:
            return Refusal(True, f"with an explicit deny in {kind}")
    within = "Allow" in boundary
    if within and "Allow" in outcome(document, principals):
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
