"""Metrics that services put into CloudWatch about themselves."""

from collections.abc import Iterable
from dataclasses import dataclass, field

from moto.cloudwatch.models import cloudwatch_backends
from moto.core.utils import utcnow

from emulator.aws.access import ACCOUNT, REGION


@dataclass(frozen=True)
class Metric:
    """One value of a metric."""

    namespace: str
    name: str
    dimensions: dict[str, str] = field(default_factory=dict)
    value: float = 1
    unit: str = "Count"


def put_metrics(metrics: Iterable[Metric]) -> None:
    """Put values with the time of now."""
    for metric in metrics:
        datum = {
            "MetricName": metric.name,
            "Dimensions": [{"Name": k, "Value": v} for k, v in metric.dimensions.items()],
            "Timestamp": utcnow(),
            "Value": metric.value,
            "Unit": metric.unit,
        }
        cloudwatch_backends[ACCOUNT][REGION].put_metric_data(metric.namespace, [datum])
