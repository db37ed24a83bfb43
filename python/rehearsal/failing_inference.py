"""Serves a model like the module next to it, but fails every request."""

from rehearsed_inference import *  # noqa: F403  # pyright: ignore[reportMissingImports]


def predict_fn(data, model):
    """Replace the model's own prediction."""
    raise RuntimeError("rehearsal: this model fails every request")
