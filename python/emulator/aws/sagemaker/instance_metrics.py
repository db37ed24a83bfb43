"""The load of endpoints, in the namespace ``/aws/sagemaker/Endpoints``: measured at their servers.

Source: https://docs.aws.amazon.com/sagemaker/latest/dg/monitoring-cloudwatch.html
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass

from emulator.aws.metrics import Metric, put_metrics
from emulator.aws.sagemaker.endpoints import Endpoints
from emulator.aws.sagemaker.fleet import VariantPlan
from emulator.runtime.processes.usage import Usage, machine_memory_bytes

LOG = logging.getLogger("emulator")

_MINUTE = 60.0
_SHORTEST_SECONDS = 1.0
_BYTES_PER_MB = 1024**2


@dataclass(frozen=True)
class _Sample:
    seconds: float
    usage: Usage


class InstanceMetrics:
    """Measures the servers of every endpoint in service, and publishes what they use.

    Nothing is published where the machine does not tell (not on Linux).

    Parameters
    ----------
    time_scale : float
        Factor of the minute from one measurement to the next, which is a second at least.
    """

    def __init__(self, endpoints: Endpoints, time_scale: float) -> None:
        self._endpoints = endpoints
        self._seconds = max(_SHORTEST_SECONDS, _MINUTE * time_scale)
        self._before: dict[int, _Sample] = {}
        self._closed = threading.Event()

    def start(self) -> None:
        """Start the thread that measures."""
        threading.Thread(target=self._run, name="instance metrics", daemon=True).start()

    def close(self) -> None:
        """Stop measuring."""
        self._closed.set()

    def _run(self) -> None:
        while not self._closed.wait(self._seconds):
            try:
                self.measure(time.monotonic())
            except Exception:
                LOG.exception("the metrics of endpoints failed inside the emulator")

    def measure(self, now: float) -> None:
        """Publish what each server has used since it was measured before."""
        samples: dict[int, _Sample] = {}
        found: list[Metric] = []
        for endpoint, traffic in self._endpoints.all_serving().items():
            for plan, server in traffic.fleet.servers():
                usage = server.usage()
                if usage is None:
                    continue
                sample = samples[id(server)] = _Sample(now, usage)
                before = self._before.get(id(server))
                dimensions = {"EndpointName": endpoint, "VariantName": plan.name}
                found.extend(
                    Metric("/aws/sagemaker/Endpoints", name, dimensions, value, "Percent")
                    for name, value in _percentages(plan, before, sample)
                )
        self._before = samples
        if found:
            put_metrics(found)


def _percentages(
    plan: VariantPlan, before: _Sample | None, now: _Sample
) -> Iterator[tuple[str, float]]:
    memory = (
        machine_memory_bytes()
        if plan.serverless is None
        else plan.serverless["MemorySizeInMB"] * _BYTES_PER_MB
    )
    yield "MemoryUtilization", min(100.0, 100 * now.usage.memory_bytes / memory)
    # AWS does not measure the processors of a serverless endpoint.
    if plan.serverless is not None or before is None or now.seconds <= before.seconds:
        return
    used = now.usage.cpu_seconds - before.usage.cpu_seconds
    # A server that was started again counts from zero.
    used = now.usage.cpu_seconds if used < 0 else used
    # A processor is 100 %.
    yield "CPUUtilization", 100 * used / (now.seconds - before.seconds)
