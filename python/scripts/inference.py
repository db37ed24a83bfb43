"""Serve a trained regressor: the functions that the scikit-learn container calls for each request.

The container's server answers any exception with status 500; only a Flask response from `output_fn`
can report what is wrong with a request. So the functions pass an invalid request on as a `Refusal`.
"""

from __future__ import annotations

import io
import json
import math
from collections.abc import Callable, Collection, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import joblib
import numpy as np
from sklearn.ensemble import RandomForestRegressor
from threadpoolctl import ThreadpoolController

from cells import csv_lines, decode, header_names, is_value, number, shown, without_mark

JSON = "application/json"
CSV = "text/csv"


class Refusal(NamedTuple):
    """The response to an invalid request: HTTP status and reason."""

    status: int
    reason: str


class Table(NamedTuple):
    """The cells of a CSV body by line; only the model can recognize a header."""

    lines: list[list[str]]


class Model(NamedTuple):
    """What a prediction needs, arranged for speed.

    Attributes
    ----------
    model_type : str
        Class name of the model, for the response.
    predict : callable
        Returns one number for each row of scaled features.
    mean, scale : ndarray of shape (n_features,)
        Mean and scale of the training data, in the units of the features.
    features : list of str
        Names of the features, in the order of training.
    """

    model_type: str
    predict: Callable[[np.ndarray], np.ndarray]
    mean: np.ndarray
    scale: np.ndarray
    features: list[str]


def model_fn(model_dir: str) -> Model:
    """Load the model artifact that a training script wrote.

    Parameters
    ----------
    model_dir : str
        The folder with the unpacked model.tar.gz.

    Returns
    -------
    Model
    """
    folder = Path(model_dir)
    model = joblib.load(folder / "model.pkl")
    scaler = joblib.load(folder / "scaler.pkl")
    features = json.loads((folder / "feature_names.json").read_text(encoding="utf-8"))
    faster = _mean_of_trees if isinstance(model, RandomForestRegressor) else _in_one_thread
    return Model(type(model).__name__, faster(model), scaler.mean_, scaler.scale_, features)


def input_fn(body: str | bytes, content_type: str) -> list | Table | Refusal:
    """Parse a request into rows of raw features.

    Parameters
    ----------
    body : str or bytes
        JSON ``{"instances": [...]}``, each instance a list of numbers in the order of training or
        an object of named numbers; or CSV, with or without a header that names the features. A
        missing value is null in JSON, and an empty cell or one of `cells.MISSING` in CSV.
    content_type : str
        ``application/json`` or ``text/csv``; parameters such as a charset are ignored.

    Returns
    -------
    list, Table or Refusal
        The rows of JSON, each a list or a dict by feature name, or the lines of CSV. `predict_fn`
        reports values that are not numbers.
    """
    parsers = {JSON: _json_rows, CSV: _csv_rows}
    parse = parsers.get(_media_type(content_type))
    if parse is None:
        return Refusal(415, f"the content type must be {JSON} or {CSV}, got '{content_type}'")
    try:
        return parse(decode(bytes(body)) if not isinstance(body, str) else without_mark(body))
    except (ValueError, RecursionError) as error:
        return Refusal(400, f"the body must be {_media_type(content_type)}: {error}")


def predict_fn(rows: list | Table | Refusal, model: Model) -> dict[str, Any] | Refusal:
    """Predict the target of each row; a missing value counts as the mean of the training data.

    The first line of a CSV is a header if it names the model's features, in any order, even if the
    names are numbers.

    Parameters
    ----------
    rows : list, Table or Refusal
        The result of `input_fn`.
    model : Model
        The result of `model_fn`.

    Returns
    -------
    dict or Refusal
        ``predictions``, a list with one number per row in the unit of the target, and
        ``model_type``.
    """
    if isinstance(rows, Table):
        values = _of_table(rows.lines, model.features)
    elif isinstance(rows, Refusal):
        values = rows
    else:
        values = _of_instances(rows, model.features)
    if isinstance(values, Refusal):
        return values
    if not values:
        return Refusal(400, "the request must contain one or more rows, got none")
    with np.errstate(over="ignore"):
        X = (np.array(values, dtype=float) - model.mean) / model.scale
        X[np.isnan(X)] = 0.0
        # Trees of a forest take no larger numbers; one limit for all models is easier to know.
        in_range = np.isfinite(X.astype(np.float32))
    if not in_range.all():
        row, column = np.argwhere(~in_range)[0]
        value = values[row][column]
        return Refusal(
            400,
            f"row {row + 1}: '{model.features[column]}': the value is out of range, got {value}",
        )
    predictions = model.predict(X).tolist()
    return {"predictions": predictions, "model_type": model.model_type}


def output_fn(prediction: dict[str, Any] | Refusal, accept: str) -> Any:
    """Return the predictions as JSON or CSV, or refuse the request.

    Returns
    -------
    tuple of str or flask.Response
        Body and media type, or a response with a status of 400 or more and ``{"error": reason}``.
    """
    if not isinstance(prediction, Refusal):
        for offered in (accept or "*/*").split(","):
            media_type = _media_type(offered)
            if media_type in (JSON, "*/*", "application/*"):
                return json.dumps(prediction), JSON
            if media_type in (CSV, "text/*"):
                return "".join(f"{value}\n" for value in prediction["predictions"]), CSV
        prediction = Refusal(406, f"the accepted type must be {JSON} or {CSV}, got '{accept}'")
    # Only the server has Flask; predictions do not need it.
    from flask import Response  # noqa: PLC0415

    reason = json.dumps({"error": prediction.reason})
    return Response(reason, status=prediction.status, mimetype=JSON)


def _mean_of_trees(forest: RandomForestRegressor) -> Callable[[np.ndarray], np.ndarray]:
    """Return exactly what forest.predict computes, without its checks and thread pool.

    They take most of the time for a single row.
    """
    trees = [estimator.tree_ for estimator in forest.estimators_]

    def predict(X: np.ndarray) -> np.ndarray:
        rows = X.astype(np.float32)
        total = np.zeros((len(rows), 1))
        for tree in trees:
            total += tree.predict(rows)
        return total[:, 0] / len(trees)

    return predict


def _in_one_thread(model: Any) -> Callable[[np.ndarray], np.ndarray]:
    """Return model.predict without OpenMP's threads, which win nothing for a few rows.

    A server has a worker for each CPU: threads of several workers would wait for each other, much
    longer than a prediction takes.
    """
    threads = ThreadpoolController()

    def predict(X: np.ndarray) -> np.ndarray:
        with threads.limit(limits=1, user_api="openmp"):
            return model.predict(X)

    return predict


def _media_type(header: str | None) -> str:
    return (header or "").split(";")[0].strip().lower()


def _json_rows(text: str) -> list | Refusal:
    request = json.loads(text, parse_constant=_refuse_constant)
    if not isinstance(request, dict) or not isinstance(request.get("instances"), list):
        return Refusal(400, 'the body must be an object: {"instances": [row, ...]}')
    return request["instances"]


def _refuse_constant(name: str) -> float:
    raise ValueError(f"{name} is not JSON: send null for a missing value")


def _csv_rows(text: str) -> Table:
    return Table([cells for _, cells in csv_lines(io.StringIO(text, newline=""))])


def _of_table(lines: list[list[str]], features: list[str]) -> list | Refusal:
    """Return the rows of a CSV in the order of the features, with NaN for a missing value."""
    names = features
    if lines and sorted(cell.strip() for cell in lines[0]) == sorted(features):
        names = [cell.strip() for cell in lines[0]]
        lines = lines[1:]
    elif lines and not any(is_value(cell) for cell in lines[0]):
        return _wrong_header(lines[0], features)
    rows = []
    for position, cells in enumerate(lines, start=1):
        if len(cells) != len(names):
            return _wrong_length(position, cells, features)
        values = {}
        for name, cell in zip(names, cells):
            try:
                values[name] = number(cell)
            except ValueError as error:
                return Refusal(400, f"row {position}: {shown(name)}: {error}")
        rows.append([values[name] for name in features])
    return rows


def _wrong_header(cells: list[str], features: list[str]) -> Refusal:
    try:
        names = header_names(cells)
    except ValueError as error:
        return Refusal(400, f"the header: {error}")
    return _wrong_names("the header", names, features)


def _of_instances(rows: list, features: list[str]) -> list | Refusal:
    """Return the instances of a request in the order of the features."""
    values = []
    for position, row in enumerate(rows, start=1):
        ordered = _ordered(position, row, features)
        if isinstance(ordered, Refusal):
            return ordered
        values.append(ordered)
    return values


def _ordered(position: int, row: Any, features: list[str]) -> list | Refusal:
    """Check a row and return its values in the order of the features."""
    if isinstance(row, dict):
        if set(row) != set(features):
            return _wrong_names(f"row {position}", row, features)
        row = [row[name] for name in features]
    if not isinstance(row, list):
        return Refusal(
            400,
            f"row {position}: must be a list of {len(features)} numbers or an object of named "
            f"features, got {json.dumps(row)}: send even a single row in a list of rows",
        )
    if len(row) != len(features):
        return _wrong_length(position, row, features)
    for name, value in zip(features, row):
        if value is not None and not _is_finite_number(value):
            return Refusal(
                400, f"row {position}: '{name}': must be a finite number, got {json.dumps(value)}"
            )
    return row


def _wrong_names(where: str, names: Collection[str], features: list[str]) -> Refusal:
    unknown = [name for name in names if name not in features]
    lacking = [name for name in features if name not in names]
    return Refusal(
        400,
        f"{where}: unknown features {unknown}, missing features {lacking}; the features must be "
        f"{features}, with null or an empty cell for a missing value",
    )


def _wrong_length(position: int, row: Sequence, features: list[str]) -> Refusal:
    return Refusal(
        400, f"row {position}: must have {len(features)} values {features}, got {len(row)}"
    )


def _is_finite_number(value: Any) -> bool:
    try:
        return type(value) in (int, float) and math.isfinite(value)
    except OverflowError:
        return False
