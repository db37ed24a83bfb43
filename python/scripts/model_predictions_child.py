"""Predict rows with one model, through the functions that its model server calls.

Each model has its own process, because two models' modules have the same names; for the same
reason this script imports nothing from its own folder. It behaves like the server of the
scikit-learn container:
https://github.com/aws/sagemaker-scikit-learn-container

Usage: ``model_predictions_child.py MODEL_DIR PROGRAM ROWS PREDICTIONS REASON``: the unpacked
artifact, the inference script in its code folder, an .npy of rows to predict, and the files for the
predictions and, on failure, for the reason.
"""

from __future__ import annotations

import importlib
import json
import sys
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

JSON = "application/json"
ROWS_PER_REQUEST = 1_000


class PredictionError(Exception):
    """The model cannot be loaded, or its response is invalid."""


def server_function(module: Any, model: Any) -> Callable[[str], Any]:
    """Return the function that turns a JSON body into the server's response.

    Raises
    ------
    PredictionError
        If the module cannot read requests.
    """
    if hasattr(module, "transform_fn"):
        return lambda body: module.transform_fn(model, body, JSON, JSON)
    if not hasattr(module, "input_fn"):
        raise PredictionError(
            f'{module.__file__} must have input_fn or transform_fn to read {{"instances": [...]}}'
        )
    predict = getattr(module, "predict_fn", lambda rows, model: model.predict(rows))
    output = getattr(module, "output_fn", lambda answer, _: json.dumps(np.asarray(answer).tolist()))
    return lambda body: output(predict(module.input_fn(body, JSON), model), JSON)


def parse_response(answer: Any, count: int) -> list[float]:
    """Parse the server's response to `count` rows.

    Raises
    ------
    PredictionError
        If the response is a refusal, or does not contain one finite number per row.
    """
    body = answer[0] if isinstance(answer, tuple) else answer
    if hasattr(body, "get_data"):
        body, status = body.get_data(as_text=True), body.status_code
        if status >= 400:
            raise PredictionError(f"the model refused the rows with status {status}: {body[:300]}")
    try:
        predictions = json.loads(body)
    except (TypeError, ValueError) as error:
        raise PredictionError(f"the model's response must be JSON: {error}") from error
    if isinstance(predictions, dict):
        predictions = predictions.get("predictions")
    if not isinstance(predictions, list) or len(predictions) != count:
        raise PredictionError(
            f"the model's response to {count} rows must be "
            '{"predictions": [...]} with one number per row, '
            f"got {json.dumps(predictions)[:100]}"
        )
    for value in predictions:
        if type(value) not in (int, float) or not np.isfinite(float(value)):
            raise PredictionError(
                f"the model's predictions must be finite numbers, got {json.dumps(value)[:100]}"
            )
    return predictions


def predict(serve: Callable[[str], Any], rows: np.ndarray) -> np.ndarray:
    """Predict every row, in requests of a size that a server accepts; NaN is sent as null."""
    predictions: list[float] = []
    for start in range(0, len(rows), ROWS_PER_REQUEST):
        chunk = np.asarray(rows[start : start + ROWS_PER_REQUEST])
        known = chunk.astype(object)
        known[np.isnan(chunk)] = None
        body = json.dumps({"instances": known.tolist()})
        predictions += parse_response(serve(body), len(chunk))
    return np.array(predictions, dtype=float)


def main(model_dir: str, program: str, rows: str, predictions: str, reason: str) -> int:
    """Run, and return the exit code."""
    # Only the model's own code, nothing from this folder.
    sys.path[0] = str(Path(model_dir, "code"))
    try:
        module: Any = importlib.import_module(program[:-3] if program.endswith(".py") else program)
        if not hasattr(module, "model_fn"):
            raise PredictionError(f"{module.__file__} must have model_fn to load the model")
        serve = server_function(module, module.model_fn(model_dir))
        np.save(predictions, predict(serve, np.load(rows, mmap_mode="r")))
    except PredictionError as error:
        Path(reason).write_text(str(error), encoding="utf-8")
        return 1
    # The model's code may raise anything.
    except Exception as error:
        traceback.print_exc()
        Path(reason).write_text(f"{type(error).__name__}: {error}", encoding="utf-8")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
