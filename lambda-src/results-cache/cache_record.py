"""Records of results: write one, and find out whether one may be used."""

from __future__ import annotations

import json
from datetime import datetime, timedelta, timezone
from typing import Any, NamedTuple

from cache_key import VERSION, differences, sha256
from cached_step import CachedStep, Place, shown

# Far more than a record of as many objects as a key may have.
MAX_RECORD_BYTES = 8 * 1024**2

# Clocks differ.
_AHEAD = timedelta(minutes=5)


class Unusable(Exception):
    """A record may not be used; the message says why."""


class Record(NamedTuple):
    """A result that was recorded.

    Attributes
    ----------
    result : dict
        ``JobName``; of a tuning also ``TuningJobName`` and ``HyperParameters``.
    outputs : dict of str to str
        The ETags of the job's objects, by their names below its output.
    """

    key: dict[str, Any]
    result: dict[str, Any]
    outputs: dict[str, str]
    recorded_at: datetime
    execution: str

    @property
    def job(self) -> str:
        """Return the name of the job that made it."""
        return self.result["JobName"]


def dump(record: Record) -> bytes:
    """Return a record as JSON, with hashes of its key and of all of it."""
    document = {
        "Version": VERSION,
        "Address": sha256(record.key),
        "Key": record.key,
        "Result": record.result,
        "Outputs": record.outputs,
        "RecordedAt": record.recorded_at.isoformat(timespec="seconds"),
        "Execution": record.execution,
    }
    return json.dumps({**document, "Sha256": sha256(document)}, indent=1).encode()


def load(content: bytes, address: str, step: str) -> Record:
    """Read the record at an address.

    Raises
    ------
    Unusable
        If it is not whole, or was changed since it was written.
    """
    try:
        document = json.loads(content.decode())
    except (ValueError, RecursionError) as error:
        raise Unusable(f"the record is cut or no JSON: {error}") from error
    if not isinstance(document, dict):
        raise Unusable(f"the record must be an object, got {shown(document)}")
    digest = document.pop("Sha256", None)
    if document.get("Version") != VERSION:
        raise Unusable(
            f"the record's Version must be {VERSION}, got {shown(document.get('Version'))}"
        )
    key = _member(document, "Key", dict)
    try:
        if sha256(key) != address or document.get("Address") != address:
            raise Unusable("the record is forged or misplaced: its key has another address")
        if digest != sha256(document):
            raise Unusable("the record was changed after it was written: its Sha256 differs")
    except (ValueError, RecursionError) as error:
        raise Unusable(f"the record has a value that cannot be hashed: {error}") from error
    if key.get("Step") != step:
        raise Unusable(f"the record must be of {step}, got {shown(key.get('Step'))}")
    result = _member(document, "Result", dict)
    _member(result, "JobName", str)
    return Record(
        key=key,
        result=result,
        outputs=_outputs(document),
        recorded_at=_time(document),
        execution=_member(document, "Execution", str),
    )


def _member(document: dict[str, Any], name: str, kind: type) -> Any:
    value = document.get(name)
    if not isinstance(value, kind) or not value:
        raise Unusable(f"the record's {name} is missing or invalid: {shown(value)}")
    return value


def _outputs(document: dict[str, Any]) -> dict[str, str]:
    outputs = _member(document, "Outputs", dict)
    for name, etag in outputs.items():
        if not isinstance(etag, str):
            raise Unusable(f"the record's Outputs must be texts, got {shown(etag)} for {name}")
    return outputs


def _time(document: dict[str, Any]) -> datetime:
    text = _member(document, "RecordedAt", str)
    try:
        found = datetime.fromisoformat(text)
    except ValueError as error:
        raise Unusable(f"the record's RecordedAt must be a time, got {shown(text)}") from error
    if found.tzinfo is None:
        raise Unusable(f"the record's RecordedAt must have a time zone, got {shown(text)}")
    return found


def output_of(step: CachedStep, record: Record) -> Place:
    """Return where the record's job has its results.

    Raises
    ------
    Unusable
        If the record names no job of this workflow, so that it would lead elsewhere.
    """
    output = step.output(record.job)
    if output is None:
        raise Unusable(
            f"the record leads elsewhere: its JobName must begin with {step.job_start}, "
            f"got {shown(record.job)}"
        )
    missing = step.missing(set(record.outputs))
    if missing:
        raise Unusable(f"the record has no {' and no '.join(missing)}")
    fault = step.fault_of(record.result)
    if fault is not None:
        raise Unusable(f"the record's Result is invalid: {fault}")
    return output


def check_key(record: Record, key: dict[str, Any]) -> None:
    """Compare the whole key, although its hash is the same.

    Raises
    ------
    Unusable
        If they differ.
    """
    if differences(record.key, key):
        raise Unusable("the record's key is another one than its address")


def check_age(record: Record, max_age_days: float | None, now: datetime) -> None:
    """Compare a record's age with the longest.

    Raises
    ------
    Unusable
        If it is too old, or from the future.
    """
    age = now - record.recorded_at
    if age < -_AHEAD:
        raise Unusable(f"the record is from the future: {record.recorded_at.isoformat()}")
    if max_age_days is not None and age > timedelta(days=max_age_days):
        raise Unusable(
            f"the result of {record.job} has expired: it is {age / timedelta(days=1):.1f} days "
            f"old, and {max_age_days:g} is the limit"
        )


def check_outputs(record: Record, output: Place, found: dict[str, str]) -> None:
    """Compare a record's objects with those that are there.

    Raises
    ------
    Unusable
        If one was deleted, altered or added.
    """
    url = f"s3://{output.bucket}/{output.prefix}"
    for name, etag in record.outputs.items():
        if name not in found:
            raise Unusable(f"{url}{name} was deleted after it was recorded")
        if found[name] != etag:
            raise Unusable(
                f"{url}{name} was altered after it was recorded: its ETag was {etag}, "
                f"and is {found[name]}"
            )
    added = next((name for name in sorted(found) if name not in record.outputs), None)
    if added is not None:
        raise Unusable(f"{url}{added} was added after the result was recorded")


def utc_now() -> datetime:
    """Return the current time."""
    return datetime.now(timezone.utc)
