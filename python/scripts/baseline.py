"""What training saw and a model predicted, for later comparison with what its endpoint gets.

Training writes it into the model artifact, so that it is always that of the model. A training
script of your own calls `save_baseline` with raw features, as the endpoint gets them.
"""

from __future__ import annotations

import json
import tarfile
import zlib
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple, Union

import numpy as np

from cells import kept
from job import JobError, require_file, write_whole
from quality import Measured, of_categories, of_numbers
from sketches import NAMED_CATEGORIES, Categories, NumberColumns, Sketch, category, sketch_of

FILE = "baseline.json"
# Where preprocessing leaves the raw features for training, in the folder of the training data.
FEATURES_FILE = "feature_baseline.json"
VERSION = 1
# The name of the predictions among the columns, which no feature is likely to have.
PREDICTION = "(prediction)"
MAX_BYTES = 200_000_000
SEED = 0
# Kinds of NumPy's types that are numbers; everything else is a category.
NUMERIC = "iuf"


class Numbers(NamedTuple):
    """A column of numbers.

    Attributes
    ----------
    name : str
    rows, missing : int
        All rows, and those without a value.
    least, greatest : float
        The range of all values; NaN without one.
    sketch : Sketch or None
        Of the values of a sample of the rows; None without a value.
    """

    name: str
    rows: int
    missing: int
    least: float
    greatest: float
    sketch: Sketch | None


class Labels(NamedTuple):
    """A column of categories.

    Attributes
    ----------
    name : str
    rows, missing : int
        All rows, and those without a value.
    counts : dict of str to int
        The most frequent categories, the first of them first.
    others : int
        How many values are none of them.
    once : int
        How many categories occurred once.
    """

    name: str
    rows: int
    missing: int
    counts: dict[str, int]
    others: int
    once: int


Column = Union[Numbers, Labels]


class Baseline(NamedTuple):
    """The content of baseline.json.

    Attributes
    ----------
    features : list of Numbers or Labels
        In the order in which the endpoint gets them.
    prediction : Numbers or Labels, optional
        Of rows that the model was not fitted to.
    quality : dict of str to Measured
        The metrics of those predictions, by name without a prefix.
    quality_rows : int
        How many rows were measured.
    """

    features: list[Column]
    prediction: Column | None = None
    quality: Mapping[str, Measured] = {}
    quality_rows: int = 0


def save_baseline(model_dir: Path, features: Any, predictions: Any, targets: Any) -> None:
    """Write baseline.json into the folder that becomes the model artifact.

    Parameters
    ----------
    model_dir : Path
        The folder of ``SM_MODEL_DIR``.
    features : DataFrame or mapping of str to sequence
        The columns of the raw training data in the order in which the endpoint gets them. Numbers
        are compared as numbers, everything else as categories; NaN and None are missing values.
    predictions, targets : sequence
        What the model predicted for rows that it was not fitted to, and what came true.
    """
    columns = [column_of(name, features[name]) for name in features]
    write_baseline(model_dir, with_predictions(columns, predictions, targets))


def with_predictions(features: list[Column], predictions: Any, targets: Any) -> Baseline:
    """Return the baseline of features, predictions, and their quality."""
    columns = [np.asarray(values) for values in (predictions, targets)]
    if all(values.dtype.kind in NUMERIC for values in columns):
        measured = of_numbers(columns[0].astype(float), columns[1].astype(float), SEED)
    else:
        names = [[str(category(value)) for value in values.tolist()] for values in columns]
        measured = of_categories(Counter(zip(*names)), SEED)
    return Baseline(features, column_of(PREDICTION, columns[0]), measured, len(columns[1]))


def column_of(name: str, values: Any) -> Column:
    """Return the baseline of a column in memory."""
    array = np.asarray(values)
    if array.dtype.kind in NUMERIC:
        columns = NumberColumns([name], SEED)
        columns.add(array.astype(float)[:, np.newaxis])
        return numbers_of(columns)[0]
    categories = Categories()
    categories.add(array.tolist())
    named = dict(categories.counts.most_common(NAMED_CATEGORIES))
    return Labels(
        name,
        categories.rows,
        categories.missing,
        named,
        sum(categories.counts.values()) - sum(named.values()) + categories.others,
        sum(times == 1 for times in categories.counts.values()),
    )


def numbers_of(columns: NumberColumns) -> list[Column]:
    """Return the baselines of columns of numbers."""
    sampled = columns.sampled()
    described: list[Column] = []
    for position, name in enumerate(columns.names):
        values = sampled[name]
        least, greatest = (
            float(ends[position]) if len(values) else np.nan
            for ends in (columns.least, columns.greatest)
        )
        sketch = sketch_of(values) if len(values) else None
        missing = int(columns.missing[position])
        described.append(Numbers(name, columns.rows, missing, least, greatest, sketch))
    return described


def write_baseline(folder: Path, baseline: Baseline, name: str = FILE) -> None:
    """Write a baseline as JSON."""
    content = {
        "version": VERSION,
        "features": [_column_json(column) for column in baseline.features],
        "prediction": baseline.prediction and _column_json(baseline.prediction),
        "quality": {
            "rows": baseline.quality_rows,
            "metrics": {key: value._asdict() for key, value in baseline.quality.items()},
        },
    }
    write_whole(folder / name, json.dumps(content, allow_nan=False).encode())


def read_features(folder: Path) -> list[Column] | None:
    """Return the features that preprocessing described; None if it did not."""
    path = folder / FEATURES_FILE
    return parse_baseline(path.read_bytes(), str(path)).features if path.is_file() else None


def read_baseline(folder: Path) -> Baseline:
    """Return the baseline in the model.tar.gz of a folder, without unpacking the rest.

    Raises
    ------
    JobError
        If there is no such archive, or no baseline of a version that this script knows in it.
    """
    archive = require_file(folder, "model.tar.gz")
    try:
        with tarfile.open(archive, "r|gz") as tar:
            for member in tar:
                if member.name in (FILE, f"./{FILE}") and member.isfile():
                    content = tar.extractfile(member)
                    if content is None or member.size > MAX_BYTES:
                        break
                    return parse_baseline(content.read(), f"{archive}: {FILE}")
    except (tarfile.TarError, EOFError, OSError, zlib.error) as error:
        raise JobError(f"{archive}: must be a readable tar.gz: {error}") from error
    raise JobError(
        f"{archive}: must contain {FILE}: train the model again, with a script that writes it"
    )


def parse_baseline(content: bytes, place: str) -> Baseline:
    """Return the baseline that JSON describes.

    Raises
    ------
    JobError
        If it is not one, or of another version.
    """
    try:
        found = json.loads(content)
        version = found["version"]
    except (ValueError, TypeError, KeyError, RecursionError) as error:
        raise JobError(f"{place}: must be a baseline in JSON: {error!r}") from error
    if version != VERSION:
        raise JobError(
            f"{place}: must have version {VERSION}, got {version!r}: train the model again with "
            "the scripts of this version, or monitor it with those that trained it"
        )
    try:
        quality = found["quality"]
        return Baseline(
            [_column(column) for column in found["features"]],
            found["prediction"] and _column(found["prediction"]),
            {name: Measured(**value) for name, value in quality["metrics"].items()},
            int(quality["rows"]),
        )
    except (ValueError, TypeError, KeyError, IndexError, AttributeError) as error:
        raise JobError(f"{place}: must be a complete baseline: {error!r}") from error


def _column_json(column: Column) -> dict[str, Any]:
    if isinstance(column, Labels):
        return {"kind": "category", **column._asdict()}
    sketch = column.sketch
    return {
        "kind": "number",
        **{"name": column.name, "rows": column.rows, "missing": column.missing},
        **(
            {
                "least": column.least,
                "greatest": column.greatest,
                "mean": _finite(sketch.mean),
                "deviation": _finite(sketch.deviation),
                "points": sketch.points.tolist(),
                "below": sketch.below.tolist(),
                "upTo": sketch.up_to.tolist(),
            }
            if sketch
            else {}
        ),
    }


def _column(found: Mapping[str, Any]) -> Column:
    name, rows, missing = str(found["name"]), int(found["rows"]), int(found["missing"])
    if found["kind"] == "category":
        counts: Counter[str] = Counter()
        for key, value in found["counts"].items():
            counts[kept(str(key))] += int(value)
        return Labels(name, rows, missing, counts, int(found["others"]), int(found["once"]))
    if found["kind"] != "number":
        raise ValueError(f"the kind of '{name}' must be number or category, got {found['kind']!r}")
    if "points" not in found:
        return Numbers(name, rows, missing, np.nan, np.nan, None)
    points, below, up_to = (
        np.array(found[key], dtype=kind)
        for key, kind in (("points", float), ("below", int), ("upTo", int))
    )
    if not len(points) == len(below) == len(up_to) > 0 or (points[1:] <= points[:-1]).any():
        raise ValueError(f"the points of '{name}' must ascend, each with its counts")
    mean, deviation = (
        float("nan" if found[key] is None else found[key]) for key in ("mean", "deviation")
    )
    sketch = Sketch(points, below, up_to, mean, deviation)
    return Numbers(name, rows, missing, float(found["least"]), float(found["greatest"]), sketch)


def _finite(value: float) -> float | None:
    """Return a value for JSON, which has no infinite numbers; large values have no variance."""
    return value if np.isfinite(value) else None
