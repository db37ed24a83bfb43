"""The output of a job, function or model server, written to a log stream and a file."""

from __future__ import annotations

import logging
import threading
import time
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

from emulator.runtime.aws_access import AwsAccess, Metric
from emulator.runtime.logs.metric_matcher import MetricMatcher
from emulator.runtime.logs.tracebacks import last_exception

LOG = logging.getLogger(__name__)
_FLUSH_SECONDS = 1.0
_MAX_LINE_BYTES = 256_000  # CloudWatch Logs' limit of one event
# Maximum size of a log in memory and on disk; the rest is only searched for metrics.
MAX_LOG_BYTES = 50_000_000
MAX_LOG_LINES = 200_000
_LAST_LINES = 200


class JobLog:
    """The lines of one log stream, written in batches.

    Parameters
    ----------
    aws : AwsAccess
        Access to CloudWatch.
    group, stream : str
        CloudWatch Logs names.
    file : Path
        A copy, for the folder of a failed job.
    metric_definitions : sequence of dict
        ``MetricDefinitions`` of a training job.
    metric_source : tuple of str and dict, optional
        Namespace and dimensions of the metrics in CloudWatch.
    on_metric : callable, optional
        Gets each value of a metric when its line is matched, in a thread of its own.
    """

    def __init__(
        self,
        aws: AwsAccess,
        group: str,
        stream: str,
        file: Path,
        metric_definitions: Sequence[Mapping[str, Any]] = (),
        metric_source: tuple[str, dict[str, str]] | None = None,
        on_metric: Callable[[Metric], None] | None = None,
    ):
        self._aws, self._group, self._stream = aws, group, stream
        self._file = file.open("ab", buffering=0)
        self._kept_bytes = self._kept_lines = 0
        self._is_cut = False
        self._last: deque[str] = deque(maxlen=_LAST_LINES)
        self._matcher = MetricMatcher(metric_definitions, self._add_metric)
        self._told = False
        self._metrics: dict[str, Metric] = {}
        self._lock = threading.Lock()
        self._metric_source = metric_source
        self._on_metric = on_metric
        self._pending_metrics: list[Metric] = []
        self._partial = b""
        self._pending: list[str] = []
        self._flushed_at = time.monotonic()

    @property
    def metrics(self) -> tuple[Metric, ...]:
        """Last value of each metric that matched."""
        self._matcher.wait()
        with self._lock:
            return tuple(self._metrics.values())

    def feed(self, data: bytes) -> None:
        """Add output, in pieces of any size."""
        *lines, self._partial = (self._partial + data).split(b"\n")
        if len(self._partial) > _MAX_LINE_BYTES:
            lines, self._partial = [*lines, self._partial], b""
        for line in lines:
            self._add(line.decode("utf-8", "replace").rstrip("\r"))

    def flush(self, *, force: bool = False) -> None:
        """Write pending lines if the last write was a second ago."""
        now = time.monotonic()
        if now - self._flushed_at < _FLUSH_SECONDS and not force:
            return
        lines, self._pending, self._flushed_at = self._pending, [], now
        with self._lock:
            metrics, self._pending_metrics = self._pending_metrics, []
        try:
            if lines:
                self._aws.write_log(self._group, self._stream, lines)
            if metrics and self._metric_source:
                self._aws.put_metrics(*self._metric_source, metrics)
        except Exception:
            # A job does not fail because of its log; the file has the lines.
            LOG.exception("cannot write to the log %s %s", self._group, self._stream)

    def close(self) -> None:
        """Write the remaining lines, and close the file."""
        if self._partial:
            self.feed(b"\n")
        self._matcher.wait()
        self._note_if_given_up()
        self._matcher.close()
        self.flush(force=True)
        self._file.close()

    def tail(self, n_lines: int = 5) -> str:
        """Return the last lines, for an error message."""
        return "\n".join([*self._last][-n_lines:])

    def reason(self) -> str:
        """Return the script's last exception, or the last lines if there is none."""
        exception = last_exception("\n".join(self._last))
        return exception or f"Last lines: {self.tail()}"

    def _add(self, line: str) -> None:
        self._keep(line)
        self._matcher.feed(line)
        self._note_if_given_up()

    def _note_if_given_up(self) -> None:
        if self._matcher.gave_up and not self._told:
            self._told = True
            self._keep(
                f"[{self._matcher.gave_up}; further lines are not searched for metrics: simplify "
                "the Regex]"
            )

    def _keep(self, line: str) -> None:
        if line.strip():
            self._last.append(line)
        if self._is_cut:
            return
        self._kept_bytes += len(line.encode()) + 1
        self._kept_lines += 1
        if self._kept_bytes > MAX_LOG_BYTES or self._kept_lines > MAX_LOG_LINES:
            self._is_cut = True
            line = (
                f"[the log is cut here: the emulator keeps {MAX_LOG_BYTES // 1_000_000} MB or "
                f"{MAX_LOG_LINES} lines of one]"
            )
        self._file.write(line.encode() + b"\n")
        if line:
            self._pending.append(line)

    def _add_metric(self, name: str, text: str | None) -> None:
        try:
            value = float(text or "")
        except ValueError:
            return
        metric = Metric(name, value, datetime.now(timezone.utc))
        with self._lock:
            self._metrics[name] = metric
            self._pending_metrics.append(metric)
        if self._on_metric:
            self._on_metric(metric)
