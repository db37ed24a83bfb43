"""Find a training job's metrics in its output archive, and check one of them."""

from __future__ import annotations

import gzip
import json
import math
import tarfile
import zlib
from typing import IO, Any, Literal, NamedTuple, get_args

# Where evaluation.json may be: AWS packs the content of /opt/ml/output/data, the AWS SDK's local
# mode packs the folder itself.
MEMBER_NAMES = ("evaluation.json", "data/evaluation.json")

MAX_ARCHIVE_BYTES = 32 * 1024**2
MAX_UNPACKED_BYTES = 64 * 1024**2
MAX_MEMBER_BYTES = 1024**2
MAX_MEMBERS = 1_000

# Limits of the reported metrics, because a failure's cause and an execution's output have limits.
# https://docs.aws.amazon.com/step-functions/latest/dg/service-quotas.html
MAX_METRICS = 100
MAX_METRIC_NAME = 64

# Which values of a metric are better.
Better = Literal["greater", "smaller"]
BETTER = get_args(Better)


class InvalidEvent(Exception):
    """The function's event lacks a key or has an invalid value."""


class EvaluationFileMissing(Exception):
    """The training job wrote no evaluation.json."""


class EvaluationFileInvalid(Exception):
    """The output archive or the evaluation.json in it cannot be read as metrics."""


class ArchiveTooLarge(Exception):
    """The output archive exceeds the function's limits."""


class MetricMissing(Exception):
    """The evaluation does not contain the gate's metric."""


class Evaluation(NamedTuple):
    """Metrics by name, and the content of their file."""

    metrics: dict[str, float]
    content: bytes


def read_archive(archive: IO[bytes]) -> Evaluation:
    """Read evaluation.json from an output.tar.gz, as a stream and within limits.

    Parameters
    ----------
    archive : binary file
        Read once, from the beginning; nothing is written to disk.

    Raises
    ------
    EvaluationFileMissing
        If the archive does not contain the file.
    EvaluationFileInvalid
        If the archive is broken, or the file is not a JSON object of finite numbers.
    ArchiveTooLarge
        If the unpacked archive is too large, or has too many members.
    """
    content = _member(archive)
    return Evaluation(_metrics(content), content)


def passes(
    metrics: dict[str, float], metric: str, threshold: float, better: Better = "greater"
) -> bool:
    """Return whether a metric is better than the threshold; equal is not enough.

    Raises
    ------
    MetricMissing
        If there is no such metric.
    """
    if metric not in metrics:
        raise MetricMissing(
            f"evaluation.json must contain the metric '{metric}', got {_first(sorted(metrics))}"
        )
    value = metrics[metric]
    return value < threshold if better == "smaller" else value > threshold


def reported(metrics: dict[str, float], metric: str) -> dict[str, float]:
    """Return the metrics to report: the gate's, and as many others as fit an execution's output.

    The others are the first with printable names of at most `MAX_METRIC_NAME` characters;
    evaluation.json contains all of them.
    """
    fitting = [name for name in metrics if len(name) <= MAX_METRIC_NAME and name.isprintable()]
    kept = set(fitting[: MAX_METRICS - 1]) | {metric}
    return {name: value for name, value in metrics.items() if name in kept}


def shown(value: Any) -> str:
    """Return the beginning of any value as JSON."""
    try:
        return json.dumps(value)[:100]
    except (ValueError, TypeError, RecursionError):
        return f"a {type(value).__name__} that cannot be shown"


def _first(names: list[str]) -> str:
    more = len(names) - 10
    listed = ", ".join(name[:MAX_METRIC_NAME] for name in names[:10])
    return f"{listed} and {more} more" if more > 0 else listed


class _LimitedReader:
    """Counts unpacked bytes, because the sizes in an archive may be wrong."""

    def __init__(self, file: IO[bytes]):
        self._file = file
        self._left = MAX_UNPACKED_BYTES

    def read(self, size: int) -> bytes:
        data = self._file.read(size)
        self._left -= len(data)
        if self._left < 0:
            raise ArchiveTooLarge(
                f"the output archive must unpack to at most {MAX_UNPACKED_BYTES} bytes: write less "
                "to the training job's output data folder"
            )
        return data


def _member(archive: IO[bytes]) -> bytes:
    seen: list[str] = []
    try:
        with (
            gzip.GzipFile(fileobj=archive) as unpacked,
            tarfile.open(
                # tarfile uses only `read` of a stream.
                fileobj=_LimitedReader(unpacked),  # pyright: ignore[reportArgumentType, reportCallIssue]
                mode="r|",
            ) as tar,
        ):
            for member in tar:
                name = member.name[2:] if member.name.startswith("./") else member.name
                if name in MEMBER_NAMES:
                    return _content(tar, member)
                seen.append(name)
                if len(seen) >= MAX_MEMBERS:
                    raise ArchiveTooLarge(
                        f"the output archive must have at most {MAX_MEMBERS} members: write fewer "
                        "files to the training job's output data folder"
                    )
    except (tarfile.TarError, OSError, EOFError, zlib.error) as error:
        raise EvaluationFileInvalid(
            f"the output archive must be a readable tar.gz: {error}"
        ) from error
    raise EvaluationFileMissing(
        f"the output archive must contain {' or '.join(MEMBER_NAMES)}, "
        f"got {_first(seen) or 'nothing'}"
    )


def _content(tar: tarfile.TarFile, member: tarfile.TarInfo) -> bytes:
    if member.size > MAX_MEMBER_BYTES:
        raise ArchiveTooLarge(
            f"{member.name} must have at most {MAX_MEMBER_BYTES} bytes, got {member.size}: write "
            "only metrics to it"
        )
    file = tar.extractfile(member) if member.isreg() else None
    if file is None:
        raise EvaluationFileInvalid(f"{member.name} in the output archive must be a regular file")
    return file.read()


def _metrics(content: bytes) -> dict[str, float]:
    try:
        metrics = json.loads(content.decode("utf-8-sig"))
    except (ValueError, RecursionError) as error:
        raise EvaluationFileInvalid(f"evaluation.json must be JSON: {error}") from error
    if not isinstance(metrics, dict) or not metrics:
        raise EvaluationFileInvalid("evaluation.json must be an object of metrics")
    for name, value in metrics.items():
        if not is_finite_number(value):
            raise EvaluationFileInvalid(
                f"evaluation.json: '{name[:MAX_METRIC_NAME]}' must be a finite number, "
                f"got {shown(value)}"
            )
    return metrics


def is_finite_number(value: Any) -> bool:
    """Return whether a JSON value is a finite number; true and false are not."""
    try:
        return type(value) in (int, float) and math.isfinite(value)
    except OverflowError:
        return False
