"""The evaluation function: publishes a training job's metrics and evaluates its model.

A missing or broken evaluation raises a named error, so that a fault never counts as a bad model.
"""

from __future__ import annotations

import base64
import functools
import hashlib
import re
from typing import Any, NamedTuple

import boto3

from evaluation import (
    BETTER,
    MAX_ARCHIVE_BYTES,
    MAX_MEMBER_BYTES,
    ArchiveTooLarge,
    Better,
    Evaluation,
    EvaluationFileMissing,
    InvalidEvent,
    is_finite_number,
    read_archive,
    reported,
    shown,
)
from gate import Comparison, decide, read_comparison

TEXT_KEYS = ("TrainingJobName", "S3Bucket", "ModelDataUrl", "Metric")


class Request(NamedTuple):
    """A checked event."""

    training_job_name: str
    bucket: str
    archive_key: str
    evaluation_key: str
    metric: str
    threshold: float
    better: Better
    comparison_key: str | None
    margin: float
    accept_incomparable: bool


def lambda_handler(event: dict[str, Any], context: object) -> dict[str, Any]:
    """Read the metrics of a training job, write them to evaluation.json, evaluate the model.

    Parameters
    ----------
    event : dict
        ``TrainingJobName``, ``S3Bucket``, ``ModelDataUrl`` (the address of model.tar.gz;
        evaluation.json is written next to it), ``Metric`` and ``Threshold``: the metric must be
        greater. Optional: ``OutputUrl``, the address of the job's output.tar.gz if it is not next
        to the model; ``Better``, ``smaller`` if the metric must be smaller instead;
        ``ComparisonUrl``, the address of the comparison job's comparison.json; ``Margin``, which
        the lower bound of the improvement over the champion must exceed, default 0;
        ``AcceptIncomparable``, true to let a model replace a champion that it cannot be compared
        with.
    context : object
        Not used.

    Returns
    -------
    dict
        ``TrainingJobName``, ``EvaluationUrl``, ``EvaluationSha256`` (base64), ``Metrics``
        (the first of many), ``Metric``, ``Value``, ``Threshold``, ``Better``, ``Passed``, and
        ``Rule`` and ``Reason`` of the decision. With a comparison also ``ComparisonUrl``,
        ``Margin``, ``ComparisonStatus`` and ``Difference``, null if nothing is compared.
    """
    request = parse_event(event)
    s3 = _s3()
    evaluation = _read_evaluation(s3, request)
    sha256 = base64.b64encode(hashlib.sha256(evaluation.content).digest()).decode()
    s3.put_object(
        Bucket=request.bucket,
        Key=request.evaluation_key,
        Body=evaluation.content,
        ContentType="application/json",
        # S3 stores it, so that a release can check whether the file is unchanged.
        ChecksumSHA256=sha256,
    )
    comparison = _comparison(s3, request)
    decision = decide(
        *(evaluation.metrics, request.metric, request.threshold),
        comparison,
        request.margin,
        request.accept_incomparable,
        request.better,
    )
    return {
        "TrainingJobName": request.training_job_name,
        "EvaluationUrl": f"s3://{request.bucket}/{request.evaluation_key}",
        "EvaluationSha256": sha256,
        "Metrics": reported(evaluation.metrics, request.metric),
        "Metric": request.metric,
        "Value": evaluation.metrics[request.metric],
        "Threshold": request.threshold,
        "Better": request.better,
        "Passed": decision.passed,
        "Rule": decision.rule,
        "Reason": decision.reason,
        **_compared(request, comparison),
    }


def _read_evaluation(s3: Any, request: Request) -> Evaluation:
    try:
        archive = s3.get_object(Bucket=request.bucket, Key=request.archive_key)
    except s3.exceptions.NoSuchKey as error:
        raise EvaluationFileMissing(
            f"s3://{request.bucket}/{request.archive_key} does not exist: training job "
            f"{request.training_job_name} wrote nothing to its output data folder"
        ) from error
    if archive["ContentLength"] > MAX_ARCHIVE_BYTES:
        raise ArchiveTooLarge(
            f"s3://{request.bucket}/{request.archive_key} must have at most {MAX_ARCHIVE_BYTES} "
            f"bytes, got {archive['ContentLength']}: write less to the training job's output data "
            "folder"
        )
    with archive["Body"] as body:
        return read_archive(body)


def parse_event(event: dict[str, Any]) -> Request:
    """Check the event.

    Raises
    ------
    InvalidEvent
        If a key is missing or has an invalid value; the message names the first one.
    """
    for key in TEXT_KEYS:
        if not isinstance(event.get(key), str) or not event[key]:
            raise InvalidEvent(f"{key} must be a non-empty text, got {shown(event.get(key))}")
    if not is_finite_number(event.get("Threshold")):
        raise InvalidEvent(
            f"Threshold must be a finite number, got {shown(event.get('Threshold'))}"
        )
    if not is_finite_number(event.get("Margin", 0)):
        raise InvalidEvent(f"Margin must be a finite number, got {shown(event['Margin'])}")
    if event.get("Better", "greater") not in BETTER:
        raise InvalidEvent(f"Better must be {' or '.join(BETTER)}, got {shown(event['Better'])}")
    if not isinstance(event.get("AcceptIncomparable", False), bool):
        raise InvalidEvent(
            f"AcceptIncomparable must be true or false, got {shown(event['AcceptIncomparable'])}"
        )
    model_key = _key(event, "ModelDataUrl", "model-artifacts/<job>/output/model.tar.gz")
    folder = model_key[: model_key.rfind("/") + 1]
    compared = event.get("ComparisonUrl") is not None
    return Request(
        training_job_name=event["TrainingJobName"],
        bucket=event["S3Bucket"],
        archive_key=f"{folder}output.tar.gz"
        if event.get("OutputUrl") is None
        else _key(event, "OutputUrl", "training-output/<job>/output/output.tar.gz"),
        evaluation_key=f"{folder}evaluation.json",
        metric=event["Metric"],
        threshold=event["Threshold"],
        better=event.get("Better", "greater"),
        comparison_key=_key(event, "ComparisonUrl", "<folder>/comparison.json")
        if compared
        else None,
        margin=event.get("Margin", 0),
        accept_incomparable=event.get("AcceptIncomparable", False),
    )


def _key(event: dict[str, Any], name: str, example: str) -> str:
    bucket, url = event["S3Bucket"], event[name]
    address = re.fullmatch(r"s3://([^/]+)/(.*[^/])", url) if isinstance(url, str) else None
    if address is None or address[1] != bucket:
        raise InvalidEvent(
            f"{name} must be the address of an object in bucket {bucket}, as "
            f"s3://{bucket}/{example}, got {shown(url)}"
        )
    return address[2]


def _comparison(s3: Any, request: Request) -> Comparison | None:
    if request.comparison_key is None:
        return None
    url = f"s3://{request.bucket}/{request.comparison_key}"
    try:
        found = s3.get_object(Bucket=request.bucket, Key=request.comparison_key)
    except s3.exceptions.NoSuchKey as error:
        raise EvaluationFileMissing(
            f"{url} does not exist: the comparison job did not write it"
        ) from error
    if found["ContentLength"] > MAX_MEMBER_BYTES:
        raise ArchiveTooLarge(
            f"{url} must have at most {MAX_MEMBER_BYTES} bytes, got {found['ContentLength']}: "
            "name fewer slices"
        )
    with found["Body"] as body:
        return read_comparison(body.read())


def _compared(request: Request, comparison: Comparison | None) -> dict[str, Any]:
    if comparison is None:
        return {}
    difference = comparison.difference
    return {
        "ComparisonUrl": f"s3://{request.bucket}/{request.comparison_key}",
        "Margin": request.margin,
        "ComparisonStatus": comparison.status,
        "Difference": difference and difference._asdict(),
    }


@functools.cache
def _s3() -> Any:
    # Created on first use, so that tests without AWS can import this module.
    return boto3.client("s3")
