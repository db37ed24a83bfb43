"""Bucket configuration that Terraform needs: notifications, delete markers, missing parts."""

from typing import Any

from flask import has_request_context, request
from moto.core.responses import ActionResult
from moto.s3 import models, notifications
from moto.s3.models import FakeDeleteMarker, S3Backend
from moto.s3.responses import S3Response

from emulator.aws.events import emit
from emulator.aws.patching import replace, wrap
from emulator.aws.requests.unknown_operations import NOT_SUPPORTED, UnavailableError

# https://docs.aws.amazon.com/AmazonS3/latest/userguide/ev-events.html
_REASONS = {
    "ObjectCreated:Put": "PutObject",
    "ObjectCreated:Post": "POST Object",
    "ObjectCreated:Copy": "CopyObject",
    "ObjectCreated:CompleteMultipartUpload": "CompleteMultipartUpload",
    "ObjectRemoved:Delete": "DeleteObject",
    "ObjectRemoved:DeleteMarkerCreated": "DeleteObject",
}

# Kinds of events that only requests of their own cause, and the subresource of those requests.
_OWN_REQUESTS = {"ObjectAcl": "acl", "ObjectTagging": "tagging"}

# Subresources that moto ignores: it would list the bucket instead, or delete it.
_MISSING = {
    *("analytics", "intelligent-tiering", "metadataConfiguration", "metadataTable"),
    *("metrics", "renameObject", "session", "torrent"),
}


def install() -> None:
    """Install the corrections."""
    for name in ("bucket_response", "key_response"):
        wrap(S3Response, name, _refuse_missing)
    wrap(S3Response, "get_bucket_notification", _get_bucket_notification)
    wrap(S3Backend, "delete_object", _delete_object)
    replace(notifications, "_send_event_bridge_message", _notify_event_bridge)
    # On AWS, CloudTrail emits this event; moto starts its targets without a role.
    replace(models, "events_send_notification", lambda **_: None)


def _refuse_missing(original: Any, self: Any, asked: Any, *args: Any) -> Any:
    if not _MISSING.isdisjoint(asked.args):
        raise UnavailableError(NOT_SUPPORTED)
    return original(self, asked, *args)


def _delete_object(
    original: Any,
    self: Any,
    bucket_name: str,
    key_name: str,
    version_id: str | None = None,
    bypass: bool = False,
) -> tuple[bool, dict[str, Any]]:
    bucket = self.get_bucket(bucket_name)
    if bucket.versioning_status != "Suspended":
        return original(self, bucket_name, key_name, version_id, bypass)
    # Moto would delete all versions. Terraform suspends versioning before it empties a bucket.
    deleted = version_id or "null"
    versions = bucket.keys.getlist(key_name) or []
    kept = [version for version in versions if str(version.version_id) != deleted]
    is_marker = any(isinstance(v, FakeDeleteMarker) for v in versions if v not in kept)
    if version_id is None and versions:
        marker: Any = FakeDeleteMarker(versions[-1])
        marker._version_id = deleted
        kept.append(marker)
        is_marker = True
    if versions:
        bucket.keys.setlist(key_name, kept)
        if not kept:
            bucket.keys.pop(key_name)
    return bool(versions), {
        "version-id": deleted,
        **({"delete-marker": "true"} if is_marker else {}),
    }


def _get_bucket_notification(original: Any, self: Any) -> Any:
    configuration = self.backend.get_bucket_notification_configuration(self.bucket_name)
    if configuration is None or configuration.event_bridge is None:
        return original(self)
    serialized = self.serialized

    def with_event_bridge(answer: ActionResult) -> Any:
        result: Any = answer.result
        result["EventBridgeConfiguration"] = {}
        return serialized(answer)

    self.serialized = with_event_bridge
    try:
        return original(self)
    finally:
        del self.serialized


def _notify_event_bridge(account_id: str, bucket: Any, event_name: str, key: Any) -> None:
    kind = str(getattr(event_name, "value", event_name)).removeprefix("s3:")
    part = _OWN_REQUESTS.get(kind.partition(":")[0])
    if part and has_request_context() and part not in request.args:
        return  # moto writes these for every new object, too
    written = {
        "key": key.name,
        "size": key.size,
        "etag": key.etag.replace('"', ""),
        **({"version-id": key.version_id} if bucket.is_versioned else {}),
    }
    detail = {
        "version": "0",
        "bucket": {"name": bucket.name},
        "object": written,
        "request-id": "none",
        "requester": account_id,
        "source-ip-address": "127.0.0.1",
        "reason": _REASONS.get(kind),
    }
    emit("aws.s3", notifications._detail_type(event_name), detail, [bucket.arn])
