"""The CloudWatch metrics ``AWS/SageMaker`` of invocations."""

import threading
from dataclasses import dataclass
from typing import Any

from moto.cloudwatch.models import cloudwatch_backends
from moto.core.utils import utcnow

from emulator.aws.access import ACCOUNT, REGION

_FLUSH_SECONDS = 1.0


@dataclass
class _Statistics:
    unit: str
    count: int = 0
    total: float = 0.0
    low: float = float("inf")
    high: float = float("-inf")

    def add(self, value: float) -> None:
        self.count += 1
        self.total += value
        self.low = min(self.low, value)
        self.high = max(self.high, value)


class InvocationMetrics:
    """Collects what invocations cost, and publishes one value set a second while there are any.

    Single values would grow the emulator's memory with every invocation.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._pending: dict[tuple[str, str, str], _Statistics] = {}
        self._timer: threading.Timer | None = None

    def count(
        self, endpoint: str, variant: str, status: int, model_latency: float, overhead: float
    ) -> None:
        """Count an invocation; latencies are in seconds, and published in microseconds."""
        values = {
            "Invocations": (1, "Count"),
            "InvocationsPerInstance": (1, "Count"),
            "Invocation4XXErrors": (int(400 <= status < 500), "Count"),
            "Invocation5XXErrors": (int(status >= 500 or status == 0), "Count"),
            "InvocationModelErrors": (int(not 200 <= status < 400), "Count"),
            "ModelLatency": (model_latency * 1e6, "Microseconds"),
            "OverheadLatency": (overhead * 1e6, "Microseconds"),
        }
        with self._lock:
            for metric, (value, unit) in values.items():
                key = (endpoint, variant, metric)
                self._pending.setdefault(key, _Statistics(unit)).add(value)
            if self._timer is None:
                self._timer = threading.Timer(_FLUSH_SECONDS, self.flush)
                self._timer.daemon = True
                self._timer.start()

    def flush(self) -> None:
        """Publish what was collected."""
        with self._lock:
            pending, self._pending, self._timer = self._pending, {}, None
        now = utcnow()
        data = [_datum(key, statistics, now) for key, statistics in pending.items()]
        if data:
            cloudwatch_backends[ACCOUNT][REGION].put_metric_data("AWS/SageMaker", data)


def _datum(key: tuple[str, str, str], statistics: _Statistics, now: Any) -> dict[str, Any]:
    endpoint, variant, metric = key
    return {
        "MetricName": metric,
        "Dimensions": [
            {"Name": "EndpointName", "Value": endpoint},
            {"Name": "VariantName", "Value": variant},
        ],
        "Timestamp": now,
        "Unit": statistics.unit,
        "StatisticValues": {
            "SampleCount": statistics.count,
            "Sum": statistics.total,
            "Minimum": statistics.low,
            "Maximum": statistics.high,
        },
    }
