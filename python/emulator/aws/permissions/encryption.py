"""KMS keys that a service uses on behalf of the caller; those of S3 are in `s3_actions`."""

from collections.abc import Iterator, Mapping
from typing import Any

from moto.sns.models import sns_backends

from emulator.aws.account import ACCOUNT
from emulator.aws.permissions.policy_documents import Values
from emulator.aws.permissions.resources import find_key

KeyUse = tuple[str, str, Mapping[str, Values]]
"""An action on a key, with the condition keys of its request."""


def key_uses(name: str, parameters: Mapping[str, Any], region: str) -> Iterator[KeyUse]:
    """Yield the permissions that a message or a parameter needs for its customer managed key.

    AWS managed keys need none: every caller of the service may use them.
    """
    if name == "sns:Publish":
        # https://docs.aws.amazon.com/sns/latest/dg/sns-key-management.html
        topic_arn = str(parameters.get("TopicArn"))
        topic = sns_backends[ACCOUNT][region].topics.get(topic_arn)
        key = topic.kms_master_key_id if topic else ""
        context = {"kms:encryptioncontext:aws:sns:topicarn": topic_arn}
        yield from _uses(("kms:Decrypt", "kms:GenerateDataKey"), key, "sns", region, context)
    elif name == "ssm:GetParameter" and parameters.get("WithDecryption"):
        # https://docs.aws.amazon.com/systems-manager/latest/userguide/secure-string-parameter-kms-encryption.html
        from moto.ssm.models import ssm_backends  # imports EC2, unless lean_imports ran first
        from moto.ssm.utils import parameter_arn

        found = ssm_backends[ACCOUNT][region].get_parameter(str(parameters.get("Name")))
        if found is not None and found.parameter_type == "SecureString":
            context = {
                "kms:encryptioncontext:parameter_arn": parameter_arn(ACCOUNT, region, found.name)
            }
            yield from _uses(("kms:Decrypt",), found.keyid or "", "ssm", region, context)


def _uses(
    actions: tuple[str, ...], key: str, service: str, region: str, context: Mapping[str, Values]
) -> Iterator[KeyUse]:
    found = None if not key or "alias/aws/" in key else find_key(key)
    if found is None:
        return
    given: dict[str, Values] = {
        "aws:viaawsservice": "true",
        "kms:calleraccount": ACCOUNT,
        "kms:viaservice": f"{service}.{region}.amazonaws.com",
        **context,
    }
    for action in actions:
        yield action, found.arn, given
