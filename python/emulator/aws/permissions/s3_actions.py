"""The actions and resources that each of S3's operations needs."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs, unquote, urlparse

from moto.core.routing import get_service_router
from moto.s3.exceptions import S3ClientError
from werkzeug.exceptions import HTTPException

from emulator.aws.account import ACCOUNT, REGION
from emulator.aws.permissions.actions import UnknownActionError, find_action
from emulator.aws.permissions.policy_documents import Values
from emulator.aws.permissions.resources import find_key

# Actions whose name differs from the operation's.
# https://docs.aws.amazon.com/AmazonS3/latest/userguide/using-with-s3-policy-actions.html
_ACTIONS = {
    "CompleteMultipartUpload": "PutObject",
    "CopyObject": "PutObject",
    "CreateMultipartUpload": "PutObject",
    "DeleteBucketCors": "PutBucketCORS",
    "DeleteBucketEncryption": "PutEncryptionConfiguration",
    "DeleteBucketLifecycle": "PutLifecycleConfiguration",
    "DeleteBucketOwnershipControls": "PutBucketOwnershipControls",
    "DeleteBucketReplication": "PutReplicationConfiguration",
    "DeleteBucketTagging": "PutBucketTagging",
    "DeleteObjects": "DeleteObject",
    "DeletePublicAccessBlock": "PutBucketPublicAccessBlock",
    "GetBucketAccelerateConfiguration": "GetAccelerateConfiguration",
    "GetBucketCors": "GetBucketCORS",
    "GetBucketEncryption": "GetEncryptionConfiguration",
    "GetBucketLifecycleConfiguration": "GetLifecycleConfiguration",
    "GetBucketNotificationConfiguration": "GetBucketNotification",
    "GetBucketReplication": "GetReplicationConfiguration",
    "GetObjectLockConfiguration": "GetBucketObjectLockConfiguration",
    "GetPublicAccessBlock": "GetBucketPublicAccessBlock",
    "HeadBucket": "ListBucket",
    "HeadObject": "GetObject",
    "ListBuckets": "ListAllMyBuckets",
    "ListMultipartUploads": "ListBucketMultipartUploads",
    "ListObjectVersions": "ListBucketVersions",
    "ListObjects": "ListBucket",
    "ListObjectsV2": "ListBucket",
    "ListParts": "ListMultipartUploadParts",
    "PostObject": "PutObject",
    "PutBucketAccelerateConfiguration": "PutAccelerateConfiguration",
    "PutBucketCors": "PutBucketCORS",
    "PutBucketEncryption": "PutEncryptionConfiguration",
    "PutBucketLifecycleConfiguration": "PutLifecycleConfiguration",
    "PutBucketNotificationConfiguration": "PutBucketNotification",
    "PutBucketReplication": "PutReplicationConfiguration",
    "PutObjectLockConfiguration": "PutBucketObjectLockConfiguration",
    "PutPublicAccessBlock": "PutBucketPublicAccessBlock",
    "SelectObjectContent": "GetObject",
    "UploadPart": "PutObject",
    "UploadPartCopy": "PutObject",
}
_OF_A_VERSION = {
    "DeleteObject": "DeleteObjectVersion",
    "DeleteObjectTagging": "DeleteObjectVersionTagging",
    "GetObject": "GetObjectVersion",
    "GetObjectAcl": "GetObjectVersionAcl",
    "GetObjectTagging": "GetObjectVersionTagging",
    "PutObjectAcl": "PutObjectVersionAcl",
    "PutObjectTagging": "PutObjectVersionTagging",
}
_EXISTING_TAG = "s3:existingobjecttag/"
_READING = ("GetObject", "HeadObject", "SelectObjectContent", "GetObjectAttributes")
_WRITING = ("PutObject", "PostObject", "CreateMultipartUpload", "CopyObject")


@dataclass(frozen=True)
class Need:
    """An action that the caller needs, with the condition keys of its service."""

    action: str
    resource: str
    keys: Mapping[str, Values] = field(default_factory=dict)


@dataclass(frozen=True)
class _Object:
    bucket: str
    key: str
    version: str | None

    @property
    def arn(self) -> str:
        return f"arn:aws:s3:::{self.bucket}/{self.key}"


def operation_of(response: Any) -> str | None:
    """Return the operation of a request to S3, or None if S3 has no such operation."""
    try:
        operation, _ = get_service_router("s3").match(response.request)
    except HTTPException:
        return None
    return str(operation.name)


def needs(
    response: Any, operation: str, bucket: str | None, key: str | None
) -> Iterator[tuple[Need, bool]]:
    """Yield the needs of a request, and whether each also applies to the developer."""
    query = parse_qs(urlparse(response.uri).query, keep_blank_values=True)
    version = query.get("versionId", [None])[0]
    keys = _condition_keys(response, query)
    action = _ACTIONS.get(operation, operation)
    if version:
        action = _OF_A_VERSION.get(action, action)
    if bucket and key and _has_existing_tags(f"s3:{action}"):
        tags = _tags(response, _Object(bucket, key, version))
        keys |= {_EXISTING_TAG + name.lower(): value for name, value in tags.items()}
    resource = "/".join(part for part in (bucket, key) if part)
    yield Need(f"s3:{action}", f"arn:aws:s3:::{resource}" if resource else "*", keys), True
    if not bucket or not key:
        return
    target = _Object(bucket, key, version)
    if operation in _READING:
        if _find(response, target) is None:
            # Without this permission, the caller must not learn that the object does not exist.
            # https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetObject.html
            yield Need("s3:ListBucket", f"arn:aws:s3:::{bucket}", keys), False
        else:
            yield from _decryption(response, target)
    elif operation in _WRITING:
        yield from _further_writing(response, operation, target, keys)
    elif operation in ("UploadPart", "UploadPartCopy"):
        yield from _reading_source(response, operation, keys)
        yield from _upload_keys(response, target)


def _has_existing_tags(action: str) -> bool:
    try:
        return find_action(action).has_key(f"{_EXISTING_TAG}any")
    except UnknownActionError:  # reported by the check, if there is one
        return False


def deletions(bucket: str, keys: list[str]) -> dict[str, Need]:
    """Return the needs of each object of a DeleteObjects request, by its ARN."""
    arns = [f"arn:aws:s3:::{bucket}/{key}" for key in keys]
    return {arn: Need("s3:DeleteObject", arn) for arn in arns}


def _further_writing(
    response: Any, operation: str, target: _Object, keys: Mapping[str, Values]
) -> Iterator[tuple[Need, bool]]:
    headers = response.headers
    source = None
    if operation == "CopyObject":
        source = _source(response)
        yield from _reading_source(response, operation, keys)
    copied = source and headers.get("x-amz-tagging-directive", "COPY").upper() == "COPY"
    if copied and source and _tags(response, source):
        version = "Version" if source.version else ""
        yield Need(f"s3:GetObject{version}Tagging", source.arn, keys), False
        yield Need("s3:PutObjectTagging", target.arn, keys), False
    elif headers.get("x-amz-tagging") and not copied:
        yield Need("s3:PutObjectTagging", target.arn, keys), False
    if headers.get("x-amz-acl"):
        yield Need("s3:PutObjectAcl", target.arn, keys), False
    yield from _encryption(response, target)


def _reading_source(
    response: Any, operation: str, keys: Mapping[str, Values]
) -> Iterator[tuple[Need, bool]]:
    if "Copy" not in operation:
        return
    source = _source(response)
    yield Need(f"s3:GetObject{'Version' if source.version else ''}", source.arn, keys), False
    yield from _decryption(response, source)


def _source(response: Any) -> _Object:
    path, _, query = response.headers["x-amz-copy-source"].partition("?")
    bucket, _, key = unquote(path).lstrip("/").partition("/")
    return _Object(bucket, key, parse_qs(query).get("versionId", [None])[0])


def _find(response: Any, wanted: _Object) -> Any | None:
    try:
        return response.backend.get_object(wanted.bucket, wanted.key, wanted.version)
    except S3ClientError:
        return None


def _tags(response: Any, wanted: _Object) -> dict[str, str]:
    found = _find(response, wanted)
    return response.backend.tagger.get_tag_dict_for_resource(found.arn) if found else {}


def _condition_keys(response: Any, query: Mapping[str, list[str]]) -> dict[str, Values]:
    headers = {
        f"s3:{name.lower()}": value
        for name, value in response.headers.items()
        if name.lower().startswith(("x-amz-", "if-"))
    }
    tags = parse_qs(response.headers.get("x-amz-tagging", ""))
    return {
        **headers,
        **{f"s3:{name.lower()}": values[0] for name, values in query.items()},
        **{f"s3:requestobjecttag/{name.lower()}": values[0] for name, values in tags.items()},
        **({"s3:requestobjecttagkeys": list(tags)} if tags else {}),
        "s3:authtype": "REST-HEADER",
        "s3:resourceaccount": ACCOUNT,
        "s3:signatureversion": "AWS4-HMAC-SHA256",
    }


def _encryption(response: Any, target: _Object) -> Iterator[tuple[Need, bool]]:
    """Yield the need for the key that encrypts a new object."""
    headers = response.headers
    algorithm = headers.get("x-amz-server-side-encryption")
    key = headers.get("x-amz-server-side-encryption-aws-kms-key-id")
    default = _bucket_encryption(response, target.bucket)
    if algorithm is None:
        algorithm = default.get("SSEAlgorithm")
        key = default.get("KMSMasterKeyID")
    yield from _key_use(response, "kms:GenerateDataKey", algorithm, key, target)


def _decryption(response: Any, wanted: _Object) -> Iterator[tuple[Need, bool]]:
    found = _find(response, wanted)
    if found is not None:
        yield from _key_use(response, "kms:Decrypt", found.encryption, found.kms_key_id, wanted)


def _upload_keys(response: Any, target: _Object) -> Iterator[tuple[Need, bool]]:
    # https://docs.aws.amazon.com/AmazonS3/latest/userguide/mpuoverview.html#mpuAndPermissions
    query = parse_qs(urlparse(response.uri).query)
    uploads = response.backend.get_bucket(target.bucket).multiparts
    upload = uploads.get(query.get("uploadId", [""])[0])
    if upload is not None:
        default = _bucket_encryption(response, target.bucket)
        algorithm = upload.sse_encryption or default.get("SSEAlgorithm")
        key = upload.kms_key_id or default.get("KMSMasterKeyID")
        yield from _key_use(response, "kms:Decrypt", algorithm, key, target)


def _key_use(
    response: Any, action: str, algorithm: str | None, key: str | None, what: _Object
) -> Iterator[tuple[Need, bool]]:
    # Every caller in the account may use S3's AWS managed key through S3.
    if not (algorithm or "").startswith("aws:kms") or not key or key.endswith("alias/aws/s3"):
        return
    found = find_key(key)
    if found is None:
        raise S3ClientError("KMS.NotFoundException", f"Invalid keyId '{key}': no such key")
    encrypted = f"arn:aws:s3:::{what.bucket}" if _uses_bucket_key(response, what) else what.arn
    keys: dict[str, Values] = {
        "aws:viaawsservice": "true",
        "kms:calleraccount": ACCOUNT,
        "kms:encryptioncontext:aws:s3:arn": encrypted,
        "kms:encryptioncontextkeys": ["aws:s3:arn"],
        "kms:viaservice": f"s3.{REGION}.amazonaws.com",
    }
    yield Need(action, found.arn, keys), False


def _bucket_encryption(response: Any, bucket: str) -> dict[str, str]:
    rule = _bucket_rule(response, bucket)
    return rule.get("ApplyServerSideEncryptionByDefault") or {}


def _bucket_rule(response: Any, bucket: str) -> dict[str, Any]:
    try:
        encryption = response.backend.get_bucket(bucket).encryption
    except S3ClientError:
        return {}
    return (encryption or {}).get("Rule") or {}


def _uses_bucket_key(response: Any, what: _Object) -> bool:
    enabled = _bucket_rule(response, what.bucket).get("BucketKeyEnabled")
    return str(enabled).lower() == "true"
