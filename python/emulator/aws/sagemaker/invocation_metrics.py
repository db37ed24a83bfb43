"""The CloudWatch metrics of invocations in the namespace ``AWS/SageMaker``."""

from __future__ import annotations

import threading
from typing import Any

from moto.cloudwatch.models import cloudwatch_backends
from moto.core.utils import utcnow

from emulator.aws.account import ACCOUNT, REGION
from emulator.aws.cloudwatch.summary import Summary
from emulator.aws.sagemaker.traffic import Assignment

_UNITS = {"ModelLatency": "Microseconds", "OverheadLatency": "Microseconds"}
_Key = tuple[tuple[tuple[str, str], ...], str]


class InvocationMetrics:
    """Collects the metrics of invocations, and publishes them as value sets.

    Publishing single values would use more memory with every invocation.

    Parameters
    ----------
    flush_seconds : float
        Time from the first collected invocation until the values are published.
    """

    def __init__(self, flush_seconds: float = 1.0) -> None:
        self._flush_seconds = flush_seconds
        self._lock = threading.Lock()
        self._pending: dict[_Key, Summary] = {}
        self._timer: threading.Timer | None = None

    def count(
        self,
        endpoint: str,
        assigned: Assignment,
        status: int,
        model_latency: float,
        overhead: float,
    ) -> None:
        """Count an invocation; latencies are in seconds, and published in microseconds.

        Values are counted per variant, and again with the configuration as a third dimension.
        """
        values = {
            "Invocations": 1,
            "InvocationsPerInstance": 1 / (assigned.plan.instance_count or 1),
            "Invocation4XXErrors": int(400 <= status < 500),
            "Invocation5XXErrors": int(status >= 500 or status == 0),
            "InvocationModelErrors": int(not 200 <= status < 400),
            "ModelLatency": model_latency * 1e6,
            "OverheadLatency": overhead * 1e6,
        }
        variant = (("EndpointName", endpoint), ("VariantName", assigned.plan.name))
        with self._lock:
            for dimensions in (variant, (*variant, ("EndpointConfigName", assigned.config))):
                for metric, value in values.items():
                    self._pending.setdefault((dimensions, metric), Summary()).add(value)
            if self._timer is None:
                self._timer = threading.Timer(self._flush_seconds, self.flush)
                self._timer.daemon = True
                self._timer.start()

    def flush(self) -> None:
        """Publish the collected values."""
        with self._lock:
            pending, self._pending, self._timer = self._pending, {}, None
        now = utcnow()
        data = [_datum(key, summary, now) for key, summary in pending.items()]
        if data:
            cloudwatch_backends[ACCOUNT][REGION].put_metric_data("AWS/SageMaker", data)


def _datum(key: _Key, summary: Summary, now: Any) -> dict[str, Any]:
    dimensions, metric = key
    return {
        "MetricName": metric,
        "Dimensions": [{"Name": name, "Value": value} for name, value in dimensions],
        "Timestamp": now,
        "Unit": _UNITS.get(metric, "Count"),
        "Summary": summary,
    }
