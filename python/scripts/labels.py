"""Join labels, which come later and in any order, with predictions, by inference id.

Labels are in ``*.jsonl`` or ``*.csv`` at any depth:

- JSON Lines: ``{"inferenceId": "…", "label": 4.2}``; of a request with several rows, a list; or
  the ground truth of SageMaker Model Monitor, with ``groundTruthData`` and ``eventMetadata``.
- CSV with the header ``inferenceId,label``; of a request with several rows, a column ``row`` with
  1 for the first.

They are kept on disk, so that memory does not grow with them.
"""

from __future__ import annotations

import csv
import json
import sqlite3
from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from captured_rows import as_numbers
from cells import MISSING, number, valid_text
from quality import GREATEST_MEASURED, Measured, of_categories, of_numbers
from sketches import RowSample, category, notation

# SQLite takes at most 999 parameters.
BATCH = 500
# SQLite takes integers of 64 bits; no request has so many rows.
MOST_ROWS = 1 << 31
# What a line of wrong types or of other bytes than UTF-8 raises.
UNREADABLE = (ValueError, LookupError, TypeError, AttributeError, RecursionError, csv.Error)
# Pairs of categories that are counted; more are left out and counted as skipped.
PAIRS = 10_000


class LabelledPredictions:
    """Predictions of which the label is known.

    Parameters
    ----------
    database : Path
        A file that does not exist yet; the caller removes it.
    numeric : bool
        Whether predictions and labels are numbers, otherwise categories.
    seed : int
        Seed of the sample of pairs, and of the metrics' resamples.

    Attributes
    ----------
    counts : Counter
        ``labels``, ``labelled`` predictions, and what was left out by the reason.
    """

    def __init__(self, database: Path, numeric: bool, seed: int):
        self.numeric = numeric
        self.counts: Counter[str] = Counter()
        self._seed = seed
        self._sample = RowSample(2, seed)
        self._pairs: Counter[tuple[str, str]] = Counter()
        self._waiting: dict[str, list] = {}
        self._database = sqlite3.connect(str(database))
        self._database.executescript(
            "PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF; PRAGMA cache_size = -20000;"
            "CREATE TABLE label (id TEXT, place INTEGER, value, PRIMARY KEY (id, place))"
            " WITHOUT ROWID;"
            "CREATE TABLE met (id TEXT PRIMARY KEY) WITHOUT ROWID;"
        )

    def read(self, folder: Path) -> None:
        """Read all labels of a folder; of two labels for a prediction, the later file's counts."""
        for path in sorted(folder.rglob("*")):
            if path.suffix not in (".jsonl", ".csv") or not path.is_file():
                continue
            self.counts["files"] += 1
            read = _json_labels if path.suffix == ".jsonl" else _csv_labels
            try:
                with path.open(encoding="utf-8-sig", errors="surrogateescape", newline="") as file:
                    for inference_id, place, value in read(file, self.counts):
                        self._keep(inference_id, place, value)
            except OSError:
                self.counts["unreadableFiles"] += 1

    def add(self, inference_id: str, predictions: list) -> None:
        """Take over the predictions of a request; of a repeated id, only the first request's."""
        if inference_id in self._waiting:
            self.counts["repeatedInferenceIds"] += 1
            return
        self._waiting[inference_id] = predictions
        if len(self._waiting) >= BATCH:
            self.flush()

    def flush(self) -> None:
        """Join the predictions that wait with their labels."""
        waiting, self._waiting = self._waiting, {}
        marks = ", ".join("?" * len(waiting))
        select = self._database.execute
        repeated = {
            found
            for (found,) in select(f"SELECT id FROM met WHERE id IN ({marks})", list(waiting))  # noqa: S608
        }
        self.counts["repeatedInferenceIds"] += len(repeated)
        known = select(
            f"SELECT id, place, value FROM label WHERE id IN ({marks})",  # noqa: S608
            list(waiting),
        )
        met, numbers = set(), []
        for inference_id, place, value in known:
            if inference_id in repeated:
                continue
            met.add(inference_id)
            predicted = waiting[inference_id]
            prediction: Any = predicted[place] if place < len(predicted) else None
            if category(prediction) is None or (self.numeric and not as_numbers([prediction])[0]):
                self.counts["withoutPrediction"] += 1
            elif self.numeric:
                pair: tuple[float, float] = float(prediction), value
                if max(map(abs, pair)) > GREATEST_MEASURED:
                    self.counts["tooLarge"] += 1
                else:
                    numbers.append(pair)
            else:
                self._count((_name(prediction), value))
        self.counts["labelled"] += len(numbers)
        if numbers:
            self._sample.add(np.array(numbers))
        self._database.executemany("INSERT INTO met VALUES (?)", [(one,) for one in met])

    def measure(self) -> dict[str, Measured]:
        """Return the metrics of all labelled predictions, of many a random sample's."""
        (without,) = self._database.execute(
            "SELECT count(DISTINCT id) FROM label WHERE id NOT IN (SELECT id FROM met)"
        ).fetchone()
        self.counts["unknownInferenceIds"] = without
        if self.numeric:
            rows = self._sample.rows()
            return of_numbers(rows[:, 0], rows[:, 1], self._seed) if len(rows) > 1 else {}
        return of_categories(self._pairs, self._seed) if self.counts["labelled"] > 1 else {}

    def close(self) -> None:
        """Close the database."""
        self._database.close()

    def _count(self, pair: tuple[str, str]) -> None:
        if pair in self._pairs or len(self._pairs) < PAIRS:
            self._pairs[pair] += 1
            self.counts["labelled"] += 1
        else:
            self.counts["tooManyCategories"] += 1

    def _keep(self, inference_id: str, place: int, value: Any) -> None:
        if self.numeric:
            try:
                if isinstance(value, bool):
                    raise TypeError
                value = number(value) if isinstance(value, str) else float(value)
            except (ValueError, TypeError, OverflowError):
                value = np.nan
            if not np.isfinite(value):
                self.counts["invalidLabels"] += 1
                return
        elif category(value) is None or isinstance(value, (list, dict)) or value in MISSING:
            self.counts["invalidLabels"] += 1
            return
        else:
            value = _name(value)
        key = (inference_id, place)
        before = self._database.execute("SELECT value FROM label WHERE id = ? AND place = ?", key)
        found = before.fetchone()
        if found is not None:
            self.counts["repeatedLabels" if found[0] == value else "changedLabels"] += 1
        else:
            self.counts["labels"] += 1
        self._database.execute("INSERT OR REPLACE INTO label VALUES (?, ?, ?)", (*key, value))


def _json_labels(lines: Iterator[str], counts: Counter[str]) -> Iterator[tuple[str, int, Any]]:
    for line in lines:
        if line.isspace():
            continue
        try:
            line.encode()
            found = json.loads(line)
            inference_id, value = (
                _ground_truth(found)
                if "groundTruthData" in found
                else (found["inferenceId"], found["label"])
            )
            if not isinstance(inference_id, (str, int)):
                raise TypeError("an inference id must be text")
        except UNREADABLE:
            counts["unreadableLines"] += 1
            continue
        values = value if isinstance(value, list) else [value]
        for place, one in enumerate(values):
            yield valid_text(str(inference_id)), place, one


def _ground_truth(found: Mapping[str, Any]) -> tuple[str, Any]:
    # https://docs.aws.amazon.com/sagemaker/latest/dg/model-monitor-model-quality-merge.html
    metadata, data = found["eventMetadata"], found["groundTruthData"]
    inference_id = metadata.get("inferenceId") or metadata["eventId"]
    text = data["data"]
    if data.get("encoding") == "JSON":
        return inference_id, json.loads(text) if isinstance(text, str) else text
    values = next(csv.reader([text]), [])
    return inference_id, values if len(values) > 1 else text


def _csv_labels(lines: Iterator[str], counts: Counter[str]) -> Iterator[tuple[str, int, Any]]:
    rows = _csv_rows(lines, counts)
    header = [cell.strip() for cell in next(rows, [])]
    if not {"inferenceId", "label"} <= set(header):
        counts["filesWithoutHeader"] += 1
        return
    id_place, label_place = header.index("inferenceId"), header.index("label")
    row_place = header.index("row") if "row" in header else None
    for cells in rows:
        try:
            place = 0 if row_place is None else int(cells[row_place]) - 1
            inference_id, value = cells[id_place].strip(), cells[label_place].strip()
            (inference_id + value).encode()
        except UNREADABLE:
            counts["unreadableLines"] += 1
            continue
        if not 0 <= place < MOST_ROWS:
            counts["unreadableLines"] += 1
        else:
            yield inference_id, place, value


def _csv_rows(lines: Iterator[str], counts: Counter[str]) -> Iterator[list[str]]:
    """Yield the cells of each line that has some; one that is no CSV does not end the file."""
    reader = csv.reader(lines)
    while True:
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error:
            counts["unreadableLines"] += 1
            continue
        if cells:
            yield cells


def _name(value: Any) -> str:
    """Return the name of a category in any notation: labels and predictions come as both."""
    return notation(str(category(value)))
