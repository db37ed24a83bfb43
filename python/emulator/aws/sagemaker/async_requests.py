"""The requests of InvokeEndpointAsync, and the notifications of their results.

Source: https://docs.aws.amazon.com/sagemaker/latest/dg/async-inference.html
"""

from __future__ import annotations

import datetime
import time
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from moto.sagemaker.exceptions import ValidationError

from emulator.aws.account import REGION
from emulator.runtime.data.s3 import join, split_uri
from emulator.runtime.errors import JobFault

MAX_INLINE_BYTES = 128_000
# Header, default, minimum and maximum.
_TTL = ("X-Amzn-SageMaker-RequestTTLSeconds", 21_600, 60, 21_600)
_TIMEOUT = ("X-Amzn-SageMaker-InvocationTimeoutSeconds", 900, 1, 3_600)
_PASSED_ON = {
    "X-Amzn-SageMaker-Content-Type": "Content-Type",
    "X-Amzn-SageMaker-Accept": "Accept",
    "X-Amzn-SageMaker-Custom-Attributes": "X-Amzn-SageMaker-Custom-Attributes",
}


class InvocationError(Exception):
    """A request is refused or fails; the message is the reason."""


@dataclass(frozen=True)
class Invocation:
    """A queued request.

    Attributes
    ----------
    body : bytes or None
        The request's own body; None if the input is at `input_location`.
    """

    endpoint: str
    inference_id: str
    headers: dict[str, str]
    input_location: str | None
    body: bytes | None
    output_location: str
    failure_location: str | None
    kms_key: str | None
    topics: Mapping[str, str]
    ttl_seconds: float
    timeout_seconds: float
    received: float = field(default_factory=time.time)


def check_async_config(config: Mapping[str, Any]) -> None:
    """Refuse an ``AsyncInferenceConfig`` that the emulator cannot use.

    Raises
    ------
    ValidationError
        If it has no output path.
    """
    output = config["OutputConfig"]
    if not output.get("S3OutputPath"):
        raise ValidationError(
            message="AsyncInferenceConfig.OutputConfig.S3OutputPath is missing: answers need a "
            "place."
        )


def parse_invocation(
    endpoint: str, headers: Mapping[str, str], body: bytes, settings: Mapping[str, Any]
) -> Invocation:
    """Parse a request's headers and body, with the endpoint's ``AsyncInferenceConfig``.

    Raises
    ------
    InvocationError
        If the request is invalid.
    """
    location = headers.get("X-Amzn-SageMaker-InputLocation")
    if bool(location) == bool(body):
        raise InvocationError("Set exactly one of InputLocation and Body.")
    if len(body) > MAX_INLINE_BYTES:
        raise InvocationError(
            "1 validation error detected: Value at 'body' failed to satisfy constraint: Member "
            f"must have length less than or equal to {MAX_INLINE_BYTES}"
        )
    if location:
        try:
            split_uri(location)
        except JobFault as error:
            raise InvocationError(f"InputLocation: {error}") from error
    inference_id = headers.get("X-Amzn-SageMaker-Inference-Id") or str(uuid.uuid4())
    passed_on = {theirs: headers[ours] for ours, theirs in _PASSED_ON.items() if ours in headers}
    output = settings["OutputConfig"]
    path = join(output["S3OutputPath"], headers.get("X-Amzn-SageMaker-S3OutputPathExtension", ""))
    file = headers.get("X-Amzn-SageMaker-Filename") or f"{inference_id}.out"
    failures = output.get("S3FailurePath")
    return Invocation(
        endpoint=endpoint,
        inference_id=inference_id,
        headers={**passed_on, "X-Amzn-SageMaker-Inference-Id": inference_id},
        input_location=location,
        body=body or None,
        output_location=join(path, file),
        failure_location=join(failures, f"{inference_id}-error.out") if failures else None,
        kms_key=output.get("KmsKeyId"),
        topics=output.get("NotificationConfig") or {},
        ttl_seconds=_number(headers, *_TTL),
        timeout_seconds=_number(headers, *_TIMEOUT),
    )


def _number(headers: Mapping[str, str], name: str, default: int, low: int, high: int) -> int:
    text = headers.get(name, str(default))
    if not text.isdigit() or not low <= int(text) <= high:
        field_name = name.removeprefix("X-Amzn-SageMaker-")
        raise InvocationError(f"{field_name} must be from {low} to {high}, got {text}.")
    return int(text)


def notification(
    invocation: Invocation, answered: Mapping[str, str] | None, reason: str | None
) -> dict[str, Any]:
    """Return the notification of a response or of a failure."""
    # https://docs.aws.amazon.com/sagemaker/latest/dg/async-inference-check-predictions.html
    parameters = {
        "contentType": invocation.headers.get("Content-Type"),
        "endpointName": invocation.endpoint,
        "inputLocation": invocation.input_location,
    }
    places = {"outputLocation": invocation.output_location}
    if reason is not None:
        places = {"failureLocation": invocation.failure_location or ""}
    responded = {**(answered or {}), **{name: place for name, place in places.items() if place}}
    message = {
        "awsRegion": REGION,
        "eventTime": _iso(time.time()),
        "receivedTime": _iso(invocation.received),
        "invocationStatus": "Failed" if reason else "Completed",
        "failureReason": reason,
        "requestParameters": {name: value for name, value in parameters.items() if value},
        "responseParameters": responded or None,
        "inferenceId": invocation.inference_id,
        "eventVersion": "1.0",
        "eventSource": "aws:sagemaker",
        "eventName": "InferenceResult",
    }
    return {name: value for name, value in message.items() if value is not None}


def _iso(seconds: float) -> str:
    time_ = datetime.datetime.fromtimestamp(seconds, datetime.timezone.utc)
    return f"{time_:%Y-%m-%dT%H:%M:%S}.{time_.microsecond // 1000:03d}Z"
