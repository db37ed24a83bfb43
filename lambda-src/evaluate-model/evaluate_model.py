"""The evaluation function: publishes a training job's metrics and gives the verdict on its model.

A missing or broken evaluation is an error by name, so that a fault is never taken for a bad model.
"""

from __future__ import annotations

import functools
import re
from typing import Any, NamedTuple

import boto3

from evaluation import (
    MAX_ARCHIVE_BYTES,
    ArchiveTooLarge,
    EvaluationFileMissing,
    InvalidEvent,
    is_finite_number,
    passes,
    read_archive,
)

TEXT_KEYS = ("TrainingJobName", "S3Bucket", "ModelDataUrl", "Metric")


class Request(NamedTuple):
    """A checked event."""

    training_job_name: str
    bucket: str
    output_prefix: str
    metric: str
    threshold: float


def lambda_handler(event: dict[str, Any], context: object) -> dict[str, Any]:
    """Read the metrics of a training job, write them to evaluation.json, compare one.

    Parameters
    ----------
    event : dict
        ``TrainingJobName``, ``S3Bucket``, ``ModelDataUrl`` (the address of model.tar.gz as the job
        reports it; output.tar.gz lies beside it, evaluation.json will), ``Metric`` and
        ``Threshold``: the metric must be greater.
    context : object
        Not used.

    Returns
    -------
    dict
        ``TrainingJobName``, ``EvaluationUrl``, ``Metrics``, ``Metric``, ``Value``, ``Threshold``
        and ``Passed``.
    """
    request = parse_event(event)
    s3 = _s3()
    archive_key = f"{request.output_prefix}output.tar.gz"
    try:
        archive = s3.get_object(Bucket=request.bucket, Key=archive_key)
    except s3.exceptions.NoSuchKey as error:
        raise EvaluationFileMissing(
            f"s3://{request.bucket}/{archive_key} does not exist: training job "
            f"{request.training_job_name} wrote nothing to its output data folder"
        ) from error
    if archive["ContentLength"] > MAX_ARCHIVE_BYTES:
        raise ArchiveTooLarge(
            f"s3://{request.bucket}/{archive_key} has {archive['ContentLength']} bytes, more than "
            f"{MAX_ARCHIVE_BYTES}; keep what the training job writes to its output data folder "
            "small"
        )
    with archive["Body"] as body:
        evaluation = read_archive(body)
    evaluation_key = f"{request.output_prefix}evaluation.json"
    s3.put_object(
        Bucket=request.bucket,
        Key=evaluation_key,
        Body=evaluation.content,
        ContentType="application/json",
    )
    passed = passes(evaluation.metrics, request.metric, request.threshold)
    return {
        "TrainingJobName": request.training_job_name,
        "EvaluationUrl": f"s3://{request.bucket}/{evaluation_key}",
        "Metrics": evaluation.metrics,
        "Metric": request.metric,
        "Value": evaluation.metrics[request.metric],
        "Threshold": request.threshold,
        "Passed": passed,
    }


def parse_event(event: dict[str, Any]) -> Request:
    """Check the event.

    Raises
    ------
    InvalidEvent
        Naming the first key that is missing or has a value that cannot be used.
    """
    for key in TEXT_KEYS:
        if not isinstance(event.get(key), str) or not event[key]:
            raise InvalidEvent(f"{key} must be a text that is not empty, got {event.get(key)!r}")
    if not is_finite_number(event.get("Threshold")):
        raise InvalidEvent(f"Threshold must be a finite number, got {event.get('Threshold')!r}")
    bucket, url = event["S3Bucket"], event["ModelDataUrl"]
    address = re.fullmatch(r"s3://([^/]+)/((?:.+/)?)[^/]+", url)
    if address is None or address[1] != bucket:
        raise InvalidEvent(
            f"ModelDataUrl must be the address of an object in bucket {bucket}, as "
            f"s3://{bucket}/model-artifacts/<job>/output/model.tar.gz, got {url!r}"
        )
    return Request(
        event["TrainingJobName"], bucket, address[2], event["Metric"], event["Threshold"]
    )


@functools.cache
def _s3() -> Any:
    # On first use, so that a test without AWS can import this module.
    return boto3.client("s3")
