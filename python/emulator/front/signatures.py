"""Signature Version 4, in a header or in a query.

Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html

Hashes of bodies and signatures of chunks are not verified: a client without the secret cannot sign
a hash, and loopback has no intermediary.
"""

import datetime
import hashlib
import hmac
import io
import itertools
import re
from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import parse_qsl, quote, unquote_to_bytes

from botocore.utils import normalize_url_path

from emulator.front import signature_v2
from emulator.front.errors import RefusedError
from emulator.front.signature import (
    SHOWN,
    SKEW,
    TIME_FORM,
    Signature,
    as_bytes,
    check_age,
    parse_time,
    target_of,
)

_V4 = "AWS4-HMAC-SHA256"
_UNSIGNED = "UNSIGNED-PAYLOAD"


def signature_of(environ: dict[str, Any]) -> Signature | None:
    """Return the signature of a request, in its header or its query, or None if it has none.

    Raises
    ------
    RefusedError
        If the signature is incomplete, of an unsupported type, or too old.
    """
    header = environ.get("HTTP_AUTHORIZATION")
    query = dict(parse_qsl(environ.get("QUERY_STRING", ""), keep_blank_values=True))
    in_query = "X-Amz-Signature" in query or "X-Amz-Algorithm" in query
    if header is not None and (in_query or "AWSAccessKeyId" in query):
        raise RefusedError(
            "IncompleteSignature",
            "Only one auth mechanism allowed: a request is signed in its Authorization header or "
            "in its query",
        )
    if header is None:
        if in_query:
            return _presigned(environ, query)
        return signature_v2.presigned(environ, query) if "AWSAccessKeyId" in query else None
    scheme, _, rest = header.strip().partition(" ")
    if scheme == _V4:
        return _in_header(environ, rest)
    if scheme == "AWS":
        return signature_v2.in_header(environ, rest)
    raise RefusedError(
        "IncompleteSignature",
        f"The Authorization header has the type {scheme[:SHOWN]!r}; the emulator accepts {_V4}",
    )


def _in_header(environ: dict[str, Any], text: str) -> Signature:
    pairs = (part.strip().partition("=") for part in text.split(","))
    parts = {name: value for name, _, value in pairs}
    missing = [n for n in ("Credential", "SignedHeaders", "Signature") if not parts.get(n)]
    if missing:
        raise RefusedError(
            "IncompleteSignature",
            " ".join(f"Authorization header requires '{name}' parameter." for name in missing),
        )
    time = parse_time(environ.get("HTTP_X_AMZ_DATE") or environ.get("HTTP_DATE"))
    check_age("RequestTimeTooSkewed", time, time + SKEW)
    return _signature(
        environ,
        parts["Credential"],
        parts["SignedHeaders"],
        parts["Signature"],
        time,
        environ.get("HTTP_X_AMZ_SECURITY_TOKEN"),
        environ.get("HTTP_X_AMZ_CONTENT_SHA256"),
    )


def _presigned(environ: dict[str, Any], query: dict[str, str]) -> Signature:
    wanted = ("Algorithm", "Credential", "Date", "SignedHeaders", "Signature")
    missing = [f"X-Amz-{name}" for name in wanted if not query.get(f"X-Amz-{name}")]
    if missing:
        raise RefusedError(
            "IncompleteSignature",
            " ".join(f"AWS query-string parameters must include '{name}'." for name in missing),
        )
    if query["X-Amz-Algorithm"] != _V4:
        raise RefusedError(
            "IncompleteSignature",
            f"X-Amz-Algorithm is {query['X-Amz-Algorithm'][:SHOWN]!r}; the emulator accepts {_V4}",
        )
    time = parse_time(query["X-Amz-Date"])
    seconds = query.get("X-Amz-Expires", "900")
    if not re.fullmatch(r"\d{1,6}", seconds):
        raise RefusedError(
            "IncompleteSignature",
            f"X-Amz-Expires must be a number of seconds, got {seconds[:SHOWN]!r}",
        )
    check_age("RequestExpired", time, time + datetime.timedelta(seconds=int(seconds)))
    scope = query["X-Amz-Credential"].split("/")
    unsigned = _UNSIGNED if "s3" in scope[-2:-1] else None
    return _signature(
        environ,
        query["X-Amz-Credential"],
        query["X-Amz-SignedHeaders"],
        query["X-Amz-Signature"],
        time,
        query.get("X-Amz-Security-Token"),
        query.get("X-Amz-Content-Sha256") or environ.get("HTTP_X_AMZ_CONTENT_SHA256") or unsigned,
    )


def _signature(
    environ: dict[str, Any],
    credential: str,
    signed_headers: str,
    given: str,
    time: datetime.datetime,
    token: str | None,
    body_hash: str | None,
) -> Signature:
    scope = credential.split("/")
    if len(scope) != 5:
        raise RefusedError(
            "IncompleteSignature",
            "Credential must have exactly 5 slash-delimited elements, e.g. "
            f"keyid/date/region/service/term, got '{credential[:SHOWN]}'",
        )
    if "host" not in signed_headers.split(";"):
        raise RefusedError(
            "IncompleteSignature", "'Host' must be a 'SignedHeader' in the AWS Authorization."
        )

    def matches(secret: str) -> bool:
        key = f"AWS4{secret}".encode()
        for part in scope[1:]:
            key = hmac.digest(key, as_bytes(part), "sha256")
        body = body_hash or hashlib.sha256(_body(environ)).hexdigest()
        before = f"{_V4}\n{time.strftime(TIME_FORM)}\n{'/'.join(scope[1:])}\n"
        for canonical in _canonical_requests(environ, signed_headers, body):
            text = before + hashlib.sha256(as_bytes(canonical)).hexdigest()
            right = hmac.new(key, as_bytes(text), "sha256").hexdigest()
            if hmac.compare_digest(right.encode(), as_bytes(given)):
                return True
        return False

    return Signature(scope[0], token, matches)


def _canonical_requests(environ: dict[str, Any], signed_headers: str, body: str) -> Iterator[str]:
    """Yield the forms that clients use, the usual one first."""
    path, query = target_of(environ)
    headers = [
        f"{name}:{' '.join(_header(environ, name).split())}\n" for name in signed_headers.split(";")
    ]
    # S3 signs a path unchanged, others encode it again first; clients differ in normalization and
    # in the characters that they leave unencoded.
    twice = [quote(normalize_url_path(path), safe="/~"), quote(path, safe="/~")]
    paths = [*twice, path, quote(unquote_to_bytes(as_bytes(path)), safe="/~")]
    queries = [_canonical_query(query, _encoded), _canonical_query(query, str)]
    for one, other in itertools.product(dict.fromkeys(paths), dict.fromkeys(queries)):
        yield "\n".join(
            [
                environ["REQUEST_METHOD"],
                one or "/",
                other,
                "".join(headers),
                signed_headers,
                body,
            ]
        )


def _canonical_query(query: str, encode: Callable[[str], str]) -> str:
    pairs = (pair.partition("=") for pair in query.split("&") if pair)
    encoded = sorted(
        (encode(name), encode(value)) for name, _, value in pairs if name != "X-Amz-Signature"
    )
    return "&".join(f"{name}={value}" for name, value in encoded)


def _encoded(text: str) -> str:
    return quote(unquote_to_bytes(as_bytes(text)), safe="-_.~")


def _header(environ: dict[str, Any], name: str) -> str:
    key = name.upper().replace("-", "_")
    return environ.get(key if key in ("CONTENT_TYPE", "CONTENT_LENGTH") else f"HTTP_{key}", "")


def _body(environ: dict[str, Any]) -> bytes:
    chunked = environ.get("wsgi.input_terminated")
    stream = environ["wsgi.input"]
    body = stream.read() if chunked else stream.read(int(environ.get("CONTENT_LENGTH") or 0))
    environ["wsgi.input"] = io.BytesIO(body)
    return body
