"""Requests that no part of moto handles, refused by name in their own protocol.

moto answers them with an HTML page, or not at all: SDKs then retry for minutes, and Terraform
interprets a 404 as a resource that was deleted.
"""

import importlib.util
import logging
from collections.abc import Callable, Iterable
from typing import Any

from moto.core.parse import RequestParserError
from moto.moto_server import werkzeug_app
from moto.moto_server.werkzeug_app import DomainDispatcherApplication, create_backend_app
from werkzeug.wrappers import Response

from emulator.aws import dynamodb
from emulator.aws.patching import replace
from emulator.aws.protocol.moto_failures import FAILED_INSIDE
from emulator.aws.protocol.operation_table import NOT_RUN, moto_module_runs
from emulator.aws.protocol.operations import iam_name, services
from emulator.aws.protocol.request_form import form_problem, operation_of_path
from emulator.aws.protocol.wire import action_of_form, is_cbor, protocol, scope, written
from emulator.front.errors import RefusedError

LOG = logging.getLogger("emulator")

_S3_CONTROL = "/v20180820/"

NOT_SUPPORTED = "is not supported by the emulator; leave the call out, or run this against AWS"
"""Continues a message that begins with an operation's name."""

Wsgi = Callable[[dict[str, Any], Any], Iterable[bytes]]


def moto_services() -> Wsgi:
    """Return moto's services as one WSGI application that refuses unknown operations."""
    # moto lets web pages of every origin read its responses.
    replace(werkzeug_app, "DISABLE_GLOBAL_CORS", True)
    return in_protocol(DomainDispatcherApplication(create_app))


def in_protocol(application: Wsgi) -> Wsgi:
    """Return `application` with its HTML pages and exceptions turned into AWS's errors."""

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

        problem = form_problem(environ, action)
        if problem:
            return refuse(*problem)
        try:
            chunks = application(environ, start)
        except RefusedError:
            raise  # caused by a malformed body
        except UnavailableError as error:
            return refuse("NotImplementedException", str(error), error.service)
        except RequestParserError as error:
            return refuse("SerializationException", f"has a value of the wrong type: {error}")
        except RecursionError:
            return refuse("SerializationException", "has a body that is nested too deeply")
        except Exception:
            # Not with HTTP 500: Terraform would retry for minutes.
            return refuse("InternalFailure", FAILED_INSIDE)
        if not started[0].startswith("404"):
            start_response(*started)
            return chunks
        body = b"".join(chunks)
        if _is_missing_page(environ, body):
            return refuse("NotImplementedException", NOT_SUPPORTED)
        start_response(*started)
        return [body]

    return call


class UnavailableError(Exception):
    """An operation is not available; the message continues its name.

    Parameters
    ----------
    service : str
        The service's name in boto3, if the request's signature does not determine it.
    """

    def __init__(self, message: str, service: str = "") -> None:
        super().__init__(message)
        self.service = service


def create_app(service: Any) -> Any:
    """Return moto's application of a service, by moto's name.

    Raises
    ------
    UnavailableError
        If moto does not have the service, or none of its operations runs here.
    """
    if service is None:
        raise UnavailableError(
            "is of a service that the emulator does not support; leave the call out, or run this "
            "against AWS"
        )
    if not moto_module_runs(service):
        raise UnavailableError(NOT_RUN, _boto_service(service))
    if service == "dynamodb":
        dynamodb.install()
    try:
        return create_backend_app(service)
    except ImportError as error:
        # Some of moto's services need packages that the emulator's environment does not have.
        if error.name is None or importlib.util.find_spec(error.name.partition(".")[0]):
            raise
        raise UnavailableError(
            f"is of a service that needs the Python package {error.name!r}, which the emulator's "
            "environment does not have; leave the call out, or run this against AWS"
        ) from error


def _boto_service(moto_module: str) -> str:
    by_module = {name.replace("-", ""): name for name in services()}
    return by_module.get(moto_module, "")


def _is_missing_page(environ: dict[str, Any], body: bytes) -> bool:
    # moto's own responses have a body in the service's protocol. S3's HEAD has none.
    service, method = scope(environ), environ["REQUEST_METHOD"]
    of_s3 = service in ("s3", "") and not environ.get("PATH_INFO", "").startswith(_S3_CONTROL)
    if method == "HEAD" or of_s3:
        return False
    return not body or body.startswith((b"<!doctype html>", b"Not Found"))


def _called(environ: dict[str, Any], action: str, service: str = "") -> str:
    """Return the operation named as in IAM, or method and path if it is unknown."""
    signed_for = service or scope(environ)
    path = environ.get("PATH_INFO", "")
    target = environ.get("HTTP_X_AMZ_TARGET", "").rpartition(".")[2]
    operation = target or action
    if not operation and is_cbor(environ):
        operation = path.rpartition("/")[2]
    found = None if operation else operation_of_path(environ, signed_for)
    if found:
        return iam_name(*found)
    if not operation:
        operation = f"{environ['REQUEST_METHOD']} {path}"
    return iam_name(signed_for or "aws", operation)
