"""SageMaker's events on EventBridge: state changes of jobs, endpoints and model packages."""

import datetime
import re
from collections.abc import Callable, Sequence
from typing import Any

from emulator.aws.events import emit, epoch_ms


def announce_processing(record: Any) -> None:
    """Emit *SageMaker Processing Job State Change*."""
    _announce("SageMaker Processing Job State Change", record, record.arn)


def announce_training(record: Any) -> None:
    """Emit *SageMaker Training Job State Change*."""
    _announce("SageMaker Training Job State Change", record, record.arn)


def announce_transform(record: Any) -> None:
    """Emit *SageMaker Transform Job State Change*."""
    _announce("SageMaker Transform Job State Change", record, record.arn)


def announce_tuning(record: Any) -> None:
    """Emit *SageMaker HyperParameter Tuning Job State Change*."""
    best = record.response_object.get("BestTrainingJob")
    _announce(
        "SageMaker HyperParameter Tuning Job State Change",
        record,
        record.arn,
        BestTrainingJob=best and {"TrainingJobName": best["TrainingJobName"]},
    )


def announce_model_package(package: Any, updated: Sequence[str] = ()) -> None:
    """Emit *SageMaker Model Package State Change*.

    Parameters
    ----------
    updated : sequence of str
        The fields that an update named, even with unchanged values; empty at creation.
    """
    changes = {"UpdatedModelPackageFields": list(updated)} if updated else {}
    detail = {**_plain(package.gen_response_object(), _iso), **changes}
    emit("aws.sagemaker", "SageMaker Model Package State Change", detail, [package.arn])


def announce_endpoint(record: Any) -> None:
    """Emit *SageMaker Endpoint State Change*, whose status is written IN_SERVICE."""
    _announce_endpoint("SageMaker Endpoint State Change", record)


def announce_deployment(record: Any) -> None:
    """Emit *SageMaker Endpoint Deployment State Change*, with the current step of an update."""
    _announce_endpoint("SageMaker Endpoint Deployment State Change", record)


def _announce_endpoint(detail_type: str, record: Any) -> None:
    status = re.sub(r"(?<=[a-z])(?=[A-Z])", "_", record.endpoint_status).upper()
    _announce(detail_type, record, record.arn, EndpointStatus=status)


def _announce(detail_type: str, record: Any, arn: str, **changes: Any) -> None:
    tags = {tag["Key"]: tag["Value"] for tag in record.tags or []}
    detail = {**_plain(record.response_object), "Tags": tags, **changes}
    emit("aws.sagemaker", detail_type, detail, [arn])


def _plain(value: Any, time: Callable[[datetime.datetime], Any] = epoch_ms) -> Any:
    if isinstance(value, datetime.datetime):
        return time(value)
    if isinstance(value, dict):
        return {key: _plain(item, time) for key, item in value.items()}
    if isinstance(value, list):
        return [_plain(item, time) for item in value]
    return value


def _iso(time: datetime.datetime) -> str:
    # https://docs.aws.amazon.com/sagemaker/latest/dg/automating-sagemaker-with-eventbridge.html
    return time.strftime("%Y-%m-%dT%H:%M:%SZ")
