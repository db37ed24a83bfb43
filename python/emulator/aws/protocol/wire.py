"""The protocols of AWS: which one a request uses, and how errors are encoded in it."""

import io
import json
import re
from typing import Any
from urllib.parse import parse_qs
from xml.sax.saxutils import escape

from werkzeug.wrappers import Response

from emulator.aws.protocol.operations import service_model, services
from emulator.front.bodies import declared_length

_SCOPE = re.compile(r"Credential=[^/]+/\d+/[^/]*/([^/]+)/aws4_request")
FORM = "application/x-www-form-urlencoded"
# The names of authentication errors in other protocols, by their names in query services.
_IN_JSON = {
    "AccessDenied": "AccessDeniedException",
    "IncompleteSignature": "IncompleteSignatureException",
    "InvalidClientTokenId": "UnrecognizedClientException",
    "MissingAuthenticationToken": "MissingAuthenticationTokenException",
    "RequestExpired": "InvalidSignatureException",
    "RequestTimeTooSkewed": "InvalidSignatureException",
    "SignatureDoesNotMatch": "InvalidSignatureException",
    "EntityTooLarge": "RequestEntityTooLargeException",
}
_NAMES = {
    "json": _IN_JSON,
    "rest-json": _IN_JSON,
    "cbor": _IN_JSON,
    "s3": {
        "IncompleteSignature": "AuthorizationHeaderMalformed",
        "InvalidClientTokenId": "InvalidAccessKeyId",
        "MissingAuthenticationToken": "AccessDenied",
        "RequestExpired": "AccessDenied",
    },
    "ec2": {"InvalidClientTokenId": "AuthFailure", "SignatureDoesNotMatch": "AuthFailure"},
}
_STATUSES = {
    "AccessDenied": 403,
    "EntityTooLarge": 413,
    "InvalidClientTokenId": 403,
    "MissingAuthenticationToken": 403,
    "NotImplemented": 501,
    "RequestExpired": 403,
    "RequestTimeTooSkewed": 403,
    "SignatureDoesNotMatch": 403,
}
_LONGEST_FORM = 1_000_000


def refused(environ: dict[str, Any], code: str, message: str) -> Response:
    """Return the response to a request that is refused before it reaches a service."""
    known = scope(environ) or declared_length(environ.get("CONTENT_LENGTH")) > _LONGEST_FORM
    name = protocol(environ, "" if known else action_of_form(environ))
    headers, text = written(name, _NAMES.get(name, {}).get(code, code), message)
    status = _STATUSES.get(code, 400)
    # JSON services return 400 for errors that others return as 403.
    return Response(
        text, 400 if (name, status) == ("json", 403) and code != "AccessDenied" else status, headers
    )


def scope(environ: dict[str, Any]) -> str:
    """Return the service that a request was signed for, in lower case, or ''."""
    found = _SCOPE.search(environ.get("HTTP_AUTHORIZATION", ""))
    return found[1].lower() if found else ""


def action_of_form(environ: dict[str, Any]) -> str:
    """Return the ``Action`` of a query request's body, or ''; the body stays readable."""
    if not environ.get("CONTENT_TYPE", "").startswith(FORM) or scope(environ) == "s3":
        return ""
    body = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
    environ["wsgi.input"] = io.BytesIO(body)
    return parse_qs(body.decode(errors="replace")).get("Action", [""])[0]


def is_cbor(environ: dict[str, Any]) -> bool:
    """Whether a request uses Smithy's RPC protocol with CBOR."""
    return environ.get("HTTP_SMITHY_PROTOCOL") == "rpc-v2-cbor"


def protocol(environ: dict[str, Any], action: str) -> str:
    """Return the protocol of a request: botocore's name for it, or ``cbor`` or ``s3``."""
    service = scope(environ)
    if is_cbor(environ):
        return "cbor"
    if environ.get("HTTP_X_AMZ_TARGET"):
        return "json"
    if action:
        return "ec2" if service == "ec2" else "query"
    if service in ("s3", ""):  # requests that name no service go to S3
        return "s3"
    return service_model(service).protocol if service in services() else "rest-json"


def written(protocol: str, code: str, message: str) -> tuple[dict[str, str], bytes]:
    """Return headers and body of an error."""
    if protocol == "cbor":
        headers = {"Content-Type": "application/cbor", "smithy-protocol": "rpc-v2-cbor"}
        return headers, b"\xa2" + b"".join(
            _cbor_text(text) for text in ("__type", code, "message", message)
        )
    if protocol in ("json", "rest-json"):
        headers = {"Content-Type": "application/x-amz-json-1.1", "X-Amzn-ErrorType": code}
        return headers, json.dumps({"__type": code, "message": message}).encode()
    error = f"<Error><Code>{code}</Code><Message>{escape(message)}</Message></Error>"
    if protocol == "ec2":
        error = f"<Response><Errors>{error}</Errors><RequestID>none</RequestID></Response>"
    elif protocol != "s3":
        error = f"<ErrorResponse>{error}<RequestId>none</RequestId></ErrorResponse>"
    return {"Content-Type": "text/xml"}, f'<?xml version="1.0"?>{error}'.encode()


def _cbor_text(text: str) -> bytes:
    data = text.encode()
    return b"\x79" + len(data).to_bytes(2, "big") + data
