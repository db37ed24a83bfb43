"""Serves a model like the module next to it, after a pause that is too long for a busy endpoint."""

import time
from typing import Any

import rehearsed_inference  # pyright: ignore[reportMissingImports]
from rehearsed_inference import *  # noqa: F403  # pyright: ignore[reportMissingImports]

PAUSE_SECONDS = 0.25


def predict_fn(data: Any, model: Any) -> Any:
    """Replace the model's own prediction."""
    time.sleep(PAUSE_SECONDS)
    return rehearsed_inference.predict_fn(data, model)
