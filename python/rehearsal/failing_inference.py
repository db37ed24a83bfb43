"""Serves a model like the module next to it, but fails every request."""

from rehearsed_inference import *  # noqa: F403  # pyright: ignore[reportMissingImports]


def predict_fn(data: object, model: object) -> None:  # noqa: ARG001 - as the container calls it
    """Replace the model's own prediction."""
    raise RuntimeError("rehearsal: this model fails every request")
