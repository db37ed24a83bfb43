"""The policies of KMS keys."""

from emulator.aws.permissions.decisions import ResourcePolicy
from emulator.aws.permissions.policy_documents import parse
from emulator.aws.permissions.resources import find_key


def key_policy(arn: str) -> ResourcePolicy | None:
    """Return the policy of a key, or None for a missing key, which KMS reports."""
    key = find_key(arn)
    return ResourcePolicy(parse(key.policy), must_allow=True) if key else None
