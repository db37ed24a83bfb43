"""S3: permissions with bucket policies and keys, fault rules, checksums, object bodies on disk."""

import base64
import contextvars
import functools
import hashlib
import logging
import os
from typing import Any
from xml.parsers.expat import ExpatError

import xmltodict
from moto.core.responses import ActionResult
from moto.iam.access_control import PermissionResult
from moto.s3.exceptions import MalformedXML, MethodNotAllowed, S3ClientError
from moto.s3.models import FakeBucket
from moto.s3.responses import S3Response
from werkzeug.datastructures import ImmutableMultiDict

from emulator.aws.faults import Faults, InjectedError
from emulator.aws.patching import replace, wrap
from emulator.aws.permissions.actions import UnknownActionError
from emulator.aws.permissions.callers import find_caller
from emulator.aws.permissions.checks import AccessDeniedError, Permissions
from emulator.aws.permissions.decisions import ResourcePolicy
from emulator.aws.permissions.keys import key_policy
from emulator.aws.permissions.policy_documents import UnknownConditionError, effects, parse
from emulator.aws.permissions.s3_actions import Need, deletions, needs, operation_of
from emulator.aws.protocol.moto_failures import FAILED_INSIDE, explain
from emulator.aws.protocol.operation_table import OPERATIONS
from emulator.aws.protocol.operations import operation_model
from emulator.front.admission import caller_key
from emulator.front.errors import RefusedError

_SHA256 = "x-amz-checksum-sha256"
LOG = logging.getLogger("emulator")

_BODY_IN_MEMORY_BYTES = 16 * 1024

_may_not_be_deleted: contextvars.ContextVar[frozenset[str]] = contextvars.ContextVar(
    "_may_not_be_deleted", default=frozenset()
)


def install(faults: Faults, permissions: Permissions) -> None:
    """Check permissions as AWS does, and store object bodies on disk."""
    wrap(S3Response, "_get_checksum", _sha256)
    # Above this size, moto moves a body to an unnamed temporary file.
    os.environ["MOTO_S3_DEFAULT_KEY_BUFFER_SIZE"] = str(_BODY_IN_MEMORY_BYTES)
    replace(FakeBucket, "get_permission", _permission_of_anyone)
    wrap(
        S3Response,
        "_authenticate_and_authorize_s3_action",
        functools.partial(_authorize, faults, permissions),
    )
    wrap(
        S3Response, "_bucket_response_delete_keys", functools.partial(_delete_objects, permissions)
    )
    wrap(S3Response, "setup_class", _keep_forms)
    wrap(S3Response, "_set_action", _set_action)
    for name in ("bucket_response", "key_response"):
        wrap(S3Response, name, _answer_plainly)


def _authorize(
    faults: Faults,
    permissions: Permissions,
    original: Any,
    self: Any,
    bucket_name: str | None = None,
    key_name: str | None = None,
) -> None:
    operation = operation_of(self)
    refused = OPERATIONS.reason("s3", operation) if operation else None
    if refused:
        raise S3ClientError("NotImplementedException", refused)
    original(self, bucket_name, key_name)
    _check(permissions, self, bucket_name, key_name)
    resource = "/".join(part for part in (bucket_name, key_name) if part)
    try:
        faults.refuse(f"s3:{self._get_action()}", resource)
    except InjectedError as error:
        raise S3ClientError(error.code, error.message) from error


def _delete_objects(
    permissions: Permissions, original: Any, self: Any, bucket_name: str, **options: Any
) -> Any:
    denied = frozenset(_denied_deletions(permissions, self, bucket_name))
    token = _may_not_be_deleted.set(denied)
    try:
        return original(self, bucket_name, **options)
    finally:
        _may_not_be_deleted.reset(token)


def _sha256(
    original: Any, self: Any, response_headers: dict[str, Any]
) -> tuple[str, str | bytes | None]:
    # moto reads it only if the SDK names the algorithm, and does not verify it.
    # https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutObject.html
    given = self.headers.get(_SHA256)
    if not given:
        return original(self, response_headers)
    if given != base64.b64encode(hashlib.sha256(self.body or b"").digest()).decode():
        message = "The SHA256 you specified did not match the calculated checksum."
        raise S3ClientError("BadDigest", message)
    response_headers[_SHA256] = given
    return "SHA256", given


def _keep_forms(original: Any, self: Any, request: Any, *args: Any, **options: Any) -> Any:
    # moto parses a body of this type as parameters, and stores an empty object.
    if request.mimetype == "application/x-www-form-urlencoded":
        request.get_data()
        vars(request).update(form=ImmutableMultiDict(), files=ImmutableMultiDict())
    return original(self, request, *args, **options)


def _set_action(original: Any, self: Any, resource_type: str, method: str, query: Any) -> None:
    try:
        original(self, resource_type, method, query)
    except KeyError as error:
        # Such as POST of a key: neither moto nor S3 has an operation for it.
        raise MethodNotAllowed(method, resource_type) from error


def _answer_plainly(original: Any, self: Any, *args: Any) -> Any:
    # For other services, `requests` does this; moto handles S3 separately.
    try:
        return original(self, *args)
    except RefusedError:
        raise  # caused by a malformed body
    except NotImplementedError as error:
        message = (
            f"The emulator does not support this operation of S3 ({error}); leave the call out"
        )
        refusal = S3ClientError("NotImplementedException", message)
    except ExpatError:
        refusal = MalformedXML()
    except Exception as error:
        refusal = S3ClientError(*_moto_failed(self, error))
    return self._send_response(self.serialized(ActionResult(refusal)))


def _moto_failed(response: Any, error: Exception) -> tuple[str, str]:
    operation = operation_of(response) or ""
    model = operation_model("s3", operation)
    LOG.exception("s3:%s failed inside the emulator", operation)
    if model is None:
        return "InternalFailure", f"s3:{operation} {FAILED_INSIDE}"
    code, problem = explain(error, model, {"Headers and body": response.body or ""})
    return code, f"s3:{operation} {problem}"


def _check(
    permissions: Permissions, response: Any, bucket_name: str | None, key_name: str | None
) -> None:
    operation = operation_of(response)
    if operation == "DeleteObjects":
        return  # each object is checked separately
    if operation is None:
        operation = response._get_action()  # a preflight request, or one that moto refuses
    caller = find_caller(caller_key())
    for need, concerns_developer in needs(response, operation, bucket_name, key_name):
        if caller is None and not concerns_developer:
            continue
        try:
            permissions.check(
                caller, need.action, need.resource, need.keys, _policy(response, need)
            )
        except AccessDeniedError as error:
            raise _denied(str(error)) from error
        except UnknownActionError as error:
            if caller is not None:
                raise _denied(str(error)) from error


def _denied(message: str) -> S3ClientError:
    return S3ClientError("AccessDenied", message)


def _denied_deletions(permissions: Permissions, response: Any, bucket_name: str) -> list[str]:
    listed = xmltodict.parse(response.body)["Delete"].get("Object") or []
    keys = [item["Key"] for item in (listed if isinstance(listed, list) else [listed])]
    caller = find_caller(caller_key())
    denied = []
    for arn, need in deletions(bucket_name, keys).items():
        try:
            permissions.check(caller, need.action, arn, need.keys, _policy(response, need))
        except AccessDeniedError:
            denied.append(arn)
    return denied


def _policy(response: Any, need: Need) -> ResourcePolicy | None:
    if need.action.startswith("kms:"):
        return key_policy(need.resource)
    bucket = need.resource.removeprefix("arn:aws:s3:::").partition("/")[0]
    try:
        policy = response.backend.get_bucket(bucket).policy
    except S3ClientError:
        return None  # the bucket is being created, or missing, which moto reports
    return ResourcePolicy(parse(policy.decode())) if policy else None


def _permission_of_anyone(self: Any, action: str, resource: str) -> PermissionResult:
    # moto calls this before authentication, and ignores conditions; `authorize` applies a Deny.
    if resource in _may_not_be_deleted.get():
        return PermissionResult.DENIED
    if self.policy is None:
        return PermissionResult.NEUTRAL
    context = {"aws:securetransport": "true"}
    try:
        found = set(effects(parse(self.policy.decode()), action, resource, set(), context))
    except UnknownConditionError:
        return PermissionResult.NEUTRAL
    return PermissionResult.PERMITTED if "Allow" in found else PermissionResult.NEUTRAL
