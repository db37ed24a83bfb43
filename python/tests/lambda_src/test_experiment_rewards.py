import io
import json
from datetime import datetime, timezone
from typing import Any

import pytest
from botocore.response import StreamingBody

import rewards as rewards_module
from rewards import InvalidRewards, Rewards, sum_rewards
from sequential import Sample
from settings import parse_event
from tests.lambda_src.test_experiment import EVENT

SETTINGS = parse_event(EVENT)
SINCE = datetime(2025, 6, 1, tzinfo=timezone.utc)
LATER = datetime(2025, 6, 2, tzinfo=timezone.utc)
FOLDER = "rewards/housing-dev/linear/"


def lines(*values: Any, variant: str = "linear", first: int = 0) -> bytes:
    return b"".join(
        json.dumps({"inferenceId": f"i-{number}", "variant": variant, "reward": value}).encode()
        + b"\n"
        for number, value in enumerate(values, first)
    )


class RewardsInS3:
    """Objects by key, listed one per page, and the keys that were read."""

    def __init__(self):
        self.objects: dict[str, tuple[bytes, datetime]] = {}
        self.read: list[str] = []

    def put(self, key: str, content: bytes, modified: datetime = LATER) -> None:
        self.objects[key] = (content, modified)

    def get_object(self, Bucket: str, Key: str) -> dict[str, Any]:
        assert Bucket == "artifacts"
        self.read.append(Key)
        content = self.objects[Key][0]
        body = StreamingBody(io.BytesIO(content), len(content))
        return {"Body": body, "ETag": str(hash(content))}

    def get_paginator(self, operation: str) -> "RewardsInS3":
        assert operation == "list_objects_v2"
        return self

    def paginate(self, Bucket: str, Prefix: str) -> list[dict[str, Any]]:
        found = [
            {
                "Key": key,
                "ETag": str(hash(content)),
                "Size": len(content),
                "LastModified": modified,
            }
            for key, (content, modified) in sorted(self.objects.items())
            if key.startswith(Prefix)
        ]
        return [{"Contents": [each]} for each in found] or [{}]


@pytest.fixture
def s3() -> RewardsInS3:
    return RewardsInS3()


def test_rewards_are_added_up_by_variant(s3: RewardsInS3):
    s3.put(f"{FOLDER}a.jsonl", lines(1, 0.5))
    s3.put(f"{FOLDER}2025/06/b.jsonl", lines(0.25))
    s3.put("rewards/housing-dev/forest/a.jsonl", lines(1, variant="forest"))
    s3.put("rewards/housing-dev/linear-2/a.jsonl", lines(1, variant="linear-2"))
    s3.put(f"{FOLDER}readme.txt", b"not rewards")

    rewards = Rewards()
    rewards.read(s3, SETTINGS, SINCE)

    assert rewards.sample("linear") == Sample(3, 1.75)
    assert rewards.sample("forest") == Sample(1, 1.0)
    assert (rewards.problems, rewards.waiting) == ([], 0)


def test_an_object_is_read_once_and_again_when_it_changes(s3: RewardsInS3):
    rewards = Rewards()
    s3.put(f"{FOLDER}a.jsonl", lines(1, 1))
    rewards.read(s3, SETTINGS, SINCE)
    rewards.read(s3, SETTINGS, SINCE)
    assert s3.read == [f"{FOLDER}a.jsonl"]

    s3.put(f"{FOLDER}a.jsonl", lines(1, 1, 0))
    rewards.read(s3, SETTINGS, SINCE)

    assert rewards.sample("linear") == Sample(3, 2.0)


def test_objects_that_expire_stay_counted(s3: RewardsInS3):
    rewards = Rewards()
    s3.put(f"{FOLDER}a.jsonl", lines(1, 1))
    rewards.read(s3, SETTINGS, SINCE)
    s3.objects.clear()
    rewards.read(s3, SETTINGS, SINCE)

    assert rewards.sample("linear") == Sample(2, 2.0)


def test_objects_older_than_the_configuration_are_ignored(s3: RewardsInS3):
    s3.put(f"{FOLDER}a.jsonl", lines(1), datetime(2025, 5, 31, tzinfo=timezone.utc))

    rewards = Rewards()
    rewards.read(s3, SETTINGS, SINCE)

    assert (rewards.sample("linear"), s3.read) == (Sample(0, 0.0), [])


def test_objects_beyond_the_limit_of_a_check_wait_for_the_next(
    s3: RewardsInS3, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(rewards_module, "MAX_LOOK_BYTES", 10)
    for name in ("a", "b", "c"):
        s3.put(f"{FOLDER}{name}.jsonl", lines(1))
    rewards = Rewards()

    looks = []
    for _ in range(3):
        rewards.read(s3, SETTINGS, SINCE)
        looks.append((rewards.sample("linear").size, rewards.waiting))

    assert looks == [(1, 2), (2, 1), (3, 0)]


def test_an_invalid_object_is_not_counted_but_named_and_can_be_fixed(s3: RewardsInS3):
    rewards = Rewards()
    s3.put(f"{FOLDER}a.jsonl", lines(1, 7))
    s3.put(f"{FOLDER}b.jsonl", lines(1))
    rewards.read(s3, SETTINGS, SINCE)
    assert rewards.sample("linear") == Sample(1, 1.0)
    assert rewards.problems == [
        f"{FOLDER}a.jsonl: line 2: reward must be a number from 0 to 1, got 7",
    ]

    s3.put(f"{FOLDER}a.jsonl", lines(1, 0.7))
    rewards.read(s3, SETTINGS, SINCE)

    assert (rewards.sample("linear"), rewards.problems) == (Sample(3, 2.7), [])


def test_an_object_that_is_too_large_is_not_read(s3: RewardsInS3, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(rewards_module, "MAX_OBJECT_BYTES", 20)
    s3.put(f"{FOLDER}a.jsonl", lines(1))

    rewards = Rewards()
    rewards.read(s3, SETTINGS, SINCE)

    assert s3.read == []
    assert "must have at most 20 bytes, got " in rewards.problems[0]


def test_too_many_objects_are_a_problem(s3: RewardsInS3, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(rewards_module, "MAX_OBJECTS", 2)
    for number in range(5):
        s3.put(f"{FOLDER}{number}.jsonl", lines(1))

    rewards = Rewards()
    rewards.read(s3, SETTINGS, SINCE)

    assert rewards.problems == ["linear must have at most 2 reward objects: write larger ones"]
    assert len(s3.read) == 3


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"{", "line 1 must be JSON"),
        (b"\xff", "line 1 must be JSON"),
        (b"[" * 100_000, "line 1 must be JSON"),
        (b"[1]", "line 1 must be an object"),
        (lines(1).replace(b"i-0", b""), 'line 1: inferenceId must be a text, got ""'),
        (lines(1).replace(b'"i-0"', b"3"), "line 1: inferenceId must be a text, got 3"),
        (lines(1, variant="forest"), 'line 1: variant must be linear, got "forest"'),
        (lines(0, -0.1), "line 2: reward must be a number from 0 to 1, got -0.1"),
        (lines(True), "line 1: reward must be a number from 0 to 1, got true"),
        (lines(float("nan")), "line 1: reward must be a number from 0 to 1, got NaN"),
        (lines("1"), 'line 1: reward must be a number from 0 to 1, got "1"'),
        (lines(1) + b"\n" + lines(0), "line 3 repeats inference i-0"),
    ],
)
def test_fails_for_a_line_that_is_not_a_reward(content: bytes, reason: str):
    with pytest.raises(InvalidRewards) as caught:
        sum_rewards(content.splitlines(), "linear", 0, 1)

    assert reason in str(caught.value)


def test_empty_lines_and_other_keys_are_ignored():
    content = b'\n{"inferenceId": "i", "variant": "linear", "reward": 1, "label": 4.5}\n\n'

    assert sum_rewards(content.splitlines(), "linear", 0, 1) == Sample(1, 1.0)
