"""The files of captured requests and responses, written to S3 in the background.

A variant's exchanges wait in memory, up to a limit, and are written as one file of JSON Lines at
intervals, when they are many, and when the variant's servers stop. Source:
https://docs.aws.amazon.com/sagemaker/latest/dg/model-monitor-data-capture-endpoint.html
"""

from __future__ import annotations

import logging
import random
import threading
import uuid
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timezone
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from emulator.aws.clients import EmulatedAws
from emulator.aws.sagemaker.capture_plan import CapturePlan, Exchange
from emulator.runtime.data.s3 import join, split_uri

LOG = logging.getLogger("emulator")

# AWS documents only that captured data may take minutes.
_FLUSH_SECONDS = 60.0
FILE_BYTES = 1 << 20
"""The waiting bytes that are written before the interval has passed."""
MOST_BYTES = 32 << 20
"""The limit of all bytes in memory; the largest request and response together have 12 MB."""
_CLOSING_SECONDS = 30.0


@dataclass(frozen=True)
class CapturedVariant:
    """Whose requests are captured, the model's role, and the log stream of its server."""

    endpoint: str
    name: str
    role_arn: str
    log_stream: str


class CaptureWriter:
    """Writes the captured exchanges of one variant, as the model's execution role.

    Parameters
    ----------
    flush_seconds : float
        Time from the first waiting exchange until the file is written.
    chance : random.Random, optional
        Decides which requests are in the sample.
    """

    def __init__(
        self,
        aws: EmulatedAws,
        variant: CapturedVariant,
        plan: CapturePlan,
        *,
        flush_seconds: float = _FLUSH_SECONDS,
        chance: random.Random | None = None,
    ) -> None:
        self._aws, self._variant, self._plan = aws, variant, plan
        self._flush_seconds = flush_seconds
        self._chance = chance or random.Random()  # noqa: S311
        self._changed = threading.Condition()
        self._waiting: list[Exchange] = []
        self._waiting_bytes = self._writing_bytes = 0
        self._dropped = 0
        self._closed = False
        self._thread: threading.Thread | None = None

    def offer(self, exchange: Exchange) -> None:
        """Keep an exchange until it is written, if it is in the sample and there is space."""
        if self._chance.random() * 100 >= self._plan.percentage:
            return
        with self._changed:
            held = self._waiting_bytes + self._writing_bytes
            if self._closed or held + exchange.size > MOST_BYTES:
                self._dropped += 1
                return
            self._waiting.append(exchange)
            self._waiting_bytes += exchange.size
            if self._thread is None:
                name = f"capture {self._variant.endpoint}/{self._variant.name}"
                self._thread = threading.Thread(target=self._run, name=name, daemon=True)
                self._thread.start()
            if len(self._waiting) == 1 or self._waiting_bytes >= FILE_BYTES:
                self._changed.notify()

    def close(self) -> None:
        """Write what waits, and end."""
        with self._changed:
            self._closed = True
            self._changed.notify()
        if self._thread is not None:
            self._thread.join(_CLOSING_SECONDS)

    def _run(self) -> None:
        while self._write_next():
            pass

    def _write_next(self) -> bool:
        """Write what waits, once it is time; return whether there was anything."""
        exchanges, dropped = self._take()
        try:
            if dropped:
                self._tell(f"{dropped} requests were not captured: more than the buffer takes")
            self._write(exchanges)
        except Exception:
            LOG.exception("captured data of %s was lost in the emulator", self._variant.endpoint)
        return bool(exchanges)

    def _take(self) -> tuple[list[Exchange], int]:
        with self._changed:
            self._writing_bytes = 0
            self._changed.wait_for(lambda: self._waiting or self._closed)
            self._changed.wait_for(
                lambda: self._waiting_bytes >= FILE_BYTES or self._closed, self._flush_seconds
            )
            taken, self._waiting = self._waiting, []
            self._writing_bytes, self._waiting_bytes = self._waiting_bytes, 0
            dropped, self._dropped = self._dropped, 0
        return taken, dropped

    def _write(self, exchanges: Iterable[Exchange]) -> None:
        by_hour: defaultdict[str, list[Exchange]] = defaultdict(list)
        for exchange in exchanges:
            by_hour[f"{_utc(exchange):%Y/%m/%d/%H}"].append(exchange)
        for hour, same_hour in by_hour.items():
            # The form of the names of AWS's files: minute, second and millisecond.
            first = _utc(same_hour[0])
            name = f"{first:%M-%S}-{first.microsecond // 1000:03d}-{uuid.uuid4()}.jsonl"
            path = f"{self._variant.endpoint}/{self._variant.name}/{hour}/{name}"
            self._put(join(self._plan.destination, path), same_hour)

    def _put(self, uri: str, exchanges: list[Exchange]) -> None:
        body = "".join(f"{self._plan.line(exchange)}\n" for exchange in exchanges).encode()
        bucket, key = split_uri(uri)
        encryption: dict[str, Any] = {}
        if self._plan.kms_key is not None:
            encryption = {
                "ServerSideEncryption": "aws:kms",
                "SSEKMSKeyId": self._plan.kms_key,
            }
        try:
            s3 = self._aws.client("s3", self._variant.role_arn)
            s3.put_object(Bucket=bucket, Key=key, Body=body, **encryption)
        except (ClientError, BotoCoreError) as error:
            self._tell(f"{len(exchanges)} captured requests were not written to {uri}: {error}")

    def _tell(self, text: str) -> None:
        # Callers are not told: a capture that fails does not fail the invocation.
        endpoint = self._variant.endpoint
        LOG.warning("data capture of %s: %s", endpoint, text)
        group = f"/aws/sagemaker/Endpoints/{endpoint}"
        self._aws.write_log(group, self._variant.log_stream, [f"Data capture: {text}"])


class Captures:
    """Opens the writers of variants.

    Parameters
    ----------
    time_scale : float
        Factor for the interval between files.
    """

    def __init__(self, aws: EmulatedAws, time_scale: float) -> None:
        self._aws = aws
        self._flush_seconds = _FLUSH_SECONDS * time_scale

    def open(self, variant: CapturedVariant, plan: CapturePlan | None) -> CaptureWriter | None:
        """Return the writer of a variant, or None if nothing is captured."""
        if plan is None or not plan.enabled:
            return None
        return CaptureWriter(self._aws, variant, plan, flush_seconds=self._flush_seconds)


def _utc(exchange: Exchange) -> datetime:
    return datetime.fromtimestamp(exchange.seconds, timezone.utc)
