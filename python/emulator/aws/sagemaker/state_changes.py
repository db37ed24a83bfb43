"""State changes of jobs and endpoints, as SageMaker tells EventBridge."""

import datetime
import re
from typing import Any

from emulator.aws.events import emit, epoch_ms


def announce_processing(record: Any) -> None:
    """Emit *SageMaker Processing Job State Change*."""
    _announce("SageMaker Processing Job State Change", record, record.arn)


def announce_training(record: Any) -> None:
    """Emit *SageMaker Training Job State Change*."""
    _announce("SageMaker Training Job State Change", record, record.arn)


def announce_endpoint(record: Any) -> None:
    """Emit *SageMaker Endpoint State Change*, whose status is written IN_SERVICE."""
    status = re.sub(r"(?<=[a-z])(?=[A-Z])", "_", record.endpoint_status).upper()
    _announce("SageMaker Endpoint State Change", record, record.arn, EndpointStatus=status)


def _announce(detail_type: str, record: Any, arn: str, **changes: Any) -> None:
    tags = {tag["Key"]: tag["Value"] for tag in record.tags}
    detail = {**_plain(record.response_object), "Tags": tags, **changes}
    emit("aws.sagemaker", detail_type, detail, [arn])


def _plain(value: Any) -> Any:
    if isinstance(value, datetime.datetime):
        return epoch_ms(value)
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_plain(item) for item in value]
    return value
