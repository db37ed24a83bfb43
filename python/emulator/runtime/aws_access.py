"""What jobs, functions and model servers need from the cloud that they run in."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol


@dataclass(frozen=True)
class Metric:
    """A value that a metric definition's regular expression found in a log line."""

    name: str
    value: float
    timestamp: datetime


class AwsAccess(Protocol):
    """The cloud around a process; injected, so that nothing here depends on an emulator."""

    def client(self, service: str, role_arn: str | None) -> Any:
        """Return a boto3 client that acts as the role, or as the service itself."""
        ...

    def environment(self, role_arn: str) -> dict[str, str]:
        """Return the AWS_* variables (endpoint, region, keys of the role) for a child."""
        ...

    def write_log(self, group: str, stream: str, lines: Iterable[str]) -> None:
        """Append lines to a log stream; group and stream are made when missing."""
        ...

    def put_metrics(
        self, namespace: str, dimensions: Mapping[str, str], metrics: Iterable[Metric]
    ) -> None:
        """Put values of metrics into CloudWatch."""
        ...
