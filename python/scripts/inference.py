"""Serve a trained forest: what the scikit-learn container calls for each request.

Its server makes a 500 of any exception; only a Flask response that `output_fn` returns can tell
the caller what is wrong with the request. So a bad request travels from function to function as
a `Refusal`. Predictions average the trees themselves: another kind of model needs another
`predict_fn`.
"""

from __future__ import annotations

import csv
import io
import json
import math
from pathlib import Path
from typing import Any, NamedTuple

import joblib
import numpy as np

JSON = "application/json"
CSV = "text/csv"


class Refusal(NamedTuple):
    """The answer to a request that cannot be served."""

    status: int
    reason: str


class Model(NamedTuple):
    """What a prediction needs, laid out for speed."""

    model_type: str
    trees: list[Any]
    mean: np.ndarray
    scale: np.ndarray
    features: list[str]


def model_fn(model_dir: str) -> Model:
    """Load the model artifact that training.py wrote."""
    folder = Path(model_dir)
    forest = joblib.load(folder / "model.pkl")
    scaler = joblib.load(folder / "scaler.pkl")
    features = json.loads((folder / "feature_names.json").read_text(encoding="utf-8"))
    trees = [estimator.tree_ for estimator in forest.estimators_]
    return Model(type(forest).__name__, trees, scaler.mean_, scaler.scale_, features)


def input_fn(body: str | bytes, content_type: str) -> list | Refusal:
    """Parse a request into rows of raw features.

    Parameters
    ----------
    body : str or bytes
        JSON ``{"instances": [...]}``, each instance a list of numbers in the order of training or
        an object of named numbers; or CSV, with or without a header that names the features. A
        value that is not known is null, or an empty cell.
    content_type : str
        ``application/json`` or ``text/csv``; parameters such as a charset are ignored.

    Returns
    -------
    list or Refusal
        Rows, each a list or a dict by feature name, of numbers and None; text that is not a
        number stays for `predict_fn` to name.
    """
    parsers = {JSON: _json_rows, CSV: _csv_rows}
    parse = parsers.get(_media_type(content_type))
    if parse is None:
        return Refusal(415, f"content type '{content_type}' is not served; send {JSON} or {CSV}")
    try:
        text = body.decode("utf-8-sig") if isinstance(body, (bytes, bytearray)) else body
        rows = parse(text)
    except (ValueError, csv.Error, RecursionError) as error:
        return Refusal(400, f"the body is not readable as {_media_type(content_type)}: {error}")
    if not isinstance(rows, Refusal) and not rows:
        return Refusal(400, "no rows to predict; send one or more")
    return rows


def predict_fn(rows: list | Refusal, model: Model) -> dict[str, Any] | Refusal:
    """Predict the target of each row; a missing value counts as the mean of the training data."""
    if isinstance(rows, Refusal):
        return rows
    values = []
    for number, row in enumerate(rows, start=1):
        ordered = _ordered(number, row, model.features)
        if isinstance(ordered, Refusal):
            return ordered
        values.append(ordered)
    with np.errstate(over="ignore"):
        X = (np.array(values, dtype=float) - model.mean) / model.scale
        X[np.isnan(X)] = 0.0
        X = X.astype(np.float32)
    if not np.isfinite(X).all():
        row, column = np.argwhere(~np.isfinite(X))[0]
        value = values[row][column]
        return Refusal(400, f"row {row + 1}: '{model.features[column]}': {value} is out of range")
    # What forest.predict computes, to the last bit, without its checks and thread pool: they take
    # most of the time of a single row.
    total = np.zeros((len(X), 1))
    for tree in model.trees:
        total += tree.predict(X)
    predictions = (total[:, 0] / len(model.trees)).tolist()
    return {"predictions": predictions, "model_type": model.model_type}


def output_fn(prediction: dict[str, Any] | Refusal, accept: str) -> Any:
    """Write the predictions as JSON or CSV, or refuse the request.

    Returns
    -------
    tuple of str or flask.Response
        Body and media type, or a response with a status from 400 on and ``{"error": reason}``.
    """
    if not isinstance(prediction, Refusal):
        for offered in (accept or "*/*").split(","):
            media_type = _media_type(offered)
            if media_type in (JSON, "*/*", "application/*"):
                return json.dumps(prediction), JSON
            if media_type in (CSV, "text/*"):
                return "".join(f"{value}\n" for value in prediction["predictions"]), CSV
        prediction = Refusal(406, f"'{accept}' is not served; accept {JSON} or {CSV}")
    # Only the server has Flask; predictions need none.
    from flask import Response

    reason = json.dumps({"error": prediction.reason})
    return Response(reason, status=prediction.status, mimetype=JSON)


def _media_type(header: str | None) -> str:
    return (header or "").split(";")[0].strip().lower()


def _json_rows(text: str) -> list | Refusal:
    request = json.loads(text, parse_constant=_refuse_constant)
    if not isinstance(request, dict) or not isinstance(request.get("instances"), list):
        return Refusal(400, 'the body must be an object: {"instances": [row, ...]}')
    return request["instances"]


def _refuse_constant(name: str) -> float:
    raise ValueError(f"{name} is no JSON; send null for a value that is not known")


def _csv_rows(text: str) -> list:
    lines = [cells for cells in csv.reader(io.StringIO(text)) if cells]
    rows: list = [[_cell(cell.strip()) for cell in cells] for cells in lines]
    if rows and all(isinstance(value, str) for value in rows[0]):
        header, *rows = rows
        for number, row in enumerate(rows, start=1):
            if len(row) != len(header):
                raise ValueError(
                    f"row {number} has {len(row)} values, its header {len(header)} names"
                )
        return [dict(zip(header, row)) for row in rows]
    return rows


def _cell(text: str) -> float | str | None:
    try:
        return float(text) if text else None
    except ValueError:
        return text


def _ordered(number: int, row: Any, features: list[str]) -> list | Refusal:
    """Check a row and give its values in the order of the features."""
    if isinstance(row, dict):
        unknown = [name for name in row if name not in features]
        lacking = [name for name in features if name not in row]
        if unknown or lacking:
            return Refusal(
                400,
                f"row {number}: unknown features {unknown}, lacking features {lacking}; the "
                f"features are {features}, null where a value is not known",
            )
        row = [row[name] for name in features]
    if not isinstance(row, list):
        return Refusal(
            400,
            f"row {number}: {json.dumps(row)} is neither a list of {len(features)} numbers nor an "
            "object of named features; one row, too, stands in a list of rows",
        )
    if len(row) != len(features):
        return Refusal(
            400, f"row {number} has {len(row)} values; {len(features)} are expected: {features}"
        )
    for name, value in zip(features, row):
        if value is not None and not _is_finite_number(value):
            return Refusal(
                400, f"row {number}: '{name}': {json.dumps(value)} is not a finite number"
            )
    return row


def _is_finite_number(value: Any) -> bool:
    try:
        return type(value) in (int, float) and math.isfinite(value)
    except OverflowError:
        return False
