"""InvokeEndpoint: forwarded to the model server, with SageMaker's responses and metrics."""

import json
import time
from typing import Any

from moto.sagemakerruntime.responses import SageMakerRuntimeResponse

from emulator.aws.account import ACCOUNT, REGION
from emulator.aws.patching import method, replace
from emulator.aws.runners import ModelServer
from emulator.aws.sagemaker.capture_plan import Exchange
from emulator.aws.sagemaker.endpoint_kinds import ASYNCHRONOUS, SERVERLESS
from emulator.aws.sagemaker.endpoints import Endpoints
from emulator.aws.sagemaker.fleet import ThrottledError, UnknownVariantError
from emulator.aws.sagemaker.invocation_metrics import InvocationMetrics
from emulator.aws.sagemaker.traffic import NoTrafficError
from emulator.runtime.model_servers.server import ModelServerError, ServerResponse

MAX_PAYLOAD_BYTES = 6_291_456
_MAX_PAYLOAD_BYTES = {SERVERLESS: 4_194_304}
_CONSOLE = f"https://{REGION}.console.aws.amazon.com/cloudwatch/home?region={REGION}"
_NO_RESPONSE = 0  # SageMaker's status for a container that did not respond
_INFERENCE_ID = "X-Amzn-SageMaker-Inference-Id"
_MAX_INFERENCE_ID = 64
_PASSED_ON = ("Content-Type", "Accept", "X-Amzn-SageMaker-Custom-Attributes")


def install(endpoints: Endpoints, metrics: InvocationMetrics) -> None:
    """Forward invocations to the endpoint's model servers; moto returns a fixed text."""
    SageMakerRuntimeResponse.use_raw_body = True  # a payload may be binary
    replace(
        SageMakerRuntimeResponse, "invoke_endpoint", method(_invoke_endpoint, endpoints, metrics)
    )


def _invoke_endpoint(endpoints: Endpoints, metrics: InvocationMetrics, self: Any) -> Any:
    came, started = time.time(), time.perf_counter()
    name = self._get_param("EndpointName")
    body = self.raw_body
    traffic = endpoints.serving(name)
    if traffic is None:
        return _not_found(name)
    limit = _MAX_PAYLOAD_BYTES.get(traffic.kind, MAX_PAYLOAD_BYTES)
    if len(body) > limit:
        return _too_long("body", limit)
    if len(self.headers.get(_INFERENCE_ID, "")) > _MAX_INFERENCE_ID:
        return _too_long("inferenceId", _MAX_INFERENCE_ID)
    if traffic.kind == ASYNCHRONOUS:
        return _refused(f"Endpoint {name} is asynchronous: use InvokeEndpointAsync.")
    headers = {key: self.headers[key] for key in _PASSED_ON if key in self.headers}
    wanted = self.headers.get("X-Amzn-SageMaker-Target-Variant")
    try:
        with traffic.serving(wanted) as assigned:
            sent = time.perf_counter()
            response = _invoke(assigned.server, body, headers)
            model_latency = time.perf_counter() - sent
            if assigned.writer is not None and _is_answer(response):
                assigned.writer.offer(_exchange(self.headers, body, response, came))
    except UnknownVariantError:
        return _refused(f"Variant {wanted} not found for Request")
    except ThrottledError:
        return _error(429, "ThrottlingException", {"Message": "Rate exceeded"})
    except NoTrafficError:
        return _not_found(name)
    answer = _answer(name, assigned.plan.name, response)
    overhead = time.perf_counter() - started - model_latency
    metrics.count(name, assigned, response.status, model_latency, overhead)
    return answer


def _invoke(server: ModelServer, body: bytes, headers: dict[str, str]) -> ServerResponse:
    try:
        return server.invoke(body, headers)
    except ModelServerError as error:
        return ServerResponse(_NO_RESPONSE, {}, str(error).encode())


def _is_answer(response: ServerResponse) -> bool:
    return _NO_RESPONSE < response.status < 400


def _exchange(headers: Any, body: bytes, response: ServerResponse, came: float) -> Exchange:
    return Exchange(
        request=body,
        request_type=headers.get("Content-Type"),
        response=response.body,
        response_type=response.headers.get("Content-Type"),
        inference_id=headers.get(_INFERENCE_ID),
        seconds=came,
    )


def _answer(endpoint: str, variant: str, response: ServerResponse) -> Any:
    if _is_answer(response):
        headers = {
            "Content-Type": response.headers.get("Content-Type", "application/octet-stream"),
            "x-Amzn-Invoked-Production-Variant": variant,
        }
        return 200, headers, response.body
    message = response.body.decode(errors="replace")
    side = "client" if 400 <= response.status < 500 else "server"
    group = f"/aws/sagemaker/Endpoints/{endpoint}"
    text = (
        f'Received {side} error ({response.status}) from primary with message "{message}". See '
        f"{_CONSOLE}#logEventViewer:group={group} in account {ACCOUNT} for more information."
    )
    body = {
        "Message": text,
        "OriginalStatusCode": response.status,
        "OriginalMessage": message,
        "LogStreamArn": f"arn:aws:logs:{REGION}:{ACCOUNT}:log-group:{group}",
    }
    return _error(424, "ModelError", body)


def _not_found(name: str) -> Any:
    return _refused(f"Endpoint {name} of account {ACCOUNT} not found.")


def _too_long(member: str, limit: int) -> Any:
    return _refused(
        f"1 validation error detected: Value at '{member}' failed to satisfy constraint: Member "
        f"must have length less than or equal to {limit}"
    )


def _refused(message: str) -> Any:
    return _error(400, "ValidationError", {"Message": message})


def _error(status: int, code: str, body: dict[str, Any]) -> Any:
    headers = {"Content-Type": "application/json", "x-amzn-errortype": code, "status": status}
    return status, headers, json.dumps(body)
