"""The cache: finds what an earlier job has made of the same, and records what a job has made.

Nothing is used that is not proved to be whole and unaltered; whatever else is there is a miss, with
the reason. docs/cache.md documents keys and records.
"""

from __future__ import annotations

import contextlib
import functools
import os
import re
from typing import Any, NamedTuple

import boto3

from cache_key import Found, differences, make_key, seen, sha256, told
from cache_record import (
    MAX_RECORD_BYTES,
    Record,
    Unusable,
    check_age,
    check_key,
    check_outputs,
    dump,
    load,
    output_of,
    utc_now,
)
from cached_step import MAX_OBJECTS, CachedStep, InvalidEvent, Place, parse_step, shown, text_in

CACHE_PREFIX = os.environ["CACHE_PREFIX"]

# The newest records with which a key that is not found is compared.
MAX_COMPARED = 10

_IMAGE = re.compile(
    r"(?P<registry>\d{12})\.dkr\.ecr\.[a-z0-9-]+\.amazonaws\.com(?:\.cn)?/"
    r"(?P<repository>[a-z0-9._/-]+)(?:@(?P<digest>sha256:[0-9a-f]{64})|:(?P<tag>.+))"
)


class TooManyObjects(Exception):
    """There are more objects than can be compared in time; the step runs each time."""


class ImageNotFound(Exception):
    """The image's digest cannot be read, so that another image of this tag would stay unnoticed."""


class _Now(NamedTuple):
    """A step's key at this moment, its address, and a hash of everything that was seen for it."""

    key: dict[str, Any]
    address: str
    seen: str


def lambda_handler(event: dict[str, Any], context: object) -> dict[str, Any]:
    """Find the result of an unchanged step, or record one.

    Parameters
    ----------
    event : dict
        ``Action``: ``find`` or ``record``. ``Step``, ``Bucket``, ``JobNamesBeginWith``, ``Image``,
        ``Parameters`` and ``Inputs``, addresses by channel, describe the step. To find:
        ``MaxAgeInDays``, null without a limit, and ``Use``, false to run the job in any case.
        To record: ``Address`` and ``Seen`` as they were found before the job, the job's
        ``Status``, its ``Result`` with its ``JobName``, and the ``Execution``.
    context : object
        Not used.

    Returns
    -------
    dict
        Found: ``Hit``, ``Result`` of a hit, ``Address`` and ``Seen`` of the key, and ``Report``,
        which explains it. Recorded: ``Recorded`` and, if it was not, the ``Reason``.

    Raises
    ------
    InvalidEvent
        If a key of the event is missing or invalid.
    TooManyObjects
        If an input or a result has more objects than can be compared.
    ImageNotFound
        If the image's registry does not know it.
    """
    step = parse_step(event)
    action = event.get("Action")
    if action == "find":
        return _find(step, event)
    if action == "record":
        return _record(step, event)
    raise InvalidEvent(f"Action must be find or record, got {shown(action)}")


def _find(step: CachedStep, event: dict[str, Any]) -> dict[str, Any]:
    max_age_days = _max_age(event)
    now = _now(step)
    found = {"Address": now.address, "Seen": now.seen}
    if event.get("Use") is False:
        return {
            **found,
            "Hit": False,
            "Report": {"Hit": False, "Reason": "Cache is false in the input"},
        }
    try:
        record = _usable(step, now, max_age_days)
    except Unusable as error:
        return {**found, "Hit": False, "Report": {"Hit": False, "Reason": str(error)}}
    if record is None:
        return {**found, "Hit": False, "Report": _miss(step, now)}
    report = {"Hit": True, "Reason": "nothing has changed", **_origin(record)}
    return {**found, "Hit": True, "Result": record.result, "Report": report}


def _max_age(event: dict[str, Any]) -> float | None:
    days = event.get("MaxAgeInDays")
    if days is not None and (
        isinstance(days, bool) or not isinstance(days, int | float) or days <= 0
    ):
        raise InvalidEvent(f"MaxAgeInDays must be a positive number or null, got {shown(days)}")
    return days


def _now(step: CachedStep) -> _Now:
    digest = _digest(step.image)
    inputs = {channel: _list(place) for channel, place in step.inputs.items()}
    key = make_key(step, digest, inputs)
    return _Now(key, sha256(key), seen(digest, inputs))


def _usable(step: CachedStep, now: _Now, max_age_days: float | None) -> Record | None:
    """Return the record of this key; None if there is none.

    Raises
    ------
    Unusable
        If there is one that may not be used.
    """
    # A list, because S3 tells only callers that may list every key that an object is missing.
    found = _list(Place(step.bucket, f"{_folder(step)}{now.address}")).get(".json")
    if found is None:
        return None
    record = _read(step, f"{now.address}.json", found)
    check_key(record, now.key)
    check_age(record, max_age_days, utc_now())
    output = output_of(step, record)
    check_outputs(record, output, _etags(output))
    return record


def _read(step: CachedStep, name: str, found: Found) -> Record:
    if found.size > MAX_RECORD_BYTES:
        raise Unusable(f"the record must have at most {MAX_RECORD_BYTES} bytes, got {found.size}")
    answer = _client("s3").get_object(Bucket=step.bucket, Key=f"{_folder(step)}{name}")
    with contextlib.closing(answer["Body"]) as body:
        return load(body.read(), name.removesuffix(".json"), step.name)


def _miss(step: CachedStep, now: _Now) -> dict[str, Any]:
    """Explain a miss by the newest of the earlier results that differ least."""
    records = _list(Place(step.bucket, _folder(step)), whole=False)
    newest = sorted(records, key=lambda name: records[name].modified, reverse=True)
    nearest: tuple[list[tuple[str, Any, Any]], Record] | None = None
    for name in newest[:MAX_COMPARED]:
        with contextlib.suppress(Unusable):
            record = _read(step, name, records[name])
            changes = differences(record.key, now.key)
            if nearest is None or len(changes) < len(nearest[0]):
                nearest = (changes, record)
    if nearest is None:
        return {"Hit": False, "Reason": "there is no earlier result"}
    changes, record = nearest
    names = ", ".join(change["Field"] for change in told(changes))
    more = len(changes) - len(told(changes))
    return {
        "Hit": False,
        "Reason": f"changed: {names}{f' and {more} more' if more else ''}",
        "Changes": told(changes),
        **_origin(record),
    }


def _origin(record: Record) -> dict[str, Any]:
    return {
        "JobName": record.job,
        "Execution": record.execution,
        "RecordedAt": record.recorded_at.isoformat(timespec="seconds"),
    }


def _record(step: CachedStep, event: dict[str, Any]) -> dict[str, Any]:
    reason = _refusal(step, event)
    return {"Recorded": False, "Reason": reason} if reason else {"Recorded": True}


def _refusal(step: CachedStep, event: dict[str, Any]) -> str | None:
    """Record a result; return the reason if it may not be used later, and so is not recorded."""
    if not event.get("Address"):
        return "the cache was not asked before the job"
    if event.get("Status") != "completed":
        return f"the job has not completed, its status is {shown(event.get('Status'))}"
    result = event.get("Result")
    job = result.get("JobName") if isinstance(result, dict) else None
    if not isinstance(result, dict) or not isinstance(job, str):
        raise InvalidEvent(f"Result must be an object with JobName, got {shown(result)}")
    now = _now(step)
    if (now.address, now.seen) != (event["Address"], event.get("Seen")):
        return "the image or an input has changed while the job ran"
    output = step.output(job)
    if output is None:
        return f"JobName must begin with {step.job_start}, got {shown(job)}"
    fault = step.fault_of(result)
    if fault is not None:
        return fault
    outputs = _etags(output)
    missing = step.missing(set(outputs))
    if missing:
        return f"s3://{output.bucket}/{output.prefix} has no {' and no '.join(missing)}"
    record = Record(now.key, result, outputs, utc_now(), text_in(event, "Execution"))
    # One whole object: of two executions that record the same, either is right.
    _client("s3").put_object(
        Bucket=step.bucket,
        Key=f"{_folder(step)}{now.address}.json",
        Body=dump(record),
        ContentType="application/json",
    )
    return None


def _folder(step: CachedStep) -> str:
    return f"{CACHE_PREFIX}{step.name}/"


def _etags(place: Place) -> dict[str, str]:
    return {name: found.etag for name, found in _list(place).items()}


def _list(place: Place, *, whole: bool = True) -> dict[str, Found]:
    """Return the objects below a place, by their names below it; folders are none.

    `whole` refuses a place with too many; otherwise the first ones are returned.
    """
    objects = {}
    pages = _client("s3").get_paginator("list_objects_v2")
    for page in pages.paginate(Bucket=place.bucket, Prefix=place.prefix):
        for one in page.get("Contents", []):
            name = one["Key"][len(place.prefix) :]
            if name and not name.endswith("/"):
                modified = one["LastModified"].isoformat()
                objects[name] = Found(one["ETag"].strip('"'), one["Size"], modified)
        if len(objects) > MAX_OBJECTS and not whole:
            break
        if len(objects) > MAX_OBJECTS:
            raise TooManyObjects(
                f"s3://{place.bucket}/{place.prefix} has more than {MAX_OBJECTS} objects, which "
                "the cache does not compare: pack them into fewer, or set cache to false in "
                "config.ts"
            )
    return objects


def _digest(image: str) -> str | None:
    """Return the digest of an image; None if its address has it."""
    address = _IMAGE.fullmatch(image)
    if address is None:
        raise ImageNotFound(f"Image must be an address in ECR with a tag or a digest, got {image}")
    if address["digest"]:
        return None
    answer = _client("ecr").batch_get_image(
        registryId=address["registry"],
        repositoryName=address["repository"],
        imageIds=[{"imageTag": address["tag"]}],
    )
    digests = [one["imageId"]["imageDigest"] for one in answer.get("images", [])]
    if not digests:
        reasons = [one.get("failureReason", "") for one in answer.get("failures", [])]
        raise ImageNotFound(f"the digest of {image} cannot be read: {'; '.join(reasons)}")
    return digests[0]


@functools.cache
def _client(service: str) -> Any:
    # Created on first use, so that tests without AWS can import this module.
    return boto3.client(service)
