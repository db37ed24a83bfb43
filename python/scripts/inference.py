"""Serve a trained forest: what the scikit-learn container calls for each request.

Its server makes a 500 of any exception; only a Flask response that `output_fn` returns can tell
the caller what is wrong with the request. So a bad request travels from function to function as
a `Refusal`. Predictions average the trees themselves: another kind of model needs another
`predict_fn`.
"""

from __future__ import annotations

import io
import json
import math
from collections.abc import Collection, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import joblib
import numpy as np

from cells import csv_lines, decode, header_names, is_value, number, shown, without_mark

JSON = "application/json"
CSV = "text/csv"


class Refusal(NamedTuple):
    """The answer to a request that cannot be served."""

    status: int
    reason: str


class Table(NamedTuple):
    """The lines of a CSV body, cell by cell; which of them is a header, only the model can say."""

    lines: list[list[str]]


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


def input_fn(body: str | bytes, content_type: str) -> list | Table | Refusal:
    """Parse a request into rows of raw features.

    Parameters
    ----------
    body : str or bytes
        JSON ``{"instances": [...]}``, each instance a list of numbers in the order of training or
        an object of named numbers; or CSV, with or without a header that names the features. A
        value that is not known is null, or a cell that is empty or holds one of `cells.MISSING`.
    content_type : str
        ``application/json`` or ``text/csv``; parameters such as a charset are ignored.

    Returns
    -------
    list, Table or Refusal
        Of JSON the rows, each a list or a dict by feature name; of CSV its lines. What is no number
        stays for `predict_fn` to name.
    """
    parsers = {JSON: _json_rows, CSV: _csv_rows}
    parse = parsers.get(_media_type(content_type))
    if parse is None:
        return Refusal(415, f"content type '{content_type}' is not served; send {JSON} or {CSV}")
    try:
        return parse(decode(bytes(body)) if not isinstance(body, str) else without_mark(body))
    except (ValueError, RecursionError) as error:
        return Refusal(400, f"the body is not readable as {_media_type(content_type)}: {error}")


def predict_fn(rows: list | Table | Refusal, model: Model) -> dict[str, Any] | Refusal:
    """Predict the target of each row; a missing value counts as the mean of the training data.

    The first line of a CSV is a header if it names the model's features, in whatever order, and be
    the names numbers.
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
        return Refusal(400, "no rows to predict; send one or more")
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


def _csv_rows(text: str) -> Table:
    return Table([cells for _, cells in csv_lines(io.StringIO(text, newline=""))])


def _of_table(lines: list[list[str]], features: list[str]) -> list | Refusal:
    """Return the rows of a CSV in the order of the features, NaN where a value is not known."""
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
    """Check a row and give its values in the order of the features."""
    if isinstance(row, dict):
        if set(row) != set(features):
            return _wrong_names(f"row {position}", row, features)
        row = [row[name] for name in features]
    if not isinstance(row, list):
        return Refusal(
            400,
            f"row {position}: {json.dumps(row)} is neither a list of {len(features)} numbers nor "
            "an object of named features; one row, too, stands in a list of rows",
        )
    if len(row) != len(features):
        return _wrong_length(position, row, features)
    for name, value in zip(features, row):
        if value is not None and not _is_finite_number(value):
            return Refusal(
                400, f"row {position}: '{name}': {json.dumps(value)} is not a finite number"
            )
    return row


def _wrong_names(where: str, names: Collection[str], features: list[str]) -> Refusal:
    unknown = [name for name in names if name not in features]
    lacking = [name for name in features if name not in names]
    return Refusal(
        400,
        f"{where}: unknown features {unknown}, lacking features {lacking}; the features are "
        f"{features}, null or an empty cell where a value is not known",
    )


def _wrong_length(position: int, row: Sequence, features: list[str]) -> Refusal:
    return Refusal(
        400, f"row {position} has {len(row)} values; {len(features)} are expected: {features}"
    )


def _is_finite_number(value: Any) -> bool:
    try:
        return type(value) in (int, float) and math.isfinite(value)
    except OverflowError:
        return False
