"""The environment variables of the deployed functions, for tests that import them."""

import os
from datetime import datetime
from typing import Any

import pytest

# The values of workflow/settings.ts; tests read settings while they are collected.
os.environ |= {
    "CACHE_PREFIX": "cache/",
    "EXPERIMENTS_PREFIX": "experiments/",
    "PROCESSED_DATA_PREFIX": "processed-data/",
    "REWARDS_PREFIX": "rewards/",
    "TRAINING_OUTPUT_PREFIX": "training-output/",
}


@pytest.fixture
def aws(monkeypatch: pytest.MonkeyPatch) -> "Any":
    """AWS in memory for the controller of A/B tests, with its own clock."""
    # Modules that read the settings above when they are imported.
    import experiment_controller
    from tests.lambda_src.experiment_aws import InMemoryAws

    made = InMemoryAws()

    class Clock(datetime):
        @classmethod
        def now(cls, tz: Any = None) -> datetime:  # pyright: ignore[reportIncompatibleMethodOverride]
            return made.now

    monkeypatch.setattr(experiment_controller, "_client", made.client)
    monkeypatch.setattr(experiment_controller, "datetime", Clock)
    monkeypatch.setenv("TOPIC_ARN", "arn:aws:sns:us-east-1:123456789012:housing-dev")
    return made
