"""The handling of a request before moto, and of moto's exceptions.

A request is checked against its model and the caller's permissions, then a fault rule may refuse
it, then moto runs it. An operation that moto lacks returns an error that SDKs do not retry: moto's
own response, an HTML page with status 500, makes them retry for minutes.
"""

import functools
import json
import logging
import re
import warnings
from typing import Any

from moto.core import responses
from moto.core.exceptions import AWSError, JsonRESTError, ServiceException
from moto.core.parse import RequestParserError
from moto.core.responses import ActionResult, BaseResponse

from emulator.aws.faults import Faults, InjectedError
from emulator.aws.patching import replace, wrap
from emulator.aws.permissions.checks import AccessDeniedError, Permissions
from emulator.aws.permissions.parameters import parse_parameters
from emulator.aws.protocol.errors import EmulatorError
from emulator.aws.protocol.moto_failures import FAILED_INSIDE, explain
from emulator.aws.protocol.operation_table import OPERATIONS
from emulator.aws.protocol.operations import iam_name, operation_model, resource_name, service_model
from emulator.aws.protocol.validation import (
    SerializationError,
    missing_members,
    null_message,
    validation_message,
)
from emulator.front.errors import RefusedError
from emulator.runtime.errors import UnsupportedError

LOG = logging.getLogger("emulator")

_NAMED_IN_PATH = re.compile(r"/(?:functions|endpoints)/([^/]+)/")


def install(faults: Faults, permissions: Permissions) -> None:
    """Check every request before moto runs it, and turn moto's exceptions into AWS's errors."""
    # Models do not list the errors common to all services, such as AccessDenied.
    warnings.filterwarnings("ignore", ".*does not match an error shape", UserWarning)
    wrap(BaseResponse, "call_action", functools.partial(_call_action, faults, permissions))
    wrap(AWSError, "__init__", _with_message)
    # moto inspects the whole class for every request.
    original = responses.method_names_from_class  # pyright: ignore[reportPrivateImportUsage]
    replace(responses, "method_names_from_class", functools.cache(original))


def _call_action(faults: Faults, permissions: Permissions, original: Any, self: Any) -> Any:
    try:
        _check(self, faults, permissions)
        return original(self)
    except RefusedError:
        raise  # caused by a malformed body
    except AccessDeniedError as error:
        return _denied(self, str(error))
    except ServiceException as error:
        return _answer(self, error)
    except UnsupportedError as error:
        return _answer(self, EmulatorError("ValidationException", str(error)))
    except NotImplementedError as error:
        return _answer(self, _not_built(self, error))
    except JsonRESTError as error:  # such as a bad pagination token
        return _answer(self, EmulatorError(error.error_type, str(error.message)))
    except RequestParserError as error:
        return _answer(self, EmulatorError("SerializationException", str(error)))
    except RecursionError:
        problem = f"{called(self)} has a body that is nested too deeply"
        return _answer(self, EmulatorError("SerializationException", problem))
    except Exception as error:
        LOG.exception("%s failed inside the emulator", called(self))
        # Not 500: SDKs and Terraform would retry for minutes, with the same result.
        return _answer(self, _moto_failed(self, error))


def _with_message(
    original: Any, self: Any, message: str | None = None, *args: Any, **kwargs: Any
) -> None:
    # moto raises some of its errors without a message.
    original(self, message or "The request names something that does not exist", *args, **kwargs)


def called(response: Any) -> str:
    """Return the operation that a request calls, named as in IAM."""
    return iam_name(response.boto3_service_name, response._get_action() or "an unknown operation")


def _check(response: Any, faults: Faults, permissions: Permissions) -> None:
    operation = response._get_action()
    if not operation:
        return
    service = response.boto3_service_name
    refused = OPERATIONS.reason(service, operation) or OPERATIONS.member_reason(
        service, operation, functools.partial(parse_parameters, response, operation)
    )
    if refused:
        raise EmulatorError("NotImplementedException", refused)
    is_json = bool(response.headers.get("X-Amz-Target"))
    parameters = json.loads(response.raw_body or "{}") if is_json else response.querystring
    model = operation_model(service, operation)
    if model is not None and model.input_shape is not None:
        if is_json:
            _check_json(operation, model, parameters)
        else:
            _check_required(model, parse_parameters(response, operation))
    if model is not None:
        permissions.check_request(response, operation)
    in_path = _NAMED_IN_PATH.search(response.path)
    name = in_path[1] if in_path else resource_name(operation, _first_values(parameters))
    try:
        faults.refuse(called(response), name)
    except InjectedError as error:
        raise EmulatorError(error.code, error.message) from error


def _check_json(operation: str, model: Any, parameters: Any) -> None:
    try:
        problem = validation_message(operation, model.input_shape, parameters)
    except SerializationError as error:
        raise EmulatorError("SerializationException", str(error)) from error
    if problem:
        raise EmulatorError("ValidationException", problem)


def _check_required(model: Any, parameters: dict[str, Any]) -> None:
    # moto reads query and path parameters without checking that they exist.
    missing = missing_members(model.input_shape, parameters)
    if not missing:
        return
    protocol = model.service_model.protocol
    if protocol == "ec2":
        text = f"The request must contain the parameter {missing[0]}"
        raise EmulatorError("MissingParameter", text)
    code = "ValidationError" if protocol == "query" else "ValidationException"
    raise EmulatorError(code, null_message(missing))


def _first_values(parameters: dict[str, Any]) -> dict[str, Any]:
    return {
        key: value[0] if isinstance(value, list) and value else value
        for key, value in parameters.items()
    }


def _denied(response: Any, message: str) -> Any:
    protocol = service_model(response.boto3_service_name).protocol
    code = "AccessDeniedException" if "json" in protocol else "AccessDenied"
    status = 400 if protocol == "json" else 403
    return _answer(response, EmulatorError(code, message), status)


def _not_built(response: Any, error: NotImplementedError) -> EmulatorError:
    return EmulatorError(
        "NotImplementedException",
        f"The emulator does not support {called(response)} ({error}); leave the call out, or run "
        "this against AWS",
    )


def _moto_failed(response: Any, error: Exception) -> EmulatorError:
    operation = response._get_action() or ""
    model = operation_model(response.boto3_service_name, operation)
    code, problem = "InternalFailure", FAILED_INSIDE
    if model is not None:
        code, problem = explain(error, model, parse_parameters(response, operation))
    return EmulatorError(code, f"{called(response)} {problem}")


def _answer(response: Any, error: ServiceException, status: int | None = None) -> Any:
    code, headers, body = response.serialized(ActionResult(error))
    headers["status"] = status or (code if 400 <= code < 500 else 400)
    headers, body = response._enrich_response(headers, body)
    return int(headers["status"]), headers, body
