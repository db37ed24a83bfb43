"""S3: bucket policies with their conditions, fault rules, object bodies on disk."""

import json
import os
from typing import Any

from moto.core.responses import ActionResult
from moto.iam.access_control import PermissionResult
from moto.s3.exceptions import S3AccessDeniedError, S3ClientError
from moto.s3.models import FakeBucket
from moto.s3.responses import S3Response
from moto.sts.models import sts_backends

from emulator.aws.access import ACCOUNT
from emulator.aws.patching import replace, wrap
from emulator.aws.policy_documents import effects
from emulator.faults import Faults, InjectedError

_BODY_IN_MEMORY_BYTES = 16 * 1024


def install(faults: Faults) -> None:
    """Evaluate bucket policies as AWS does, and keep object bodies out of memory."""

    def authorize(
        original: Any, self: Any, bucket_name: str | None = None, key_name: str | None = None
    ) -> None:
        original(self, bucket_name, key_name)
        action = f"s3:{self._get_action()}"
        resource = "/".join(part for part in (bucket_name, key_name) if part)
        try:
            faults.refuse(action, resource)
        except InjectedError as error:
            raise S3ClientError(error.code, error.message) from error
        if bucket_name and _is_denied(self, bucket_name, action, resource):
            raise S3AccessDeniedError

    # Past this size moto moves a body to an unnamed temporary file.
    os.environ["MOTO_S3_DEFAULT_KEY_BUFFER_SIZE"] = str(_BODY_IN_MEMORY_BYTES)
    replace(FakeBucket, "get_permission", _permission_of_anyone)
    wrap(S3Response, "_authenticate_and_authorize_s3_action", authorize)
    for name in ("bucket_response", "key_response"):
        wrap(S3Response, name, _answer_plainly)


def _answer_plainly(original: Any, self: Any, *args: Any) -> Any:
    # S3 does not go the way of the other services, where `requests` does this.
    try:
        return original(self, *args)
    except NotImplementedError as error:
        message = f"The emulator does not have this operation of S3 ({error}); leave the call out"
        refusal = S3ClientError("NotImplementedException", message)
        return self._send_response(self.serialized(ActionResult(refusal)))


def _is_denied(response: Any, bucket_name: str, action: str, resource: str) -> bool:
    policy = _policy(response, bucket_name)
    return policy is not None and "Deny" in effects(
        policy, action, f"arn:aws:s3:::{resource}", _principals(response), _context(response)
    )


def _policy(response: Any, bucket_name: str) -> dict[str, Any] | None:
    try:
        policy = response.backend.get_bucket(bucket_name).policy
    except S3ClientError:
        return None  # the bucket is about to be made, or missing, which moto says
    return json.loads(policy) if policy else None


def _permission_of_anyone(self: Any, action: str, resource: str) -> PermissionResult:
    # moto asks before it has authenticated, and ignores conditions; a Deny is `authorize`'s part.
    if self.policy is None:
        return PermissionResult.NEUTRAL
    context = {"aws:securetransport": "true"}
    allowed = "Allow" in effects(json.loads(self.policy), action, resource, set(), context)
    return PermissionResult.PERMITTED if allowed else PermissionResult.NEUTRAL


def _principals(response: Any) -> set[str]:
    account = {ACCOUNT, f"arn:aws:iam::{ACCOUNT}:root"}
    role = sts_backends[ACCOUNT]["aws"].get_assumed_role_from_access_key(response.access_key)
    return account | ({role.role_arn, role.arn} if role else set())


def _context(response: Any) -> dict[str, str]:
    headers = {f"s3:{key.lower()}": value for key, value in response.headers.items()}
    query = {f"s3:{key}": values[0] for key, values in response.querystring.items() if values}
    return {
        **headers,
        **query,
        "aws:sourceip": "127.0.0.1",
        # Nothing leaves this machine, so the plain loopback listener counts as TLS: a policy that
        # refuses plain HTTP must not lock everyone out.
        "aws:securetransport": "true",
    }
