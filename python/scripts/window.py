"""What an endpoint got and answered in a window of time, in memory that does not grow with it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from baseline import PREDICTION, Baseline, Column, Labels, Numbers
from capture import Period, Request, body, requests
from captured_rows import RowReader, as_numbers, predictions, refusal
from cells import valid_text
from labels import LabelledPredictions
from sketches import Categories, NumberColumns

ROWS_PER_CHUNK = 20_000
# Rows wait as Python objects, of which a cell takes some 40 bytes.
CELLS_PER_CHUNK = 2_000_000
FEWEST_ROWS_PER_CHUNK = 50
# Reasons for refusals that are shown, with their counts.
NAMED_REFUSALS = 20


class Window:
    """The requests of a window, as far as they are compared with a baseline.

    Parameters
    ----------
    baseline : Baseline, optional
        Without it, rows are not read, and predictions only to measure them.
    seed : int
        Seed of the samples of rows.

    Attributes
    ----------
    skipped : Counter
        How much of the captured files was not used, by the reason; and ``files`` and ``lines``.
    by_hour : Counter
        Requests by hour, ``yyyy-mm-ddThh``.
    requests, refused, rows : int
        Requests in the window, those that the model refused, and the rows of all others.
    refusals : Counter
        Refused requests by the model's reason.
    """

    def __init__(self, baseline: Baseline | None, seed: int):
        self.features = baseline.features if baseline else []
        self.prediction = baseline.prediction if baseline else None
        self.skipped: Counter[str] = Counter()
        self.by_hour: Counter[str] = Counter()
        self.refusals: Counter[str] = Counter()
        self.requests = self.refused = self.rows = self.predicted = self.without_prediction = 0
        self.reader = RowReader(self.features)
        self._has_baseline = baseline is not None
        self._numeric = [c for c in self.features if isinstance(c, Numbers)]
        self._places = [self.features.index(c) for c in self._numeric]
        self.numbers = NumberColumns([c.name for c in self._numeric], seed)
        self.outside = np.zeros(len(self._numeric), dtype=int)
        self.categories: dict[str, Categories] = {
            c.name: Categories(c.counts) for c in self.features if isinstance(c, Labels)
        }
        self.predicted_numbers = NumberColumns([PREDICTION], seed)
        self.predicted_outside = 0
        self.predicted_categories = Categories(
            self.prediction.counts if isinstance(self.prediction, Labels) else ()
        )
        fitting = CELLS_PER_CHUNK // max(len(self.features), 1)
        self._chunk = max(FEWEST_ROWS_PER_CHUNK, min(ROWS_PER_CHUNK, fitting))
        self._sampled: dict[str, np.ndarray] | None = None
        self._rows: list[list] = []
        self._predictions: list[Any] = []

    def read(self, folder: Path, period: Period, labelled: LabelledPredictions | None) -> None:
        """Read all captured files of a folder; predictions with an inference id meet their labels.

        Parameters
        ----------
        folder : Path
            The captured files.
        period : Period
            The window.
        labelled : LabelledPredictions, optional
            Gets every prediction of a request with an inference id.
        """
        for request in requests(folder, period, self.skipped):
            answered = self._answer(request)
            if labelled is not None and answered is not None and request.inference_id is not None:
                labelled.add(request.inference_id, answered)
            if len(self._rows) >= self._chunk or len(self._predictions) >= ROWS_PER_CHUNK:
                self._flush()
        self._flush()
        if labelled is not None:
            labelled.flush()

    def sampled(self) -> dict[str, np.ndarray]:
        """Return the known values of the features that are numbers, of a sample of the rows."""
        if self._sampled is None:
            self._sampled = self.numbers.sampled()
        return self._sampled

    def _answer(self, request: Request) -> list | None:
        """Count a request and its rows; return its predictions."""
        answered, reason = None, None
        if request.output is not None:
            try:
                content = body(request.output)
                reason = refusal(content)
                answered = None if reason is not None else predictions(content)
            except (ValueError, TypeError, AttributeError, RecursionError):
                self.skipped["unreadableOutputs"] += request.hour is not None
        if request.hour is None:
            return answered
        self.requests += 1
        self.by_hour[request.hour] += 1
        if reason is not None:
            self.refused += 1
            # A reason names the value and the row that it is about; its beginning is the kind.
            kind = valid_text(reason[:80])
            known = kind in self.refusals or len(self.refusals) < NAMED_REFUSALS
            self.refusals[kind if known else "(others)"] += 1
            return None
        rows = self._input_rows(request.input)
        if answered is not None:
            self.predicted += len(answered)
            self._predictions += answered
            if rows is not None and rows != len(answered):
                self.skipped["otherNumbersOfPredictions"] += 1
        return answered

    def _input_rows(self, part: Mapping[str, Any] | None) -> int | None:
        """Keep the rows of an input for the next chunk; return how many there are."""
        if part is None or not self._has_baseline:
            if self._has_baseline:
                self.skipped["withoutInput"] += 1
            return None
        before = self.reader.without_place
        try:
            rows = self.reader.rows(body(part))
        except (ValueError, TypeError, AttributeError, RecursionError):
            self.skipped["unreadableInputs"] += 1
            return None
        self._rows += rows
        self.rows += len(rows)
        return len(rows) + self.reader.without_place - before

    def _flush(self) -> None:
        rows, answered = self._rows, self._predictions
        self._rows, self._predictions = [], []
        self.take(rows, answered)

    def take(self, rows: list[list], answered: list) -> None:
        """Take over rows of features, as `RowReader` returns them, and predictions."""
        if rows:
            columns = list(zip(*rows))
            if self._numeric:
                table = self._table([columns[place] for place in self._places], len(rows))
                self.numbers.add(table)
                for place, column in enumerate(self._numeric):
                    self.outside[place] += _outside(table[:, place], column)
            for place, feature in enumerate(self.features):
                if isinstance(feature, Labels):
                    self.categories[feature.name].add(columns[place])
        if isinstance(self.prediction, Numbers):
            values, others = as_numbers(answered)
            self.without_prediction += others
            table = np.array(values)[:, np.newaxis] if values else np.empty((0, 1))
            self.predicted_numbers.add(table)
            self.predicted_outside += _outside(table[:, 0], self.prediction)
        elif self.prediction is not None:
            self.predicted_categories.add(answered)

    def _table(self, columns: list[tuple], rows: int) -> np.ndarray:
        """Return columns of numbers side by side, NaN for what is missing or not finite."""
        table = np.empty((rows, len(columns)))
        for place, values in enumerate(columns):
            try:
                table[:, place] = values
            except OverflowError:
                # An integer that no double can be.
                table[:, place] = [_double(value) for value in values]
            infinite = np.isinf(table[:, place])
            if infinite.any():
                self.reader.invalid[self._numeric[place].name] += int(infinite.sum())
                table[infinite, place] = np.nan
        return table


def _outside(values: np.ndarray, column: Column) -> int:
    if not isinstance(column, Numbers) or column.sketch is None:
        return 0
    return int(np.count_nonzero((values < column.least) | (values > column.greatest)))


def _double(value: Any) -> float:
    try:
        return np.nan if value is None else float(value)
    except OverflowError:
        return np.inf
