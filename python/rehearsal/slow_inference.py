"""Serves a model like the module beside it, after a pause that a busy endpoint cannot afford."""

import time

import rehearsed_inference  # pyright: ignore[reportMissingImports]
from rehearsed_inference import *  # noqa: F403  # pyright: ignore[reportMissingImports]

PAUSE_SECONDS = 0.25


def predict_fn(data, model):
    """Take the place of the model's own prediction."""
    time.sleep(PAUSE_SECONDS)
    return rehearsed_inference.predict_fn(data, model)
