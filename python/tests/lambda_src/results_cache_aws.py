"""AWS in memory for the function of the cache, and its events."""

import io
import json
from datetime import datetime, timezone
from typing import Any

import pytest

import results_cache
from cache_key import sha256
from results_cache import lambda_handler

BEGUN = datetime(2026, 3, 1, 12, tzinfo=timezone.utc)
REGISTRY = "683313688378.dkr.ecr.us-east-1.amazonaws.com"
OUTPUT = "training-output/demo-dev-train-1/output/"
HYPERPARAMETERS = {"max-depth": "10", "n-estimators": "100"}
STEP = {
    "Step": "ModelTraining",
    "Bucket": "artifacts",
    "JobNamesBeginWith": "demo-dev-train-",
    "Image": f"{REGISTRY}/sagemaker-scikit-learn:1",
    "Parameters": {
        "Code": "scripts-0123.tar.gz",
        "HyperParameters": HYPERPARAMETERS,
        "Instances": {"Count": 1, "Hardware": "x86"},
    },
    "Inputs": {
        "train": "s3://artifacts/processed-data/demo-dev-prep-1/train/",
        "test": "s3://artifacts/processed-data/demo-dev-prep-1/test/",
    },
}
PREPARATION = {
    **STEP,
    "Step": "DataPreprocessing",
    "JobNamesBeginWith": "demo-dev-prep-",
    "Parameters": {"Code": "scripts-0123.tar.gz", "Arguments": []},
    "Inputs": {"data": "s3://raw/data/"},
}


class InMemoryAws:
    """The function's calls, on objects in a dictionary."""

    def __init__(self):
        self.now = BEGUN
        self.objects: dict[tuple[str, str], tuple[bytes, datetime]] = {}
        self.images = {("683313688378", "sagemaker-scikit-learn", "1"): "sha256:" + "a" * 64}
        self.calls: list[str] = []

    def client(self, _: str) -> "InMemoryAws":
        return self

    def put(self, key: str, content: str = "1", bucket: str = "artifacts") -> None:
        self.objects[bucket, key] = (content.encode(), self.now)

    def get_paginator(self, _: str) -> "InMemoryAws":
        return self

    def paginate(self, Bucket: str, Prefix: str) -> list[dict[str, Any]]:
        self.calls.append(f"list {Bucket}/{Prefix}")
        found = [
            {
                "Key": key,
                "ETag": f'"{sha256(body.decode(errors="replace"))[:8]}"',
                "Size": len(body),
                "LastModified": at,
            }
            for (bucket, key), (body, at) in sorted(self.objects.items())
            if bucket == Bucket and key.startswith(Prefix)
        ]
        pages = [found[start : start + 1000] for start in range(0, len(found), 1000)]
        return [{"Contents": page} for page in pages] or [{}]

    def get_object(self, Bucket: str, Key: str) -> dict[str, Any]:
        return {"Body": io.BytesIO(self.objects[Bucket, Key][0])}

    def put_object(self, Bucket: str, Key: str, Body: bytes, ContentType: str) -> None:
        assert ContentType == "application/json"
        self.put(Key, Body.decode(), Bucket)

    def batch_get_image(
        self, registryId: str, repositoryName: str, imageIds: list[dict[str, str]]
    ) -> dict[str, Any]:
        digest = self.images.get((registryId, repositoryName, imageIds[0]["imageTag"]))
        if digest is None:
            return {"images": [], "failures": [{"failureReason": "Requested image not found"}]}
        return {"images": [{"imageId": {**imageIds[0], "imageDigest": digest}}], "failures": []}


def pretend(monkeypatch: pytest.MonkeyPatch) -> InMemoryAws:
    """Let the function call AWS in memory, with data that a job has prepared."""
    made = InMemoryAws()
    monkeypatch.setattr(results_cache, "_client", made.client)
    monkeypatch.setattr(results_cache, "utc_now", lambda: made.now)
    made.put("processed-data/demo-dev-prep-1/train/a.csv", "train")
    made.put("processed-data/demo-dev-prep-1/test/a.csv", "test")
    made.put("data/raw.csv", "raw", "raw")
    return made


def find(step: dict = STEP, **more: Any) -> dict[str, Any]:
    return lambda_handler({**step, "Action": "find", "MaxAgeInDays": 30, **more}, None)


def record(found: dict, step: dict = STEP, **more: Any) -> dict[str, Any]:
    event = {
        **step,
        "Action": "record",
        "Address": found["Address"],
        "Seen": found["Seen"],
        "Status": "completed",
        "Result": {"JobName": f"{step['JobNamesBeginWith']}1"},
        "Execution": "run-1",
        **more,
    }
    return lambda_handler(event, None)


def trained(aws: InMemoryAws) -> str:
    """Train once, and return the key of the record."""
    aws.put(f"{OUTPUT}model.tar.gz", "model")
    aws.put(f"{OUTPUT}output.tar.gz", "metrics")
    found = find()
    assert record(found) == {"Recorded": True}
    return f"cache/ModelTraining/{found['Address']}.json"


def changed(**parameters: Any) -> dict[str, Any]:
    return {**STEP, "Parameters": {**STEP["Parameters"], **parameters}}


def etag_of(content: str) -> str:
    return sha256(content)[:8]


def edited(**members: Any):
    """Edit a record, with the hash that belongs to it: a forger can count, too."""

    def edit(content: str) -> str:
        document = {**json.loads(content), **members}
        del document["Sha256"]
        return json.dumps({**document, "Sha256": sha256(document)})

    return edit
