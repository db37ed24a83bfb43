"""Rewards of a variant's predictions, from objects of JSON Lines in S3."""

from __future__ import annotations

import contextlib
import json
import math
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, NamedTuple

from sequential import Sample
from settings import Settings, is_finite_number, one_line, shown

MAX_OBJECT_BYTES = 32 * 1024**2
# How much one check may read; the next continues. Without a limit, a check that times out would be
# repeated forever.
MAX_LOOK_BYTES = 64 * 1024**2
MAX_OBJECTS = 10_000


class InvalidRewards(Exception):
    """An object contains a line that is not a reward."""


class ObjectRewards(NamedTuple):
    """The rewards of one object; none if it has a problem."""

    etag: str
    size: int = 0
    total: float = 0.0
    problem: str | None = None


@dataclass
class Rewards:
    """Rewards by object, so that each object is read and counted once, even after a repeated check.

    Attributes
    ----------
    objects : dict of str to dict of str to ObjectRewards
        By variant and key. Objects that expire stay counted.
    waiting : int
        Objects that the last check left for the next.
    """

    objects: dict[str, dict[str, ObjectRewards]] = field(default_factory=dict)
    waiting: int = 0

    def sample(self, variant: str) -> Sample:
        """Return all rewards of a variant."""
        found = self.objects.get(variant, {}).values()
        return Sample(sum(each.size for each in found), math.fsum(each.total for each in found))

    @property
    def problems(self) -> list[str]:
        """Return every object that cannot be counted, with the reason."""
        return [
            # Object names come from outside, and must not add line breaks to a message.
            f"{one_line(key)}: {each.problem}"
            for objects in self.objects.values()
            for key, each in objects.items()
            if each.problem is not None
        ] + [
            f"{variant} must have at most {MAX_OBJECTS} reward objects: write larger ones"
            for variant, objects in self.objects.items()
            if len(objects) > MAX_OBJECTS
        ]

    def read(self, s3: Any, settings: Settings, since: datetime) -> None:
        """Count objects that are new or have changed.

        Parameters
        ----------
        s3 : S3 client
        settings : Settings
        since : datetime
            When the endpoint configuration was created; older objects are about other models.
        """
        self.waiting = 0
        for variant in settings.variants:
            counted = self.objects.setdefault(variant, {})
            left = MAX_LOOK_BYTES / len(settings.variants)
            for key, etag, size in _listed(s3, settings, variant, since):
                if key in counted and counted[key].etag == etag:
                    continue
                if left <= 0 or len(counted) > MAX_OBJECTS:
                    self.waiting += 1
                elif size > MAX_OBJECT_BYTES:
                    problem = f"must have at most {MAX_OBJECT_BYTES} bytes, got {size}"
                    counted[key] = ObjectRewards(etag, problem=problem)
                else:
                    counted[key] = _read(s3, settings, variant, key)
                    left -= size


def sum_rewards(lines: Iterable[bytes], variant: str, low: float, high: float) -> Sample:
    """Add up JSON Lines of ``inferenceId``, ``variant`` and ``reward``; other keys are ignored.

    Raises
    ------
    InvalidRewards
        If a line is not a reward of the variant within the range, or repeats an inference; the
        message names the first one.
    """
    rewards: list[float] = []
    seen: set[str] = set()
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        try:
            record = json.loads(line)
        except (ValueError, RecursionError) as error:
            raise InvalidRewards(f"line {number} must be JSON: {error}") from error
        if not isinstance(record, dict):
            raise InvalidRewards(f"line {number} must be an object")
        inference, reward = record.get("inferenceId"), record.get("reward")
        if not isinstance(inference, str) or not inference:
            raise InvalidRewards(
                f"line {number}: inferenceId must be a text, got {shown(inference)}"
            )
        if inference in seen:
            raise InvalidRewards(f"line {number} repeats inference {one_line(inference)}")
        if record.get("variant") != variant:
            raise InvalidRewards(
                f"line {number}: variant must be {variant}, got {shown(record.get('variant'))}"
            )
        if not is_finite_number(reward) or not low <= reward <= high:
            raise InvalidRewards(
                f"line {number}: reward must be a number from {low:g} to {high:g}, "
                f"got {shown(reward)}"
            )
        seen.add(inference)
        rewards.append(reward)
    return Sample(len(rewards), math.fsum(rewards))


def _listed(
    s3: Any, settings: Settings, variant: str, since: datetime
) -> Iterable[tuple[str, str, int]]:
    pages = s3.get_paginator("list_objects_v2").paginate(
        Bucket=settings.bucket, Prefix=f"{settings.reward_prefix}{variant}/"
    )
    for page in pages:
        for found in page.get("Contents", []):
            if found["Key"].endswith(".jsonl") and found["LastModified"] >= since:
                yield found["Key"], found["ETag"], found["Size"]


def _read(s3: Any, settings: Settings, variant: str, key: str) -> ObjectRewards:
    found = s3.get_object(Bucket=settings.bucket, Key=key)
    etag = found["ETag"]
    # Its own `with` would return the raw stream, which has no lines.
    with contextlib.closing(found["Body"]) as body:
        try:
            size, total = sum_rewards(body.iter_lines(), variant, settings.low, settings.high)
        except InvalidRewards as error:
            return ObjectRewards(etag, problem=str(error))
    return ObjectRewards(etag, size, total)
