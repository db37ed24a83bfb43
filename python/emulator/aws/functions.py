"""Lambda functions: moto's records, invoked for real."""

import json
import threading
from typing import Any

from moto.awslambda.models import LambdaFunction
from moto.awslambda.responses import LambdaResponse

from emulator.aws.patching import replace, wrap
from emulator.aws.work import FunctionRunner
from emulator.runtime.errors import UnsupportedError
from emulator.runtime.functions import FunctionSpec, check_function

_LOG_TAIL_BYTES = 4096


def install(functions: FunctionRunner) -> None:
    """Run handlers; moto would start Docker."""

    def invoke_lambda(self: Any, event: Any = None) -> tuple[str, bool, str]:
        # moto hands over a parsed event, or the text "{}" where there was none.
        text = event if event == "{}" else json.dumps(event)
        result = functions.invoke(_spec(self), text)
        return result.payload, result.errored, result.log[-_LOG_TAIL_BYTES:]

    replace(LambdaFunction, "_invoke_lambda", invoke_lambda)
    wrap(LambdaFunction, "invoke", _invoke)
    wrap(LambdaResponse, "create_function", _create_function)


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


def _invoke(original: Any, self: Any, body: Any, request_headers: Any, headers: Any) -> Any:
    kind = request_headers.get("X-Amz-Invocation-Type", "RequestResponse")
    if kind == "DryRun":
        return b""
    if kind == "Event":
        # The caller does not wait; what the handler prints and raises stands in its log.
        threading.Thread(target=original, args=(self, body, {}, {}), daemon=True).start()
        return b""
    payload = original(self, body, {"x-amz-invocation-type": kind}, headers)
    if "x-amz-function-error" in headers:
        headers["x-amz-function-error"] = "Unhandled"
    return payload


def _create_function(original: Any, self: Any) -> Any:
    request = self.json_body
    check_function(request.get("Runtime"), request.get("PackageType"))
    if request.get("Layers"):
        raise UnsupportedError(f"Layers: the emulator cannot use {request['Layers']}; pack them in")
    return original(self)
