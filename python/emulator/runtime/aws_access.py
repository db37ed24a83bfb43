"""The access of jobs, functions and model servers to AWS."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol


@dataclass(frozen=True)
class Metric:
    """A value that a metric definition matched in a log line."""

    name: str
    value: float
    timestamp: datetime


class AwsAccess(Protocol):
    """Access to AWS; injected, so that the runtime does not depend on the emulated services."""

    def client(self, service: str, role_arn: str | None) -> Any:
        """Return a boto3 client with the role's credentials, or the service's own."""
        ...

    def environment(self, role_arn: str) -> dict[str, str]:
        """Return the AWS_* variables (endpoint, region, keys of the role) for a child."""
        ...

    def write_log(self, group: str, stream: str, lines: Iterable[str]) -> None:
        """Append lines to a log stream; create group and stream if they are missing."""
        ...

    def put_metrics(
        self, namespace: str, dimensions: Mapping[str, str], metrics: Iterable[Metric]
    ) -> None:
        """Put values of metrics into CloudWatch."""
        ...
