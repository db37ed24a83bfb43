"""The smoke test function: asks an endpoint recorded examples and checks what it answers.

An endpoint that does not answer, or not rightly, has failed the test; a fault of the test itself is
an error by name, so that it is never taken for a bad model.
"""

from __future__ import annotations

import functools
import json
import re
import time
from collections.abc import Iterator
from typing import Any

import boto3
from botocore import exceptions
from botocore.config import Config

from answers import (
    JSON,
    Example,
    InvalidExamples,
    failures,
    parse_examples,
    request_body,
    short,
)

# What another attempt in a moment may mend, beside any status from 500 on. Source:
# https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_runtime_InvokeEndpoint.html
RETRIED = frozenset({"ThrottlingException", "ModelNotReadyException"})
# What says that the endpoint is not there, or that the model in it fails.
REFUSALS = frozenset({"ValidationError", "ModelError"})
# Seconds before each further attempt.
PAUSES = (0.5, 1.0, 2.0, 4.0)

MAX_FILE_BYTES = 1024**2
# What is told of those that fail: a failure's cause has a limit.
MAX_FAILURES = 10


class NoAnswer(Exception):  # noqa: N818
    """The endpoint did not answer an example; the message says why."""


def lambda_handler(event: dict[str, Any], context: object) -> dict[str, Any]:
    """Ask an endpoint each example.

    Parameters
    ----------
    event : dict
        ``EndpointName``; ``Examples``, a list of objects with ``instances`` and either ``low`` and
        ``high`` or ``expected``, or ``ExamplesUrl``, the address of such a list as a JSON file;
        and, if not ``application/json``, ``ContentType``: ``text/csv``.
    context : object
        Not used.

    Returns
    -------
    dict
        ``EndpointName``, ``Passed``, ``Failures`` (a sentence each, the first ten), ``Asked``, how
        many examples were asked, and ``Variants``, the production variants that answered. Nothing
        more is asked after an example without any answer.

    Raises
    ------
    InvalidExamples
        If the event or its examples cannot be used.
    """
    endpoint = event.get("EndpointName")
    if not isinstance(endpoint, str) or not endpoint:
        raise InvalidExamples(
            f"EndpointName must be a text that is not empty, got {short(endpoint)}"
        )
    content_type = event.get("ContentType", JSON)
    examples = parse_examples(_examples(event))
    bodies = [request_body(example.instances, content_type) for example in examples]
    told: list[str] = []
    variants: set[str] = set()
    asked = 0
    for number, (example, body) in enumerate(zip(examples, bodies), start=1):
        asked = number
        try:
            found, variant = _ask(endpoint, content_type, example, body)
        except NoAnswer as error:
            told.append(f"example {number}: {error}")
            break
        told += [f"example {number}: {fault}" for fault in found]
        variants |= {variant} if variant else set()
    return {
        "EndpointName": endpoint,
        "Passed": not told,
        "Failures": _first(told),
        "Asked": asked,
        "Variants": sorted(variants),
    }


def _first(failures: list[str]) -> list[str]:
    more = len(failures) - MAX_FAILURES
    return [*failures[:MAX_FAILURES], f"and {more} more"] if more > 0 else failures


def _examples(event: dict[str, Any]) -> Any:
    url = event.get("ExamplesUrl")
    if url is None:
        return event.get("Examples")
    if "Examples" in event:
        raise InvalidExamples("give Examples or ExamplesUrl, not both")
    address = re.fullmatch(r"s3://([^/]+)/(.*[^/])", url) if isinstance(url, str) else None
    if address is None:
        raise InvalidExamples(f"ExamplesUrl must be as s3://<bucket>/<key>, got {short(url)}")
    s3 = _client("s3")
    try:
        found = s3.get_object(Bucket=address[1], Key=address[2])
    except s3.exceptions.NoSuchKey as error:
        raise InvalidExamples(f"{url} does not exist") from error
    if found["ContentLength"] > MAX_FILE_BYTES:
        raise InvalidExamples(
            f"{url} has {found['ContentLength']} bytes, more than {MAX_FILE_BYTES}"
        )
    with found["Body"] as body:
        content = body.read()
    try:
        return json.loads(content.decode("utf-8-sig"))
    except (ValueError, RecursionError) as error:
        raise InvalidExamples(f"{url} is not JSON: {error}") from error


def _ask(
    endpoint: str, content_type: str, example: Example, body: str
) -> tuple[list[str], str | None]:
    runtime = _client("sagemaker-runtime")
    pauses = iter(PAUSES)
    while True:
        try:
            response = runtime.invoke_endpoint(
                EndpointName=endpoint, ContentType=content_type, Accept=JSON, Body=body.encode()
            )
            with response["Body"] as stream:
                answer = stream.read().decode("utf-8", "replace")
            return failures(example, answer), response.get("InvokedProductionVariant")
        except exceptions.ClientError as error:
            if error.response["Error"]["Code"] in REFUSALS:
                raise NoAnswer(str(error)) from error
            # A missing permission, for one, says nothing about the endpoint.
            if not _is_passing(error):
                raise
            _pause(pauses, error)
        except (exceptions.ConnectionError, exceptions.HTTPClientError) as error:
            _pause(pauses, error)


def _is_passing(error: exceptions.ClientError) -> bool:
    status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
    return error.response["Error"]["Code"] in RETRIED or status == 429 or status >= 500


def _pause(pauses: Iterator[float], error: Exception) -> None:
    seconds = next(pauses, None)
    if seconds is None:
        raise NoAnswer(f"no answer in {len(PAUSES) + 1} attempts: {error}") from error
    time.sleep(seconds)


@functools.cache
def _client(service: str) -> Any:
    # On first use, so that a test without AWS can import this module. The endpoint has 60 s for an
    # answer; attempts are counted here.
    retries = {} if service == "s3" else {"retries": {"total_max_attempts": 1}}
    return boto3.client(service, config=Config(connect_timeout=5, read_timeout=65, **retries))
