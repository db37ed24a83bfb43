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
# What one look may read; the next goes on. Without an end, a look that takes too long would be
# repeated for ever.
MAX_LOOK_BYTES = 64 * 1024**2
MAX_OBJECTS = 10_000


class InvalidRewards(Exception):  # noqa: N818
    """An object holds something that is no reward."""


class ObjectRewards(NamedTuple):
    """What one object adds; an object with a problem adds nothing."""

    etag: str
    size: int = 0
    total: float = 0.0
    problem: str | None = None


@dataclass
class Rewards:
    """Rewards by object, so that each object is read once, and counted once whatever is repeated.

    Attributes
    ----------
    objects : dict of str to dict of str to ObjectRewards
        By variant and key. Objects that expire stay counted.
    waiting : int
        Objects that the last look left to the next.
    """

    objects: dict[str, dict[str, ObjectRewards]] = field(default_factory=dict)
    waiting: int = 0

    def sample(self, variant: str) -> Sample:
        """Return all rewards of a variant."""
        found = self.objects.get(variant, {}).values()
        return Sample(sum(each.size for each in found), math.fsum(each.total for each in found))

    @property
    def problems(self) -> list[str]:
        """Every object that cannot be counted, with the reason."""
        return [
            # Whoever writes rewards names the objects: no line break may come into a message.
            f"{one_line(key)}: {each.problem}"
            for objects in self.objects.values()
            for key, each in objects.items()
            if each.problem is not None
        ] + [
            f"{variant} has more than {MAX_OBJECTS} objects of rewards; write larger ones"
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
            When the endpoint configuration was made: an older object tells of other models.
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
                    problem = f"{size} bytes are more than {MAX_OBJECT_BYTES}; write smaller ones"
                    counted[key] = ObjectRewards(etag, problem=problem)
                else:
                    counted[key] = _read(s3, settings, variant, key)
                    left -= size


def sum_rewards(lines: Iterable[bytes], variant: str, low: float, high: float) -> Sample:
    """Add up JSON Lines of ``inferenceId``, ``variant`` and ``reward``; other keys are ignored.

    Raises
    ------
    InvalidRewards
        Naming the first line that is no reward of the variant within the range, or that repeats an
        inference.
    """
    rewards: list[float] = []
    seen: set[str] = set()
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        try:
            record = json.loads(line)
        except (ValueError, RecursionError) as error:
            raise InvalidRewards(f"line {number} is not JSON: {error}") from error
        if not isinstance(record, dict):
            raise InvalidRewards(f"line {number} is not an object")
        inference, reward = record.get("inferenceId"), record.get("reward")
        if not isinstance(inference, str) or not inference:
            raise InvalidRewards(f"line {number}: inferenceId is {shown(inference)}, not a text")
        if inference in seen:
            raise InvalidRewards(f"line {number} repeats inference {one_line(inference)}")
        if record.get("variant") != variant:
            raise InvalidRewards(
                f"line {number}: variant is {shown(record.get('variant'))}, in {variant}'s folder"
            )
        if not is_finite_number(reward) or not low <= reward <= high:
            raise InvalidRewards(
                f"line {number}: reward is {shown(reward)}, not a number from {low:g} to {high:g}"
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
    # Its own `with` would give the raw stream, which has no lines.
    with contextlib.closing(found["Body"]) as body:
        try:
            size, total = sum_rewards(body.iter_lines(), variant, settings.low, settings.high)
        except InvalidRewards as error:
            return ObjectRewards(etag, problem=str(error))
    return ObjectRewards(etag, size, total)
