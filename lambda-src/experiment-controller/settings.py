"""The checked event of the controller."""

from __future__ import annotations

import json
import math
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, TypeGuard

# The latest minutes are read again at each check, because CloudWatch may still add to them.
SETTLING_MINUTES = 5


class InvalidExperiment(Exception):
    """The event lacks a key, has an invalid value, or differs from the test that was started."""


@dataclass(frozen=True)
class Settings:
    """A checked event.

    Attributes
    ----------
    low, high : float
        Range of a reward.
    effect : float
        Smallest difference of mean rewards that is worth finding, in their unit.
    alpha : float
        Probability of ever promoting, stopping or rolling back although no challenger differs from
        the champion and none exceeds the error rate.
    max_error_rate : float
        Share of invocations, in (0, 1), that may fail.
    max_latency : float
        Highest acceptable mean model latency of a minute, in milliseconds.
    latency_minutes : int
        Consecutive minutes with traffic that must exceed it.
    reward_prefix : str
        Prefix of the variants' reward folders, with a trailing slash.
    """

    name: str
    endpoint: str
    bucket: str
    champion: str
    challengers: tuple[str, ...]
    low: float
    high: float
    effect: float
    alpha: float
    max_error_rate: float
    max_latency: float
    latency_minutes: int
    reward_prefix: str

    @property
    def variants(self) -> tuple[str, ...]:
        """Return all variants, the champion first."""
        return (self.champion, *self.challengers)

    def key(self, name: str) -> str:
        """Return the key of one of the test's own objects."""
        return f"{os.environ['EXPERIMENTS_PREFIX']}{self.endpoint}/{self.name}/{name}"


_REQUIRED = (
    "Experiment",
    "EndpointName",
    "S3Bucket",
    "Champion",
    "Challengers",
    "RewardRange",
    "Effect",
    "MaxErrorRate",
    "MaxLatencyMilliseconds",
)
_OPTIONAL = {"Alpha": 0.05, "LatencyMinutes": 3, "RewardPrefix": None}
# SageMaker's pattern for names of endpoints and variants.
_NAME = re.compile(r"[a-zA-Z0-9](-*[a-zA-Z0-9]){0,62}")


def parse_event(event: Mapping[str, Any]) -> Settings:
    """Check the event.

    Raises
    ------
    InvalidExperiment
        If a key is missing or unknown, or has an invalid value; the message names it.
    """
    known = (*_REQUIRED, *_OPTIONAL)
    for key in event:
        if key not in known:
            raise InvalidExperiment(
                f"the keys of an A/B test must be among {', '.join(known)}, got {one_line(key)}"
            )
    for key in _REQUIRED:
        if key not in event:
            raise InvalidExperiment(f"{key} is missing: see docs/ab-tests.md")
    values = {**_OPTIONAL, **event}
    low, high = _range(values["RewardRange"])
    champion = _name(values, "Champion")
    endpoint = _name(values, "EndpointName")
    prefix = values["RewardPrefix"]
    rewards = os.environ["REWARDS_PREFIX"]
    if prefix is None:
        prefix = f"{rewards}{endpoint}/"
    if not isinstance(prefix, str) or not re.fullmatch(rf"{re.escape(rewards)}(.+/)?", prefix):
        raise InvalidExperiment(
            f"RewardPrefix must start with {rewards} and end with a slash, got {shown(prefix)}"
        )
    minutes = values["LatencyMinutes"]
    if type(minutes) is not int or not 1 <= minutes <= SETTLING_MINUTES:
        raise InvalidExperiment(
            f"LatencyMinutes must be a whole number from 1 to {SETTLING_MINUTES}, "
            f"got {shown(minutes)}"
        )
    bucket = values["S3Bucket"]
    if not isinstance(bucket, str) or not bucket:
        raise InvalidExperiment(f"S3Bucket must be a non-empty text, got {shown(bucket)}")
    return Settings(
        name=_name(values, "Experiment"),
        endpoint=endpoint,
        bucket=bucket,
        champion=champion,
        challengers=_challengers(values["Challengers"], champion),
        low=low,
        high=high,
        effect=_number(values, "Effect", 0, high - low),
        alpha=_number(values, "Alpha", 0, 1),
        max_error_rate=_number(values, "MaxErrorRate", 0, 1),
        max_latency=_number(values, "MaxLatencyMilliseconds", 0, math.inf),
        latency_minutes=minutes,
        reward_prefix=prefix,
    )


def is_finite_number(value: Any) -> TypeGuard[float]:
    """Return whether a JSON value is a finite number; true and false are not."""
    try:
        return type(value) in (int, float) and math.isfinite(value)
    except OverflowError:
        return False


def shown(value: Any) -> str:
    """Return the beginning of any value as JSON, on one line."""
    try:
        return json.dumps(value)[:100]
    except (ValueError, TypeError, RecursionError):
        return f"a {type(value).__name__} that cannot be shown"


def one_line(text: str) -> str:
    """Return the beginning of a text as one line, with escaped control characters."""
    return shown(text)[1:].removesuffix('"')


def _name(values: Mapping[str, Any], key: str) -> str:
    value = values[key]
    if not isinstance(value, str) or not _NAME.fullmatch(value):
        raise InvalidExperiment(
            f"{key} must be up to 63 letters, digits and hyphens, with no hyphen at either end, "
            f"got {shown(value)}"
        )
    return value


def _number(values: Mapping[str, Any], key: str, above: float, below: float) -> float:
    value = values[key]
    if not is_finite_number(value) or not above < value < below:
        raise InvalidExperiment(
            f"{key} must be a number above {above:g} and below {below:g}, got {shown(value)}"
        )
    return float(value)


def _range(value: Any) -> tuple[float, float]:
    fits = isinstance(value, list) and len(value) == 2 and all(map(is_finite_number, value))
    if not fits or not value[0] < value[1]:
        raise InvalidExperiment(
            f"RewardRange must be the lowest and highest possible reward, such as [0, 1], "
            f"got {shown(value)}"
        )
    return float(value[0]), float(value[1])


def _challengers(value: Any, champion: str) -> tuple[str, ...]:
    # An endpoint has ten variants at most.
    if not isinstance(value, list) or not 1 <= len(value) <= 9:
        raise InvalidExperiment(
            f"Challengers must be a list of 1 to 9 variants, got {shown(value)}"
        )
    names = tuple(_name({"Challengers": name}, "Challengers") for name in value)
    if len({champion, *names}) <= len(names):
        raise InvalidExperiment(
            f"Champion and Challengers must be different variants, got {shown(champion)} "
            f"and {shown(value)}"
        )
    return names
