"""Serves a model like the module beside it, and fails at every request."""

from rehearsed_inference import *  # noqa: F403  # pyright: ignore[reportMissingImports]


def predict_fn(data, model):
    """Take the place of the model's own prediction."""
    raise RuntimeError("rehearsal: this model answers nothing")
