"""What a job, function or model server writes, on its way to a log stream and a file."""

from __future__ import annotations

import logging
import re
import time
from collections.abc import Sequence
from datetime import datetime, timezone
from pathlib import Path

from emulator.runtime.aws_access import AwsAccess, Metric
from emulator.runtime.tracebacks import last_exception

LOG = logging.getLogger(__name__)
_FLUSH_SECONDS = 1.0
_MAX_LINE_BYTES = 256_000  # CloudWatch Logs' limit of one event


class JobLog:
    """Lines of one log stream, written in batches while they come in.

    Parameters
    ----------
    aws : AwsAccess
        Where the lines go.
    group, stream : str
        CloudWatch Logs names.
    file : Path
        A copy, for people who look at a failed job's folder.
    metric_definitions : sequence of dict
        ``MetricDefinitions`` of a training job.
    metric_source : tuple of str and dict, optional
        Namespace and dimensions of the metrics in CloudWatch.
    """

    def __init__(
        self,
        aws: AwsAccess,
        group: str,
        stream: str,
        file: Path,
        metric_definitions: Sequence[dict] = (),
        metric_source: tuple[str, dict[str, str]] | None = None,
    ):
        self._aws, self._group, self._stream = aws, group, stream
        self._file = file.open("ab", buffering=0)
        self._path = file
        self._expressions = [
            (item["Name"], re.compile(item["Regex"])) for item in metric_definitions
        ]
        self._metrics: dict[str, Metric] = {}
        self._metric_source = metric_source
        self._pending_metrics: list[Metric] = []
        self._partial = b""
        self._pending: list[str] = []
        self._flushed_at = time.monotonic()

    @property
    def metrics(self) -> tuple[Metric, ...]:
        """Last value of each metric that was found."""
        return tuple(self._metrics.values())

    def feed(self, data: bytes) -> None:
        """Take output as it comes, in pieces of any size."""
        self._file.write(data)
        *lines, self._partial = (self._partial + data).split(b"\n")
        if len(self._partial) > _MAX_LINE_BYTES:
            lines, self._partial = [*lines, self._partial], b""
        for line in lines:
            self._add(line.decode("utf-8", "replace").rstrip("\r"))

    def flush(self, *, force: bool = False) -> None:
        """Write what is pending, if the last time was a second ago."""
        now = time.monotonic()
        if not self._pending or (now - self._flushed_at < _FLUSH_SECONDS and not force):
            return
        lines, self._pending, self._flushed_at = self._pending, [], now
        metrics, self._pending_metrics = self._pending_metrics, []
        try:
            self._aws.write_log(self._group, self._stream, lines)
            if metrics and self._metric_source:
                self._aws.put_metrics(*self._metric_source, metrics)
        except Exception:
            # A job does not fail for its log; its file has the lines.
            LOG.exception("cannot write to the log %s %s", self._group, self._stream)

    def close(self) -> None:
        """Write what is left, and close the file."""
        if self._partial:
            self.feed(b"\n")
        self.flush(force=True)
        self._file.close()

    def tail(self, n_lines: int = 5) -> str:
        """Return the last lines, for an error message."""
        lines = self._path.read_text("utf-8", "replace").strip().splitlines()
        return "\n".join(lines[-n_lines:])

    def reason(self) -> str:
        """Return the script's last exception, or the last lines if there is none."""
        exception = last_exception(self._path.read_text("utf-8", "replace"))
        return exception or f"Last lines: {self.tail()}"

    def _add(self, line: str) -> None:
        if line:
            self._pending.append(line)
        for name, expression in self._expressions:
            for match in expression.finditer(line):
                self._add_metric(name, match.group(1) if expression.groups else match.group())

    def _add_metric(self, name: str, text: str | None) -> None:
        try:
            value = float(text or "")
        except ValueError:
            return
        self._metrics[name] = Metric(name, value, datetime.now(timezone.utc))
        self._pending_metrics.append(self._metrics[name])
