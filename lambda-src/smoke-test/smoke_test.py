"""The smoke test function: sends an endpoint recorded examples and checks its predictions.

An endpoint that does not respond, or responds with wrong predictions, fails the test. A fault of
the test itself raises a named error, so that it never counts as a bad model.
"""

from __future__ import annotations

import functools
import json
import re
import time
import uuid
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

# Errors worth a retry, in addition to any status from 500 on. Source:
# https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_runtime_InvokeEndpoint.html
RETRIED = frozenset({"ThrottlingException", "ModelNotReadyException"})
# Errors that mean that the endpoint does not exist, or that its model fails.
REFUSALS = frozenset({"ValidationError", "ModelError"})
# Seconds before each retry.
PAUSES = (0.5, 1.0, 2.0, 4.0)

# Distinguishes the test's requests in captured data, from which a monitor leaves them out.
ID_PREFIX = "smoke-test-"

MAX_FILE_BYTES = 1024**2
# How many failures are reported, because a failure's cause has a limit.
MAX_FAILURES = 10


class NoResponse(Exception):
    """The endpoint did not respond to an example."""


def lambda_handler(event: dict[str, Any], context: object) -> dict[str, Any]:
    """Send each example to an endpoint, and check the predictions.

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
        ``EndpointName``, ``Passed``, ``Failures`` (one sentence each, the first ten), ``Sent``,
        the number of examples sent, and ``Variants``, the production variants that responded. No
        example is sent after one without a response.

    Raises
    ------
    InvalidExamples
        If the event or its examples are invalid.
    """
    endpoint = event.get("EndpointName")
    if not isinstance(endpoint, str) or not endpoint:
        raise InvalidExamples(f"EndpointName must be a non-empty text, got {short(endpoint)}")
    content_type = event.get("ContentType", JSON)
    examples = parse_examples(_examples(event))
    bodies = [request_body(example.instances, content_type) for example in examples]
    problems: list[str] = []
    variants: set[str] = set()
    sent = 0
    for number, (example, body) in enumerate(zip(examples, bodies), start=1):
        sent = number
        try:
            found, variant = _send(endpoint, content_type, example, body)
        except NoResponse as error:
            problems.append(f"example {number}: {error}")
            break
        problems += [f"example {number}: {fault}" for fault in found]
        variants |= {variant} if variant else set()
    return {
        "EndpointName": endpoint,
        "Passed": not problems,
        "Failures": _first(problems),
        "Sent": sent,
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
        raise InvalidExamples("set Examples or ExamplesUrl, not both")
    address = re.fullmatch(r"s3://([^/]+)/(.*[^/])", url) if isinstance(url, str) else None
    if address is None:
        raise InvalidExamples(
            f"ExamplesUrl must have the form s3://<bucket>/<key>, got {short(url)}"
        )
    s3 = _client("s3")
    try:
        found = s3.get_object(Bucket=address[1], Key=address[2])
    except s3.exceptions.NoSuchKey as error:
        raise InvalidExamples(f"{url} does not exist") from error
    if found["ContentLength"] > MAX_FILE_BYTES:
        raise InvalidExamples(
            f"{url} must have at most {MAX_FILE_BYTES} bytes, got {found['ContentLength']}"
        )
    with found["Body"] as body:
        content = body.read()
    try:
        return json.loads(content.decode("utf-8-sig"))
    except (ValueError, RecursionError) as error:
        raise InvalidExamples(f"{url} must be JSON: {error}") from error


def _send(
    endpoint: str, content_type: str, example: Example, body: str
) -> tuple[list[str], str | None]:
    runtime = _client("sagemaker-runtime")
    pauses = iter(PAUSES)
    inference_id = f"{ID_PREFIX}{uuid.uuid4()}"
    while True:
        try:
            response = runtime.invoke_endpoint(
                EndpointName=endpoint,
                ContentType=content_type,
                Accept=JSON,
                Body=body.encode(),
                InferenceId=inference_id,
            )
            with response["Body"] as stream:
                answer = stream.read().decode("utf-8", "replace")
            return failures(example, answer), response.get("InvokedProductionVariant")
        except exceptions.ClientError as error:
            if error.response["Error"]["Code"] in REFUSALS:
                raise NoResponse(str(error)) from error
            # Other errors, such as a missing permission, say nothing about the endpoint.
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
        raise NoResponse(f"no response in {len(PAUSES) + 1} attempts: {error}") from error
    time.sleep(seconds)


@functools.cache
def _client(service: str) -> Any:
    # Created on first use, so that tests without AWS can import this module. The endpoint has 60 s
    # to respond; retries are counted here.
    retries = {} if service == "s3" else {"retries": {"total_max_attempts": 1}}
    return boto3.client(service, config=Config(connect_timeout=5, read_timeout=65, **retries))
