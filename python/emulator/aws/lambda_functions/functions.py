"""Lambda functions: moto's records, with handlers that run."""

import functools
import json
import time
import zipfile
from dataclasses import dataclass
from typing import Any

from moto.awslambda.models import LambdaBackend, LambdaFunction
from moto.awslambda.responses import LambdaResponse

from emulator.aws.lambda_functions.asynchronous import AsynchronousInvocations
from emulator.aws.lambda_functions.concurrency import Concurrency, ThrottledError
from emulator.aws.lambda_functions.metrics import count_call, count_throttle
from emulator.aws.patching import method, replace, wrap
from emulator.aws.protocol.errors import EmulatorError
from emulator.aws.protocol.operations import service_model
from emulator.aws.runners import FunctionRunner
from emulator.runtime.errors import UnsupportedError
from emulator.runtime.functions.function import (
    CodeTooLargeError,
    FunctionSpec,
    check_code,
    check_function,
)

_LOG_TAIL_BYTES = 4096
_GONE = ("python2.7", "python3.6")
_NEWEST = "python3.14"


def install(functions: FunctionRunner, asynchronous: AsynchronousInvocations) -> None:
    """Run handlers; moto would start Docker."""
    replace(
        LambdaFunction, "_invoke_lambda", method(_invoke_lambda, _Calls(functions, Concurrency()))
    )
    wrap(LambdaFunction, "invoke", functools.partial(_invoke, asynchronous))
    wrap(LambdaFunction, "__init__", _with_code)
    wrap(LambdaFunction, "update_function_code", _with_code)
    wrap(LambdaResponse, "create_function", _create_function)
    wrap(LambdaResponse, "update_function_configuration", _update_function)
    wrap(LambdaResponse, "invoke", _with_qualifier)

    wrap(LambdaBackend, "create_event_source_mapping", _create_mapping)
    wrap(LambdaBackend, "delete_event_source_mapping", _delete_mapping)


@dataclass(frozen=True)
class _Calls:
    functions: FunctionRunner
    concurrency: Concurrency


def _invoke_lambda(calls: _Calls, self: Any, event: Any = None) -> tuple[str, bool, str]:
    # moto passes a parsed event, or the text "{}" if there is none.
    text = event if event == "{}" else json.dumps(event)
    try:
        with calls.concurrency.call(self.function_name):
            started = time.perf_counter()
            result = calls.functions.invoke(_spec(self), text)
    except ThrottledError:
        count_throttle(self.function_name)
        raise
    seconds = time.perf_counter() - started
    count_call(self.function_name, errored=result.errored, seconds=seconds)
    return result.payload, result.errored, result.log[-_LOG_TAIL_BYTES:]


def _spec(function: Any) -> FunctionSpec:
    return FunctionSpec(
        arn=function.function_arn,
        name=function.function_name,
        version=str(function.version),
        runtime=function.run_time,
        handler=function.handler,
        timeout_seconds=int(function.timeout),
        memory_mb=int(function.memory_size),
        environment={key: str(value) for key, value in function.environment_vars.items()},
        code_zip=function.code_bytes,
        code_sha256=function.code_sha_256,
        role_arn=function.role,
        log_group=function.logs_group_name,
    )


def _invoke(
    asynchronous: AsynchronousInvocations,
    original: Any,
    self: Any,
    body: Any,
    request_headers: Any,
    headers: Any,
) -> Any:
    kind = request_headers.get("X-Amz-Invocation-Type", "RequestResponse")
    if kind == "DryRun":
        return b""
    if kind == "Event":
        asynchronous.submit(lambda: _succeeds(original, self, body))
        return b""
    payload = original(self, body, {"x-amz-invocation-type": kind}, headers)
    headers["x-amz-executed-version"] = str(self.version)
    if "x-amz-function-error" in headers:
        headers["x-amz-function-error"] = "Unhandled"
    return payload


def _succeeds(original: Any, self: Any, body: Any) -> bool:
    headers: dict[str, Any] = {}
    try:
        original(self, body, {}, headers)
    except ThrottledError:
        return False
    return "x-amz-function-error" not in headers


def _with_qualifier(original: Any, self: Any) -> Any:
    # moto expects the name in lower case; otherwise it would run the unpublished function.
    if "Qualifier" in self.querystring:
        self.querystring["qualifier"] = self.querystring["Qualifier"]
    return original(self)


def _create_function(original: Any, self: Any) -> Any:
    request = self.json_body
    check_function(request.get("Runtime"), request.get("PackageType"))
    _check_runtime(request.get("Runtime"))
    if request.get("Layers"):
        raise UnsupportedError(f"Layers: the emulator cannot use {request['Layers']}; pack them in")
    return original(self)


def _update_function(original: Any, self: Any) -> Any:
    runtime = self.json_body.get("Runtime")
    if runtime is not None:
        check_function(runtime)
        _check_runtime(runtime)
    return original(self)


def _with_code(original: Any, self: Any, *args: Any, **kwargs: Any) -> Any:
    before = dict(vars(self))
    result = original(self, *args, **kwargs)
    try:
        check_code(self.code_bytes)
    except CodeTooLargeError as error:
        vars(self).clear()
        vars(self).update(before)
        raise EmulatorError("InvalidParameterValueException", str(error)) from error
    except zipfile.BadZipFile:
        pass  # reported by the invocation
    return result


def _check_runtime(runtime: str | None) -> None:
    # https://docs.aws.amazon.com/lambda/latest/dg/lambda-runtimes.html
    known = service_model("lambda").shape_for("Runtime").enum
    pythons = [one for one in known if one.startswith("python3") and one not in _GONE]
    if runtime in _GONE:
        raise EmulatorError(
            "InvalidParameterValueException",
            f"The runtime parameter of {runtime} is no longer supported for creating or updating "
            f"AWS Lambda functions. We recommend you use {_NEWEST} while creating or updating "
            "functions.",
        )
    if runtime not in known:
        raise EmulatorError(
            "InvalidParameterValueException",
            f"Value {runtime} at 'runtime' failed to satisfy constraint: Member must satisfy enum "
            f"value set: {pythons}",
        )


def _create_mapping(original: Any, self: Any, spec: dict[str, Any]) -> Any:
    source = spec.get("EventSourceArn") or ""
    if ":sqs:" not in source:
        raise UnsupportedError(
            f"EventSourceArn: the emulator reads only queues, not {source!r}; invoke the "
            "function here"
        )
    return original(self, spec)


def _delete_mapping(original: Any, self: Any, uuid: str) -> Any:
    mapping = original(self, uuid)
    if mapping:
        mapping.enabled = False  # the queue still refers to it
    return mapping
