"""Predict rows with one model, through the functions that its model server calls.

A process of its own per model, as two models' modules have the same names; for the same reason it
imports nothing from its own folder. It behaves as the scikit-learn container's server:
https://github.com/aws/sagemaker-scikit-learn-container

Usage: ``model_predictions_child.py MODEL_DIR PROGRAM ROWS PREDICTIONS REASON``: the unpacked
artifact, the file in its code folder that serves, an .npy of rows to predict, and where to write
the predictions or, on failure, why there are none.
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
    """The model cannot be loaded, or does not answer as it should; its message says why."""


def server_function(module: Any, model: Any) -> Callable[[str], Any]:
    """Give what turns a JSON body into the server's answer.

    Raises
    ------
    PredictionError
        If the module reads no requests.
    """
    if hasattr(module, "transform_fn"):
        return lambda body: module.transform_fn(model, body, JSON, JSON)
    if not hasattr(module, "input_fn"):
        raise PredictionError(
            f"{module.__file__} has neither input_fn nor transform_fn, and so cannot read "
            '{"instances": [...]}'
        )
    predict = getattr(module, "predict_fn", lambda rows, model: model.predict(rows))
    output = getattr(module, "output_fn", lambda answer, _: json.dumps(np.asarray(answer).tolist()))
    return lambda body: output(predict(module.input_fn(body, JSON), model), JSON)


def answered(answer: Any, count: int) -> list[float]:
    """Read the server's answer to `count` rows.

    Raises
    ------
    PredictionError
        If the answer is a refusal, or holds anything but a finite number per row.
    """
    body = answer[0] if isinstance(answer, tuple) else answer
    if hasattr(body, "get_data"):
        body, status = body.get_data(as_text=True), body.status_code
        if status >= 400:
            raise PredictionError(f"the model refused the rows with status {status}: {body[:300]}")
    try:
        predictions = json.loads(body)
    except (TypeError, ValueError) as error:
        raise PredictionError(f"the model's answer is not JSON: {error}") from error
    if isinstance(predictions, dict):
        predictions = predictions.get("predictions")
    if not isinstance(predictions, list) or len(predictions) != count:
        raise PredictionError(
            f"the model answered {count} rows with {json.dumps(predictions)[:100]}, not with "
            '{"predictions": [...]}, one number per row'
        )
    for value in predictions:
        if type(value) not in (int, float) or not np.isfinite(float(value)):
            raise PredictionError(
                f"the model predicted {json.dumps(value)[:100]}, not a finite number"
            )
    return predictions


def predict(serve: Callable[[str], Any], rows: np.ndarray) -> np.ndarray:
    """Predict every row, in requests that a server would take; NaN travels as null."""
    predictions: list[float] = []
    for start in range(0, len(rows), ROWS_PER_REQUEST):
        chunk = np.asarray(rows[start : start + ROWS_PER_REQUEST])
        known = chunk.astype(object)
        known[np.isnan(chunk)] = None
        body = json.dumps({"instances": known.tolist()})
        predictions += answered(serve(body), len(chunk))
    return np.array(predictions, dtype=float)


def main(model_dir: str, program: str, rows: str, predictions: str, reason: str) -> int:
    """Do the work; give the exit code."""
    # The model's own code and nothing of this folder.
    sys.path[0] = str(Path(model_dir, "code"))
    try:
        module: Any = importlib.import_module(program[:-3] if program.endswith(".py") else program)
        if not hasattr(module, "model_fn"):
            raise PredictionError(f"{module.__file__} has no model_fn to load the model with")
        serve = server_function(module, module.model_fn(model_dir))
        np.save(predictions, predict(serve, np.load(rows, mmap_mode="r")))
    except PredictionError as error:
        Path(reason).write_text(str(error), encoding="utf-8")
        return 1
    # Whatever the model's own code may raise.
    except Exception as error:
        traceback.print_exc()
        Path(reason).write_text(f"{type(error).__name__}: {error}", encoding="utf-8")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
