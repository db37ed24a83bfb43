"""What an endpoint configuration's ``DataCaptureConfig`` captures, and the lines that result.

Source: https://docs.aws.amazon.com/sagemaker/latest/dg/model-monitor-data-capture-endpoint.html
"""

from __future__ import annotations

import base64
import json
import time
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from emulator.runtime.errors import UnsupportedError

_MODES = {
    "Input": ("INPUT",),
    "Output": ("OUTPUT",),
    "InputAndOutput": ("INPUT", "OUTPUT"),
}
_UNKNOWN_TYPE = "application/octet-stream"


@dataclass(frozen=True)
class Exchange:
    """A request to a model and its response.

    Attributes
    ----------
    inference_id : str or None
        The caller's own, for joining labels that come later.
    seconds : float
        When the request came, since the epoch.
    """

    request: bytes
    request_type: str | None
    response: bytes
    response_type: str | None
    inference_id: str | None
    seconds: float

    @property
    def size(self) -> int:
        """Bytes that it takes in memory, approximately."""
        return len(self.request) + len(self.response) + 512


@dataclass(frozen=True)
class CapturePlan:
    """A ``DataCaptureConfig`` with its defaults filled in.

    Attributes
    ----------
    modes : frozenset of str
        ``INPUT`` and ``OUTPUT``.
    encodings : mapping
        ``CSV`` or ``JSON`` by content type without parameters; others are captured as base64.
    """

    enabled: bool
    percentage: int
    destination: str
    kms_key: str | None
    modes: frozenset[str]
    encodings: Mapping[str, str]

    def describe(self) -> dict[str, Any]:
        """Return the ``DataCaptureConfigSummary`` of DescribeEndpoint."""
        return {
            "EnableCapture": self.enabled,
            "CaptureStatus": "Started" if self.enabled else "Stopped",
            "CurrentSamplingPercentage": self.percentage,
            "DestinationS3Uri": self.destination,
            # AWS's model requires it.
            "KmsKeyId": self.kms_key or "",
        }

    def line(self, exchange: Exchange) -> str:
        """Return an exchange as a line of a captured file."""
        data: dict[str, Any] = {}
        if "INPUT" in self.modes:
            data["endpointInput"] = self._part("INPUT", exchange.request, exchange.request_type)
        if "OUTPUT" in self.modes:
            data["endpointOutput"] = self._part("OUTPUT", exchange.response, exchange.response_type)
        metadata = {"eventId": str(uuid.uuid4())}
        if exchange.inference_id is not None:
            metadata["inferenceId"] = exchange.inference_id
        came = time.gmtime(exchange.seconds)
        metadata["inferenceTime"] = time.strftime("%Y-%m-%dT%H:%M:%SZ", came)
        line = {"captureData": data, "eventMetadata": metadata, "eventVersion": "0"}
        return json.dumps(line, ensure_ascii=False, separators=(",", ":"))

    def _part(self, mode: str, body: bytes, content_type: str | None) -> dict[str, str]:
        observed = content_type or _UNKNOWN_TYPE
        encoding = self.encodings.get(_media_type(observed), "BASE64")
        try:
            text = body.decode() if encoding != "BASE64" else ""
        except UnicodeDecodeError:
            encoding, text = "BASE64", ""
        data = base64.b64encode(body).decode() if encoding == "BASE64" else text
        return {"observedContentType": observed, "mode": mode, "data": data, "encoding": encoding}


def capture_plan(config: Mapping[str, Any] | None) -> CapturePlan | None:
    """Return what a ``DataCaptureConfig`` captures, or None if there is none.

    Raises
    ------
    UnsupportedError
        If the destination is not in S3.
    """
    if not config:
        return None
    destination = config["DestinationS3Uri"]
    if not destination.startswith("s3://") or not destination.removeprefix("s3://").strip("/"):
        raise UnsupportedError(
            f"DataCaptureConfig.DestinationS3Uri: the emulator cannot write to {destination!r}; "
            "give s3://bucket/prefix"
        )
    types = config.get("CaptureContentTypeHeader") or {}
    modes = [_MODES[option["CaptureMode"]] for option in config["CaptureOptions"]]
    return CapturePlan(
        # https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_DataCaptureConfig.html
        enabled=config.get("EnableCapture", True),
        percentage=config["InitialSamplingPercentage"],
        destination=destination,
        kms_key=config.get("KmsKeyId"),
        modes=frozenset(mode for pair in modes for mode in pair),
        encodings={
            **{_media_type(one): "CSV" for one in types.get("CsvContentTypes") or ()},
            **{_media_type(one): "JSON" for one in types.get("JsonContentTypes") or ()},
        },
    )


def _media_type(content_type: str) -> str:
    # A configuration names types without parameters; responses have them, such as a charset.
    return content_type.partition(";")[0].strip().lower()
