"""Read the requests that an endpoint's data capture recorded, file by file and line by line.

A line is a JSON object: ``captureData`` with ``endpointInput`` and ``endpointOutput``, and
``eventMetadata`` with ``inferenceTime`` and, if the caller gave one, ``inferenceId``.
Source: https://docs.aws.amazon.com/sagemaker/latest/dg/model-monitor-data-capture-endpoint.html
"""

from __future__ import annotations

import base64
import binascii
import json
from collections import Counter
from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any, NamedTuple

from cells import valid_text

# Requests of the workflow's own test of an endpoint; their inference ids begin so.
SMOKE_TEST = "smoke-test-"
# A request that is this much later than now has a wrong clock.
SKEW = timedelta(minutes=5)
TIME_FORMAT = "%Y-%m-%dT%H:%M:%SZ"


class Period(NamedTuple):
    """The times of requests, in UTC and to the second.

    Attributes
    ----------
    start, end : datetime
        Of the window: from `start` on, until before `end`.
    now : datetime
        When the files were read.
    labels_start : datetime
        From when on requests are joined with labels, not after `start`.
    """

    start: datetime
    end: datetime
    now: datetime
    labels_start: datetime

    @property
    def hours(self) -> float:
        """The length of the window in hours."""
        return (self.end - self.start).total_seconds() / 3600


class Request(NamedTuple):
    """A captured request.

    Attributes
    ----------
    hour : str or None
        ``yyyy-mm-ddThh`` of a request in the window; None of an earlier one, whose predictions are
        only measured.
    inference_id : str or None
    input, output : dict or None
        The captured bodies, as `body` reads them.
    """

    hour: str | None
    inference_id: str | None
    input: Mapping[str, Any] | None
    output: Mapping[str, Any] | None


def requests(folder: Path, period: Period, counts: Counter[str]) -> Iterator[Request]:
    """Yield the requests below a folder; count what is skipped and why.

    Parameters
    ----------
    folder : Path
        With ``*.jsonl`` at any depth; may be absent.
    period : Period
        Which requests to yield.
    counts : Counter
        Gets ``files``, ``lines``, and a count for each reason to skip.
    """
    first, start, end, latest = (
        moment.strftime(TIME_FORMAT)
        for moment in (
            min(period.labels_start, period.start),
            period.start,
            period.end,
            period.now + SKEW,
        )
    )
    for event in _events(folder, counts):
        try:
            metadata, data = event["eventMetadata"], event["captureData"]
            time, inference_id = metadata["inferenceTime"], metadata.get("inferenceId")
            if inference_id is not None:
                inference_id = valid_text(str(inference_id))
            captured = data.get("endpointInput"), data.get("endpointOutput")
            if not isinstance(time, str) or len(time) != len(start) or time[-1] != "Z":
                time = moment_of(time).strftime(TIME_FORMAT)
        except (KeyError, TypeError, AttributeError, ValueError, RecursionError):
            counts["invalidEvents"] += 1
            continue
        if time > latest:
            counts["clockSkew"] += 1
        elif not first <= time < end:
            counts["outsideWindow"] += 1
        elif inference_id is not None and inference_id.startswith(SMOKE_TEST):
            counts["smokeTests"] += 1
        else:
            hour = time[:13] if time >= start else None
            yield Request(hour, inference_id, *captured)


def body(part: Mapping[str, Any]) -> Any:
    """Return a captured body: the text of CSV, or what JSON contains, of JSON Lines as a list.

    Raises
    ------
    ValueError
        If it is not what its encoding or its content type says.
    """
    data, encoding = part.get("data"), part.get("encoding")
    if encoding == "CSV" and isinstance(data, str):
        return data
    if encoding == "JSON" and not isinstance(data, str):
        return data
    if encoding not in ("JSON", "BASE64") or not isinstance(data, str):
        raise ValueError(f"the encoding must be CSV, JSON or BASE64, got {encoding!r}")
    media_type = str(part.get("observedContentType") or "").split(";")[0].strip().lower()
    if encoding == "BASE64":
        try:
            data = base64.b64decode(data, validate=True).decode("utf-8-sig")
        except binascii.Error as error:
            raise ValueError(f"must be base64: {error}") from error
        looks_like_json = media_type != "text/csv" and data.lstrip()[:1] in ("{", "[")
        if not looks_like_json and not media_type.endswith(("json", "jsonlines")):
            return data
    if media_type.endswith("jsonlines"):
        return [json.loads(line) for line in data.splitlines() if line.strip()]
    return json.loads(data)


def moment_of(text: str) -> datetime:
    """Return the time that ISO 8601 text names, in UTC; without a zone, it is UTC.

    Raises
    ------
    ValueError
        If the text is not such a time.
    """
    plain = text.strip()
    # Before Python 3.11, no Z, and only three or six digits of a fraction.
    plain = f"{plain[:-1]}+00:00" if plain.endswith(("Z", "z")) else plain
    whole, point, rest = plain.partition(".")
    if point:
        digits = len(rest) - len(rest.lstrip("0123456789"))
        plain = whole + rest[digits:]
    moment = datetime.fromisoformat(plain)
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=timezone.utc)
    try:
        return moment.astimezone(timezone.utc).replace(microsecond=0)
    except OverflowError as error:
        raise ValueError(f"must be a time that UTC has, got '{text}'") from error


def _events(folder: Path, counts: Counter[str]) -> Iterator[Any]:
    loads = json.loads
    for path in sorted(folder.rglob("*.jsonl")):
        counts["files"] += 1
        try:
            with path.open(encoding="utf-8", errors="surrogateescape") as file:
                for line in file:
                    try:
                        event = loads(line)
                    except (ValueError, RecursionError):
                        if line.isspace():
                            continue
                        # The end of a file that is still being written, or was cut.
                        cut = not line.endswith("\n")
                        counts["cutLines" if cut else "unreadableLines"] += 1
                        continue
                    counts["lines"] += 1
                    yield event
        except OSError:
            counts["unreadableFiles"] += 1
