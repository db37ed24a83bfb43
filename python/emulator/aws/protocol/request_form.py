"""The check that a request follows its protocol, which moto takes for granted."""

import contextlib
import io
import json
import re
from typing import Any

from moto.core.request import Request
from moto.core.routing import get_service_router
from werkzeug.exceptions import MethodNotAllowed, NotFound

from emulator.aws.protocol.operations import operation_model, service_model, services, signed_as
from emulator.aws.protocol.wire import FORM, is_cbor, protocol, scope

# moto determines DynamoDB's version from the parts of the target.
_TARGETS = {"dynamodb": re.compile(r"DynamoDB(Streams)?_\d{8}\.\w+", re.ASCII)}
_TARGET = re.compile(r"[\w.-]*\.\w+", re.ASCII)


def form_problem(environ: dict[str, Any], action: str) -> tuple[str, str] | None:
    """Return an error's code and a message that continues the operation's name, or None.

    Parameters
    ----------
    action : str
        The ``Action`` of a query request's body.
    """
    code = _missing_operation(environ, action)
    if code:
        return code, "has no operation: neither an Action nor an X-Amz-Target"
    is_json = "json" in environ.get("CONTENT_TYPE", "") and scope(environ) not in ("s3", "")
    if environ.get("HTTP_X_AMZ_TARGET") or is_json:
        problem = _json_problem(environ)
        if problem and _takes_json(environ, action):
            return "SerializationException", problem
    return None


def operation_of_path(environ: dict[str, Any], signed_for: str) -> tuple[str, str] | None:
    """Return service and operation of a REST request, or None."""
    for candidate in signed_as(signed_for):
        with contextlib.suppress(NotFound, MethodNotAllowed, NotImplementedError):
            request = Request(environ.copy())
            return candidate, str(get_service_router(candidate).match(request)[0].name)
    return None


def _missing_operation(environ: dict[str, Any], action: str) -> str | None:
    service, target = scope(environ), environ.get("HTTP_X_AMZ_TARGET")
    if target is not None:
        known = _TARGETS.get(service, _TARGET).fullmatch(target)
        return None if known else "UnknownOperationException"
    in_query = "Action=" in environ.get("QUERY_STRING", "")
    if action or in_query or is_cbor(environ) or environ.get("PATH_INFO") not in ("", "/"):
        return None
    spoken = service_model(service).protocol if service in services() else ""
    is_form = environ.get("CONTENT_TYPE", "").startswith(FORM) and service not in ("s3", "")
    if spoken in ("query", "ec2") or (is_form and not spoken.startswith("rest")):
        return "MissingAction"
    return "UnknownOperationException" if spoken == "json" else None


def _json_problem(environ: dict[str, Any]) -> str | None:
    body = environ["wsgi.input"].read()
    environ["wsgi.input"] = io.BytesIO(body)
    try:
        document = json.loads(body) if body else {}
    except RecursionError:
        return "has a body that is nested too deeply"
    except ValueError as error:  # also for text that is not UTF-8
        return f"has a body that is not JSON: {error}"
    if not isinstance(document, dict):
        return "has a body that is not a JSON object"
    try:
        body.decode()
        if b"\\u" in body:  # half of a surrogate pair
            json.dumps(document, ensure_ascii=False).encode()
    except ValueError:
        return "has text that is not UTF-8"
    return None


def _takes_json(environ: dict[str, Any], action: str) -> bool:
    """Whether the whole body of the request must be JSON."""
    if environ.get("HTTP_X_AMZ_TARGET"):
        return True
    if protocol(environ, action) != "rest-json":
        return False
    found = operation_of_path(environ, scope(environ))
    model = operation_model(*found) if found else None
    shape = model.input_shape if model else None
    if shape is None:
        return False
    payload = shape.serialization.get("payload")
    return payload is None or shape.members[payload].type_name == "structure"
