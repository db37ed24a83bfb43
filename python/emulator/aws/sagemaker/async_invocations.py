"""InvokeEndpointAsync: requests in a queue, responses in S3, and notifications.

Source: https://docs.aws.amazon.com/sagemaker/latest/dg/async-inference.html
"""

from __future__ import annotations

import json
import logging
import threading
import time
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError
from moto.sagemaker.models import sagemaker_backends
from moto.sagemakerruntime.responses import SageMakerRuntimeResponse

from emulator.aws.account import ACCOUNT, REGION
from emulator.aws.clients import EmulatedAws
from emulator.aws.metrics import Metric, put_metrics
from emulator.aws.patching import method, replace
from emulator.aws.sagemaker.async_requests import (
    Invocation,
    InvocationError,
    notification,
    parse_invocation,
)
from emulator.aws.sagemaker.endpoint_kinds import ASYNCHRONOUS
from emulator.aws.sagemaker.endpoints import Endpoints
from emulator.aws.sagemaker.traffic import Assignment, NoTrafficError
from emulator.runtime.data.s3 import split_uri
from emulator.runtime.model_servers.server import ModelServerError

LOG = logging.getLogger("emulator")

MAX_INPUT_BYTES = 1024**3
_CONCURRENCY = 4  # if the configuration leaves it to SageMaker


@dataclass
class _Queue:
    waiting: deque[Invocation] = field(default_factory=deque)
    under_way: int = 0


class AsyncInvocations:
    """The queues of asynchronous endpoints, each processed by a few threads while not empty."""

    def __init__(self, aws: EmulatedAws, endpoints: Endpoints) -> None:
        self._aws = aws
        self._endpoints = endpoints
        self._lock = threading.Lock()
        self._queues: dict[str, _Queue] = {}

    def submit(self, invocation: Invocation, concurrency: int) -> None:
        """Queue a request."""
        with self._lock:
            queue = self._queues.setdefault(invocation.endpoint, _Queue())
            queue.waiting.append(invocation)
            if queue.under_way >= concurrency:
                return
            queue.under_way += 1
        name = f"{invocation.endpoint} asynchronous"
        threading.Thread(target=self._process_queue, args=(queue,), name=name, daemon=True).start()

    def close(self) -> None:
        """Stop processing the queues."""
        with self._lock:
            for queue in self._queues.values():
                queue.waiting.clear()

    def _process_queue(self, queue: _Queue) -> None:
        while True:
            with self._lock:
                if not queue.waiting:
                    queue.under_way -= 1
                    return
                invocation = queue.waiting.popleft()
            self._process(invocation)

    def _backlog(self, endpoint: str) -> int:
        with self._lock:
            queue = self._queues[endpoint]
            # The current request is no longer in the queue.
            return len(queue.waiting) + queue.under_way - 1

    def _process(self, invocation: Invocation) -> None:
        started = time.time()
        variant: str | None = None
        try:
            if started - invocation.received > invocation.ttl_seconds:
                raise InvocationError(
                    f"ClientError: the request expired: it waited longer than "
                    f"{invocation.ttl_seconds:g} s"
                )
            traffic = self._endpoints.serving(invocation.endpoint)
            if traffic is None:
                raise InvocationError("ClientError: the endpoint is no longer in service")
            with traffic.serving(None) as assigned:
                variant = assigned.plan.name
                content_type = self._answer(invocation, assigned)
            self._notify(invocation, assigned.plan.role_arn, {"contentType": content_type}, None)
            failed = False
        except (InvocationError, NoTrafficError) as error:
            self._fail(invocation, str(error) or "ClientError: the endpoint is being deleted")
            failed = True
        except Exception as error:
            LOG.exception("an invocation of %s failed inside the emulator", invocation.endpoint)
            self._fail(invocation, f"InternalServerError: {type(error).__name__}: {error}")
            failed = True
        self._count(invocation, variant, started, failed=failed)

    def _answer(self, invocation: Invocation, assigned: Assignment) -> str:
        """Invoke the model, write its response, and return the response's content type."""
        s3 = self._aws.client("s3", assigned.plan.role_arn)
        body = invocation.body
        if body is None:
            body = _download(s3, invocation.input_location or "")
        try:
            response = assigned.server.invoke(body, invocation.headers, invocation.timeout_seconds)
        except ModelServerError as error:
            raise InvocationError(f"ModelError: {error}") from error
        if response.status >= 400:
            side = "client" if response.status < 500 else "server"
            said = response.body.decode(errors="replace")
            raise InvocationError(
                f'ModelError: Received {side} error ({response.status}) from model with message "'
                f'{said}"'
            )
        content_type = response.headers.get("Content-Type", "application/octet-stream")
        _upload(s3, invocation, invocation.output_location, response.body, content_type)
        return content_type

    def _fail(self, invocation: Invocation, reason: str) -> None:
        LOG.warning(
            "the asynchronous invocation %s of %s failed: %s",
            invocation.inference_id,
            invocation.endpoint,
            reason,
        )
        role_arn = _role_of(invocation.endpoint)
        if role_arn is None:
            return  # the endpoint was deleted, with its configuration
        if invocation.failure_location:
            try:
                s3 = self._aws.client("s3", role_arn)
                text = reason.encode()
                _upload(s3, invocation, invocation.failure_location, text, "text/plain")
            except InvocationError as error:
                LOG.warning("the failure was not written: %s", error)
        self._notify(invocation, role_arn, None, reason)

    def _notify(
        self,
        invocation: Invocation,
        role_arn: str,
        answered: Mapping[str, str] | None,
        reason: str | None,
    ) -> None:
        topic = invocation.topics.get("ErrorTopic" if reason else "SuccessTopic")
        if not topic:
            return
        message = notification(invocation, answered, reason)
        try:
            self._aws.client("sns", role_arn).publish(TopicArn=topic, Message=json.dumps(message))
        except (ClientError, BotoCoreError) as error:
            LOG.warning("%s was not notified of %s: %s", topic, invocation.inference_id, error)
            dimensions = {"EndpointName": invocation.endpoint}
            put_metrics([Metric("AWS/SageMaker", "NotificationFailures", dimensions)])

    def _count(
        self, invocation: Invocation, variant: str | None, started: float, *, failed: bool
    ) -> None:
        endpoint = {"EndpointName": invocation.endpoint}
        backlog, now = self._backlog(invocation.endpoint), time.time()
        values = [(endpoint, "ApproximateBacklogSize", backlog, "Count")]
        values.append((endpoint, "ApproximateBacklogSizePerInstance", backlog, "Count"))
        if variant is not None:
            served = {**endpoint, "VariantName": variant}
            queued, taken = started - invocation.received, now - invocation.received
            values += [
                (served, "InvocationsProcessed", 1, "Count"),
                (served, "InvocationFailures", int(failed), "Count"),
                (served, "TimeInBacklog", queued * 1e6, "Microseconds"),
                (served, "TotalProcessingTime", taken * 1e3, "Milliseconds"),
            ]
        put_metrics(
            Metric("AWS/SageMaker", name, dimensions, value, unit)
            for dimensions, name, value, unit in values
        )


def install(invocations: AsyncInvocations, endpoints: Endpoints) -> None:
    """Queue asynchronous invocations; moto writes a fixed text to its own bucket."""
    replace(
        SageMakerRuntimeResponse,
        "invoke_endpoint_async",
        method(_invoke_endpoint_async, invocations, endpoints),
    )


def _invoke_endpoint_async(invocations: AsyncInvocations, endpoints: Endpoints, self: Any) -> Any:
    name = self.path.split("/")[2]
    traffic = endpoints.serving(name)
    if traffic is None:
        return _refused(f"Endpoint {name} of account {ACCOUNT} not found.")
    if traffic.kind != ASYNCHRONOUS:
        return _refused(f"Endpoint {name} is {traffic.kind}: use InvokeEndpoint.")
    config = sagemaker_backends[ACCOUNT][REGION].endpoint_configs.get(traffic.fleet.config)
    if config is None:
        return _refused(
            f"The endpoint configuration {traffic.fleet.config} was deleted while endpoint "
            f"{name} uses it: update the endpoint to another one."
        )
    settings = config.async_inference_config
    try:
        invocation = parse_invocation(name, self.headers, self.raw_body, settings)
    except InvocationError as error:
        return _refused(str(error))
    client = settings.get("ClientConfig") or {}
    concurrency = client.get("MaxConcurrentInvocationsPerInstance") or _CONCURRENCY
    invocations.submit(invocation, concurrency)
    headers = {
        "Content-Type": "application/json",
        "X-Amzn-SageMaker-OutputLocation": invocation.output_location,
        "status": 202,
    }
    if invocation.failure_location:
        headers["X-Amzn-SageMaker-FailureLocation"] = invocation.failure_location
    return 202, headers, json.dumps({"InferenceId": invocation.inference_id})


def _download(s3: Any, location: str) -> bytes:
    bucket, key = split_uri(location)
    try:
        found = s3.get_object(Bucket=bucket, Key=key)
        if found["ContentLength"] > MAX_INPUT_BYTES:
            raise InvocationError(f"ClientError: {location} is larger than 1 GB")
        return found["Body"].read()
    except (ClientError, BotoCoreError) as error:
        reason = f"ClientError: Failed to download the request from {location}: {error}"
        raise InvocationError(reason) from error


def _upload(s3: Any, invocation: Invocation, location: str, body: bytes, content_type: str) -> None:
    bucket, key = split_uri(location)
    encryption = {}
    if invocation.kms_key:
        encryption = {"ServerSideEncryption": "aws:kms", "SSEKMSKeyId": invocation.kms_key}
    try:
        s3.put_object(Bucket=bucket, Key=key, Body=body, ContentType=content_type, **encryption)
    except (ClientError, BotoCoreError) as error:
        reason = f"ClientError: Failed to upload the response to {location}: {error}"
        raise InvocationError(reason) from error


def _role_of(endpoint: str) -> str | None:
    """Return the execution role of an endpoint's first model, or None if it was deleted."""
    backend = sagemaker_backends[ACCOUNT][REGION]
    record = backend.endpoints.get(endpoint)
    config = backend.endpoint_configs.get(record.endpoint_config_name) if record else None
    model = backend._models.get(config.production_variants[0]["ModelName"]) if config else None
    return model.execution_role_arn if model else None


def _refused(message: str) -> Any:
    headers = {
        "Content-Type": "application/json",
        "x-amzn-errortype": "ValidationError",
        "status": 400,
    }
    return 400, headers, json.dumps({"Message": message})
