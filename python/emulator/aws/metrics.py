"""Metrics that services publish to CloudWatch."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timezone

from moto.cloudwatch.models import cloudwatch_backends
from moto.core.utils import utcnow

from emulator.aws.account import ACCOUNT, REGION


@dataclass(frozen=True)
class Metric:
    """One value of a metric; its time defaults to now."""

    namespace: str
    name: str
    dimensions: dict[str, str] = field(default_factory=dict)
    value: float = 1
    unit: str = "Count"
    time: datetime | None = None


def put_metrics(metrics: Iterable[Metric]) -> None:
    """Put values."""
    for metric in metrics:
        datum = {
            "MetricName": metric.name,
            "Dimensions": [{"Name": k, "Value": v} for k, v in metric.dimensions.items()],
            "Timestamp": _without_zone(metric.time) if metric.time else utcnow(),
            "Value": metric.value,
            "Unit": metric.unit,
        }
        cloudwatch_backends[ACCOUNT][REGION].put_metric_data(metric.namespace, [datum])


def _without_zone(time: datetime) -> datetime:
    return time.astimezone(timezone.utc).replace(tzinfo=None)  # like moto's own times
