"""Batch transform: the model server's predictions for each object, in ``<name>.out``."""

from __future__ import annotations

import gzip
import threading
import zlib
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO, Protocol

from emulator.runtime.data.s3 import download_object, join, objects_under, split_uri, upload_file
from emulator.runtime.errors import JobFault
from emulator.runtime.jobs.job import JobOutcome
from emulator.runtime.logs.job_log import JobLog
from emulator.runtime.model_servers.connections import ServerResponse
from emulator.runtime.model_servers.server import ModelServerError
from emulator.runtime.requests.parts import part

_MEBIBYTE = 1024 * 1024
_MAX_MESSAGE = 300


class Server(Protocol):
    """A model server."""

    def invoke(
        self, body: bytes, headers: Mapping[str, str], timeout_seconds: float = ...
    ) -> ServerResponse:
        """Send a request to ``/invocations``."""
        ...


@dataclass(frozen=True)
class Settings:
    """A CreateTransformJob request with SageMaker's defaults.

    Source: https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_CreateTransformJob.html

    Attributes
    ----------
    max_payload_bytes : int
        Maximum size of one request to the server.
    timeout_seconds : int
        Timeout of one request.
    """

    headers: dict[str, str]
    split_lines: bool
    single_record: bool
    gzip: bool
    newline_after_responses: bool
    concurrency: int
    max_payload_mb: int
    timeout_seconds: int
    retries: int

    @classmethod
    def of(cls, request: Mapping[str, Any]) -> Settings:
        """Parse a checked request."""
        source, target = request["TransformInput"], request["TransformOutput"]
        client = part(request, "ModelClientConfig")
        headers = {"Content-Type": source.get("ContentType"), "Accept": target.get("Accept")}
        return cls(
            headers={name: value for name, value in headers.items() if value},
            split_lines=source.get("SplitType") == "Line",
            single_record=request.get("BatchStrategy") == "SingleRecord",
            gzip=source.get("CompressionType") == "Gzip",
            newline_after_responses=target.get("AssembleWith") == "Line",
            concurrency=request.get("MaxConcurrentTransforms") or 1,
            max_payload_mb=request.get("MaxPayloadInMB", 6),
            timeout_seconds=client.get("InvocationsTimeoutInSeconds", 600),
            retries=client.get("InvocationsMaxRetries", 3),
        )

    @property
    def max_payload_bytes(self) -> int:
        """``MaxPayloadInMB`` in bytes."""
        return self.max_payload_mb * _MEBIBYTE

    @property
    def environment(self) -> dict[str, str]:
        """The environment variables of a container in a transform job.

        Source: https://docs.aws.amazon.com/sagemaker/latest/dg/your-algorithms-batch-code.html
        """
        return {
            "SAGEMAKER_BATCH": "true",
            "SAGEMAKER_BATCH_STRATEGY": "SINGLE_RECORD" if self.single_record else "MULTI_RECORD",
            "SAGEMAKER_MAX_CONCURRENT_TRANSFORMS": str(self.concurrency),
            "SAGEMAKER_MAX_PAYLOAD_IN_MB": str(self.max_payload_mb),
        }


class _StoppedError(Exception):
    """The job was stopped."""


def run_transform_job(
    request: Mapping[str, Any],
    server: Server,
    s3: Any,
    folder: Path,
    log: JobLog,
    stop: threading.Event,
) -> JobOutcome:
    """Transform every object of a checked request.

    An object that fails has no output and fails the job at its end; the others are transformed.

    Parameters
    ----------
    s3 : client
        Has the credentials of the model's execution role.
    folder : Path
        For temporary files: one object and its output.

    Raises
    ------
    JobFault
        If the input cannot be listed, or is empty.
    """
    settings = Settings.of(request)
    uri = request["TransformInput"]["DataSource"]["S3DataSource"]["S3Uri"]
    bucket, _ = split_uri(uri)
    strategy = settings.environment["SAGEMAKER_BATCH_STRATEGY"]
    _say(
        log,
        f"MaxConcurrentTransforms={settings.concurrency}, "
        f"MaxPayloadInMB={settings.max_payload_mb}, BatchStrategy={strategy}",
    )
    first_fault: str | None = None
    found = False
    with ThreadPoolExecutor(settings.concurrency) as pool:
        for key, name in objects_under(s3, uri):
            found = True
            try:
                transform = _Transform(settings, server, pool, stop)
                transform.run(s3, f"s3://{bucket}/{key}", folder, request, name)
            except _StoppedError:
                return JobOutcome("Stopped")
            except JobFault as fault:
                _say(log, f"{bucket}/{key}: {fault}")
                first_fault = first_fault or f"{_blamed(fault)} ({bucket}/{key})"
    if not found:
        raise JobFault(no_objects(uri))
    if first_fault:
        return JobOutcome("Failed", first_fault)
    return JobOutcome("Stopped" if stop.is_set() else "Completed")


def no_objects(uri: str) -> str:
    """Return SageMaker's error for a prefix without objects."""
    bucket, _ = split_uri(uri)
    return (
        f'No S3 objects found under S3 URL "{uri}" given in input data source. Please ensure that '
        "the bucket exists in the selected region, that objects exist under that S3 prefix, and "
        f'that the role has "s3:ListBucket" permissions on bucket "{bucket}".'
    )


def _blamed(fault: JobFault) -> str:
    # AWS's reason has only the kind of error and where to find the details.
    blame, _, what = str(fault).partition(": ")
    return f"{blame}: See job logs for more information. {what}"


def _say(log: JobLog, line: str) -> None:
    log.feed(f"[sagemaker logs]: {line}\n".encode())
    log.flush(force=True)


class _Transform:
    """The transformation of one object."""

    def __init__(
        self, settings: Settings, server: Server, pool: ThreadPoolExecutor, stop: threading.Event
    ):
        self._settings = settings
        self._server = server
        self._pool = pool
        self._stop = stop

    def run(self, s3: Any, uri: str, folder: Path, request: Mapping[str, Any], name: str) -> None:
        """Transform the object at `uri`, and upload its output when it is complete."""
        source, target = folder / "object", folder / "object.out"
        download_object(s3, uri, source)
        open_source: Callable[..., Any] = gzip.open if self._settings.gzip else open
        try:
            with open_source(source, "rb") as stream, target.open("wb") as output:
                for answer in self._responses(payloads(stream, self._settings)):
                    output.write(answer)
                    if self._settings.newline_after_responses and not answer.endswith(b"\n"):
                        output.write(b"\n")
        except (gzip.BadGzipFile, EOFError, zlib.error) as error:
            raise JobFault(f"ClientError: cannot decompress the object: {error}") from error
        output_config = request["TransformOutput"]
        address = join(output_config["S3OutputPath"], f"{name}.out")
        upload_file(s3, target, address, output_config.get("KmsKeyId"))

    def _responses(self, bodies: Iterable[bytes]) -> Iterator[bytes]:
        """Yield the responses in the order of the requests, of which a few run concurrently."""
        under_way: deque[Future[bytes]] = deque()
        try:
            for body in bodies:
                under_way.append(self._pool.submit(self._invoke, body))
                if len(under_way) == self._settings.concurrency:
                    yield under_way.popleft().result()
            while under_way:
                yield under_way.popleft().result()
        finally:
            for future in under_way:
                future.cancel()

    def _invoke(self, body: bytes) -> bytes:
        problem = ""
        for _ in range(1 + self._settings.retries):
            if self._stop.is_set():
                raise _StoppedError
            try:
                answer = self._server.invoke(
                    body, self._settings.headers, self._settings.timeout_seconds
                )
            except ModelServerError as error:
                problem = f"Unable to get response from algorithm: {error}"
                continue
            if answer.status < 400:
                return answer.body
            said = answer.body.decode(errors="replace")[:_MAX_MESSAGE]
            problem = f"Bad HTTP status received from algorithm: {answer.status}. Message: {said}"
            if answer.status < 500:
                break  # a retry would be refused again
        raise JobFault(f"AlgorithmError: {problem}")


def payloads(stream: BinaryIO, settings: Settings) -> Iterator[bytes]:
    """Yield the bodies of the requests for an object.

    Raises
    ------
    JobFault
        If the object, or one of its records, exceeds the maximum payload.
    """
    limit = settings.max_payload_bytes
    if not settings.split_lines:
        body = stream.read(limit + 1)
        if len(body) > limit:
            raise _too_long("the object, which is not split (SplitType None),", settings)
        if body:
            yield body
        return
    batch = bytearray()
    while line := stream.readline(limit + 2):
        record = line.removesuffix(b"\n")
        if len(record) > limit:
            raise _too_long("a record", settings)
        if settings.single_record:
            yield record
            continue
        if batch and len(batch) + len(line) > limit:
            yield bytes(batch)
            batch.clear()
        batch += line
    if batch:
        yield bytes(batch)


def _too_long(what: str, settings: Settings) -> JobFault:
    return JobFault(
        f"ClientError: {what} is longer than MaxPayloadInMB ({settings.max_payload_mb}); split "
        "the input, or raise the limit"
    )
