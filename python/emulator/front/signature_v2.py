"""Signature Version 2 of S3, which boto3 still uses for presigned URLs.

Source: https://docs.aws.amazon.com/AmazonS3/latest/API/RESTAuthentication.html
"""

import datetime
import hmac
import re
from typing import Any
from urllib.parse import urlsplit

from botocore.auth import HmacV1Auth
from botocore.awsrequest import HTTPHeaders
from botocore.credentials import Credentials

from emulator.front.errors import RefusedError
from emulator.front.signature import (
    SKEW,
    Signature,
    as_bytes,
    check_age,
    parse_time,
    target_of,
)

_IN_QUERY = ("content-md5", "content-type")


class _Auth(HmacV1Auth):
    """Signs with the date of the request instead of the current one."""

    date = ""

    def _get_date(self) -> str:
        return self.date


def in_header(environ: dict[str, Any], text: str) -> Signature:
    """Return the signature of a header ``AWS <key>:<signature>``."""
    key_id, _, given = text.strip().partition(":")
    time = parse_time(environ.get("HTTP_X_AMZ_DATE") or environ.get("HTTP_DATE"))
    check_age("RequestTimeTooSkewed", time, time + SKEW)
    # https://docs.aws.amazon.com/AmazonS3/latest/API/RESTAuthentication.html#RESTAuthenticationTimeStamp
    date = "" if "HTTP_X_AMZ_DATE" in environ else environ.get("HTTP_DATE", "")
    token = environ.get("HTTP_X_AMZ_SECURITY_TOKEN")
    return _signature(environ, key_id, given, date, _sent_headers(environ), token)


def presigned(environ: dict[str, Any], query: dict[str, str]) -> Signature:
    """Return the signature of a query with ``AWSAccessKeyId``.

    Raises
    ------
    RefusedError
        If it is incomplete or has expired.
    """
    expires = query.get("Expires", "")
    if not re.fullmatch(r"[0-9]{1,11}", expires) or not query.get("Signature"):
        raise RefusedError(
            "IncompleteSignature",
            "Query-string authentication requires the Signature, Expires and AWSAccessKeyId "
            "parameters",
        )
    if int(expires) < datetime.datetime.now(tz=datetime.timezone.utc).timestamp():
        raise RefusedError("RequestExpired", "Request has expired")
    lower = {name: value for name, value in query.items() if name.startswith("x-amz-")}
    lower |= {name: query[name] for name in _IN_QUERY if name in query}
    headers = {**_sent_headers(environ), **lower}
    token = query.get("x-amz-security-token")
    return _signature(environ, query["AWSAccessKeyId"], query["Signature"], expires, headers, token)


def _sent_headers(environ: dict[str, Any]) -> dict[str, str]:
    names = [name for name in environ if name.startswith("HTTP_X_AMZ_")]
    headers = {name[5:].replace("_", "-").lower(): environ[name] for name in names}
    return {
        **headers,
        "content-md5": environ.get("HTTP_CONTENT_MD5", ""),
        "content-type": environ.get("CONTENT_TYPE", ""),
    }


def _signature(
    environ: dict[str, Any],
    key_id: str,
    given: str,
    date: str,
    headers: dict[str, str],
    token: str | None,
) -> Signature:
    path, query = target_of(environ)
    target = urlsplit(f"http://host{path}{'?' if query else ''}{query}")

    def matches(secret: str) -> bool:
        auth = _Auth(Credentials(key_id, secret))
        auth.date = date
        sent = HTTPHeaders()
        for name, value in headers.items():
            if value:
                sent[name] = value
        for resource in _resources(environ, path):
            right = auth.get_signature(environ["REQUEST_METHOD"], target, sent, auth_path=resource)
            if hmac.compare_digest(right.encode(), as_bytes(given)):
                return True
        return False

    return Signature(key_id, token, matches)


def _resources(environ: dict[str, Any], path: str) -> list[str]:
    # The signed resource begins with the bucket, even if the bucket is in the host. A bucket alone
    # is signed by botocore with a trailing slash, which it does not send.
    bucket, dot, _ = environ.get("HTTP_HOST", "").partition(".localhost")
    return [path, f"{path}/", *([f"/{bucket}{path}"] if dot else [])]
