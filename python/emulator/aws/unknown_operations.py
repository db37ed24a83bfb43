"""Requests that nothing of moto takes, refused by name in the protocol they came in.

Moto answers them with an HTML page, or not at all: SDKs then try again for minutes, and Terraform
takes a 404 for a resource that is gone.
"""

import contextlib
import importlib.util
import io
import json
import logging
import re
from collections.abc import Callable, Iterable
from typing import Any
from urllib.parse import parse_qs
from xml.sax.saxutils import escape

from moto.core.parse import RequestParserError
from moto.core.request import Request
from moto.core.routing import get_service_router
from moto.moto_server.werkzeug_app import DomainDispatcherApplication, create_backend_app
from werkzeug.exceptions import MethodNotAllowed, NotFound
from werkzeug.wrappers import Response

from emulator.aws.operation_table import NOT_RUN, moto_module_runs
from emulator.aws.operations import iam_name, service_model, services, signed_as
from emulator.aws.stumbles import FAILED_INSIDE

LOG = logging.getLogger("emulator")

_SCOPE = re.compile(r"Credential=[^/]+/\d+/[^/]*/([^/]+)/aws4_request")
_FORM = "application/x-www-form-urlencoded"

_S3_CONTROL = "/v20180820/"

Wsgi = Callable[[dict[str, Any], Any], Iterable[bytes]]


def moto_services() -> Wsgi:
    """Return moto's services as one WSGI application that refuses what they do not have."""
    return in_protocol(DomainDispatcherApplication(create_app))


def in_protocol(application: Wsgi) -> Wsgi:
    """Return `application`, with its HTML pages and exceptions turned into errors of AWS."""

    def call(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        action = _action_of_form(environ)
        started: list[Any] = []

        def start(status: str, headers: list[tuple[str, str]], _: Any = None) -> None:
            started[:] = [status, headers]

        def refuse(code: str, problem: str, service: str = "") -> Iterable[bytes]:
            message = f"{_called(environ, action, service)} {problem}"
            LOG.warning(message, exc_info=code == "InternalFailure")
            headers, text = _written(_protocol(environ, action), code, message)
            return Response(text, 400, headers)(environ, start_response)

        try:
            chunks = application(environ, start)
        except UnavailableError as error:
            return refuse("NotImplementedException", str(error), error.service)
        except RequestParserError as error:
            return refuse("SerializationException", f"has a value of another type: {error}")
        except Exception:
            # Not with HTTP 500: Terraform would try again for minutes.
            return refuse("InternalFailure", FAILED_INSIDE)
        if not started[0].startswith("404"):
            start_response(*started)
            return chunks
        body = b"".join(chunks)
        if _is_missing_page(environ, body):
            problem = "is not in the emulator; leave the call out, or run this against AWS"
            return refuse("NotImplementedException", problem)
        start_response(*started)
        return [body]

    return call


class UnavailableError(Exception):
    """An operation is not there; the message continues its name.

    Parameters
    ----------
    service : str
        The service's name in boto3, where it is known better than from the request's signature.
    """

    def __init__(self, message: str, service: str = "") -> None:
        super().__init__(message)
        self.service = service


def create_app(service: Any) -> Any:
    """Return moto's application of a service, by moto's name.

    Raises
    ------
    UnavailableError
        If there is none, or nothing of it runs.
    """
    if service is None:
        raise UnavailableError(
            "is of a service that the emulator does not have; leave the call out, or run this "
            "against AWS"
        )
    if not moto_module_runs(service):
        raise UnavailableError(NOT_RUN, _boto_service(service))
    try:
        return create_backend_app(service)
    except ImportError as error:
        # Some services of moto need packages that the emulator's environment leaves out.
        if error.name is None or importlib.util.find_spec(error.name.partition(".")[0]):
            raise
        raise UnavailableError(
            f"is of a service that needs the Python package {error.name!r}, which the emulator's "
            "environment leaves out; leave the call out, or run this against AWS"
        ) from error


def _boto_service(moto_module: str) -> str:
    by_module = {name.replace("-", ""): name for name in services()}
    return by_module.get(moto_module, "")


def _is_missing_page(environ: dict[str, Any], body: bytes) -> bool:
    # Answers of moto itself have a body in the service's protocol. S3's HEAD has none.
    scope, method = _scope(environ), environ["REQUEST_METHOD"]
    of_s3 = scope in ("s3", "") and not environ.get("PATH_INFO", "").startswith(_S3_CONTROL)
    if method == "HEAD" or of_s3:
        return False
    return not body or body.startswith((b"<!doctype html>", b"Not Found"))


def _called(environ: dict[str, Any], action: str, service: str = "") -> str:
    """Return the operation as IAM names it, or what the request says of it."""
    scope = service or _scope(environ)
    path = environ.get("PATH_INFO", "")
    target = environ.get("HTTP_X_AMZ_TARGET", "").rpartition(".")[2]
    operation = target or action
    if not operation and _is_cbor(environ):
        operation = path.rpartition("/")[2]
    for candidate in () if operation else signed_as(scope):
        with contextlib.suppress(NotFound, MethodNotAllowed, NotImplementedError):
            found = get_service_router(candidate).match(Request(environ.copy()))[0].name
            return iam_name(candidate, str(found))
    if not operation:
        operation = f"{environ['REQUEST_METHOD']} {path}"
    return iam_name(scope or "aws", operation)


def _scope(environ: dict[str, Any]) -> str:
    found = _SCOPE.search(environ.get("HTTP_AUTHORIZATION", ""))
    return found[1].lower() if found else ""


def _action_of_form(environ: dict[str, Any]) -> str:
    if not environ.get("CONTENT_TYPE", "").startswith(_FORM):
        return ""
    body = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
    environ["wsgi.input"] = io.BytesIO(body)
    return parse_qs(body.decode(errors="replace")).get("Action", [""])[0]


def _is_cbor(environ: dict[str, Any]) -> bool:
    return environ.get("HTTP_SMITHY_PROTOCOL") == "rpc-v2-cbor"


def _protocol(environ: dict[str, Any], action: str) -> str:
    scope = _scope(environ)
    if _is_cbor(environ):
        return "cbor"
    if environ.get("HTTP_X_AMZ_TARGET"):
        return "json"
    if action:
        return "ec2" if scope == "ec2" else "query"
    if scope == "s3":
        return "s3"
    return service_model(scope).protocol if scope in services() else "rest-json"


def _written(protocol: str, code: str, message: str) -> tuple[dict[str, str], bytes]:
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
