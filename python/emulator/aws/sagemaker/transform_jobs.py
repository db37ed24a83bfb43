"""Batch transform jobs: moto's records, updated by jobs that run."""

import copy
import threading
from typing import Any

from botocore.exceptions import ClientError
from moto.core.utils import utcnow
from moto.sagemaker.exceptions import ValidationError
from moto.sagemaker.models import sagemaker_backends

from emulator.aws.account import ACCOUNT, REGION
from emulator.aws.sagemaker.records import served_container
from emulator.aws.sagemaker.running_jobs import JobKind, RunningJobs, outcome_of
from emulator.aws.sagemaker.state_changes import announce_transform
from emulator.runtime.data.s3 import split_uri
from emulator.runtime.jobs.runner import JobOutcome
from emulator.runtime.jobs.transform import Settings, no_objects
from emulator.runtime.requests.checks import check_transform_request

_MAX_MB_UNDER_WAY = 100


def _check(jobs: RunningJobs, backend: Any, request: dict[str, Any]) -> None:
    check_transform_request(request)
    settings = Settings.of(request)
    if settings.max_payload_mb * settings.concurrency > _MAX_MB_UNDER_WAY:
        # https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_CreateTransformJob.html
        raise ValidationError(
            message="The value of MaxConcurrentTransforms * MaxPayloadInMB must not exceed "
            f"{_MAX_MB_UNDER_WAY} MB, got {settings.concurrency} * {settings.max_payload_mb}."
        )
    model = backend.describe_model(request["ModelName"])
    container = served_container(model)
    jobs.check_image(container["Image"])
    _check_input(jobs, request, model.execution_role_arn)


def _check_input(jobs: RunningJobs, request: dict[str, Any], role_arn: str) -> None:
    uri = request["TransformInput"]["DataSource"]["S3DataSource"]["S3Uri"]
    bucket, prefix = split_uri(uri)
    try:
        found = jobs.aws.client("s3", role_arn).list_objects_v2(
            Bucket=bucket, Prefix=prefix, MaxKeys=1
        )
    except ClientError as error:
        raise ValidationError(message=no_objects(uri)) from error
    if not found.get("Contents"):
        raise ValidationError(message=no_objects(uri))


def _begin(record: Any, request: dict[str, Any]) -> None:
    record.transform_job_status = "InProgress"
    record.transform_start_time = record.transform_end_time = None
    record.failure_reason = record.labeling_job_arn = record.auto_ml_job_arn = None
    record.tags = request.get("Tags") or []
    # AWS's defaults for members that a request leaves out.
    defaults = {"CompressionType": "None", "SplitType": "None"}
    record.transform_input = {**defaults, **request["TransformInput"]}
    record.transform_output = {
        "AssembleWith": "None",
        "KmsKeyId": "",
        **request["TransformOutput"],
    }
    announce_transform(record)


def _run(jobs: RunningJobs, record: Any, request: dict[str, Any], stop: threading.Event) -> None:
    record.transform_start_time = utcnow()

    def run() -> JobOutcome:
        model = sagemaker_backends[ACCOUNT][REGION].describe_model(record.model_name)
        container = copy.deepcopy(served_container(model))
        return jobs.runner.run_transform(request, container, model.execution_role_arn, stop)

    name = record.transform_job_name
    outcome = outcome_of(jobs, "sagemaker:CreateTransformJob", name, run)
    record.failure_reason = outcome.failure_reason
    record.transform_end_time = record.last_modified_time = utcnow()
    record.transform_job_status = outcome.status  # last: completes the record
    announce_transform(record)


TRANSFORM = JobKind(
    name="transform job",
    noun="TransformJob",
    records="transform_jobs",
    status="transform_job_status",
    check=_check,
    begin=_begin,
    run=_run,
)
