"""Requests that nothing of moto takes, refused by name in the protocol they came in.

Moto answers them with an HTML page, or not at all: SDKs then try again for minutes, and Terraform
takes a 404 for a resource that is gone.
"""

import contextlib
import importlib.util
import logging
from collections.abc import Callable, Iterable
from typing import Any

from moto.core.parse import RequestParserError
from moto.core.request import Request
from moto.core.routing import get_service_router
from moto.moto_server import werkzeug_app
from moto.moto_server.werkzeug_app import DomainDispatcherApplication, create_backend_app
from werkzeug.exceptions import MethodNotAllowed, NotFound
from werkzeug.wrappers import Response

from emulator.aws.operation_table import NOT_RUN, moto_module_runs
from emulator.aws.operations import iam_name, service_model, services, signed_as
from emulator.aws.patching import replace
from emulator.aws.protocols import FORM, action_of_form, is_cbor, protocol, scope, written
from emulator.aws.stumbles import FAILED_INSIDE
from emulator.front.errors import RefusedError

LOG = logging.getLogger("emulator")

_S3_CONTROL = "/v20180820/"

Wsgi = Callable[[dict[str, Any], Any], Iterable[bytes]]


def moto_services() -> Wsgi:
    """Return moto's services as one WSGI application that refuses what they do not have."""
    # moto lets the pages of every origin read its answers.
    replace(werkzeug_app, "DISABLE_GLOBAL_CORS", True)
    return in_protocol(DomainDispatcherApplication(create_app))


def in_protocol(application: Wsgi) -> Wsgi:
    """Return `application`, with its HTML pages and exceptions turned into errors of AWS."""

    def call(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        action = action_of_form(environ)
        started: list[Any] = []

        def start(status: str, headers: list[tuple[str, str]], _: Any = None) -> None:
            started[:] = [status, headers]

        def refuse(code: str, problem: str, service: str = "") -> Iterable[bytes]:
            message = f"{_called(environ, action, service)} {problem}"
            LOG.warning(message, exc_info=code == "InternalFailure")
            headers, text = written(protocol(environ, action), code, message)
            return Response(text, 400, headers)(environ, start_response)

        code = _missing_operation(environ, action)
        if code:
            return refuse(code, "names no operation: it has neither an Action nor an X-Amz-Target")
        try:
            chunks = application(environ, start)
        except RefusedError:
            raise  # of a broken body
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


def _missing_operation(environ: dict[str, Any], action: str) -> str | None:
    """Return the code of the error if a request should name an operation, and names none."""
    service, target = scope(environ), environ.get("HTTP_X_AMZ_TARGET")
    if target is not None:
        return None if target.rpartition(".")[2] else "UnknownOperationException"
    in_query = "Action=" in environ.get("QUERY_STRING", "")
    if action or in_query or is_cbor(environ) or environ.get("PATH_INFO") not in ("", "/"):
        return None
    spoken = service_model(service).protocol if service in services() else ""
    is_form = environ.get("CONTENT_TYPE", "").startswith(FORM) and service not in ("s3", "")
    if spoken in ("query", "ec2") or (is_form and not spoken.startswith("rest")):
        return "MissingAction"
    return "UnknownOperationException" if spoken == "json" else None


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
    service, method = scope(environ), environ["REQUEST_METHOD"]
    of_s3 = service in ("s3", "") and not environ.get("PATH_INFO", "").startswith(_S3_CONTROL)
    if method == "HEAD" or of_s3:
        return False
    return not body or body.startswith((b"<!doctype html>", b"Not Found"))


def _called(environ: dict[str, Any], action: str, service: str = "") -> str:
    """Return the operation as IAM names it, or what the request says of it."""
    signed_for = service or scope(environ)
    path = environ.get("PATH_INFO", "")
    target = environ.get("HTTP_X_AMZ_TARGET", "").rpartition(".")[2]
    operation = target or action
    if not operation and is_cbor(environ):
        operation = path.rpartition("/")[2]
    for candidate in () if operation else signed_as(signed_for):
        with contextlib.suppress(NotFound, MethodNotAllowed, NotImplementedError):
            found = get_service_router(candidate).match(Request(environ.copy()))[0].name
            return iam_name(candidate, str(found))
    if not operation:
        operation = f"{environ['REQUEST_METHOD']} {path}"
    return iam_name(signed_for or "aws", operation)
