"""The rows of features in captured requests, and the predictions in captured responses."""

from __future__ import annotations

import io
import math
from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any

from baseline import Column, Numbers
from cells import MISSING, csv_lines, kept, number, numbers

# Of columns that the baseline does not have, so many are named.
NAMED_COLUMNS = 100
OTHER_COLUMNS = "(others)"
_PLAIN = frozenset({int, float, type(None)})


class RowReader:
    """Bring captured rows into the order of the baseline's features, and count what is wrong.

    Parameters
    ----------
    features : sequence of Numbers or Labels
        The baseline's features.

    Attributes
    ----------
    counts : Counter
        ``otherLengths``: rows of another number of values; ``notRows``: instances that are no
        rows; ``reordered``: rows whose columns came in another order.
    without_place : int
        The rows of another number of values and those that are no rows, together.
    invalid : Counter
        By feature, values of the wrong type.
    lacking, unexpected : Counter
        By name, rows without a feature, and rows with a column that is none.
    other_columns : int
        Rows that lack a feature or have a column that is none.
    """

    def __init__(self, features: Sequence[Column]):
        self.names = [feature.name for feature in features]
        self.counts: Counter[str] = Counter()
        self.without_place = 0
        self.invalid: Counter[str] = Counter()
        self.lacking: Counter[str] = Counter()
        self.unexpected: Counter[str] = Counter()
        self.other_columns = 0
        self._numeric = [isinstance(feature, Numbers) for feature in features]
        self._all_numeric = all(self._numeric)
        self._places = {name: place for place, name in enumerate(self.names)}

    def rows(self, content: Any) -> list[list]:
        """Return the rows of a request, without those that have no place for every value.

        Parameters
        ----------
        content : str or JSON
            The text of CSV, with or without a header; or an object with ``instances``, a list of
            rows or a single row. A row is a list in the order of training, or an object of named
            values.

        Returns
        -------
        list of list
            A number or None in the place of a feature that is a number, text or None in that of a
            category.

        Raises
        ------
        ValueError
            If the content has no rows.
        """
        if isinstance(content, str):
            return self._csv_rows(content)
        if isinstance(content, dict) and isinstance(content.get("instances"), list):
            content = content["instances"]
        elif isinstance(content, dict):
            content = [content]
        if not isinstance(content, list):
            raise ValueError("must contain rows")  # noqa: TRY004 - the fault is in the data
        if content and not isinstance(content[0], (list, dict)):
            content = [content]
        rows = [self._json_row(instance) for instance in content]
        return [row for row in rows if row is not None]

    def _json_row(self, instance: Any) -> list | None:
        if isinstance(instance, list):
            if len(instance) != len(self.names):
                self._leave_out("otherLengths")
                return None
            row = instance
        elif isinstance(instance, dict):
            row = self._named(list(instance), list(instance.values()))
        else:
            self._leave_out("notRows")
            return None
        if self._all_numeric and _PLAIN.issuperset(map(type, row)):
            return row
        return [
            (self._json_number(place, value) if numeric else value)
            for place, (numeric, value) in enumerate(zip(self._numeric, row))
        ]

    def _json_number(self, place: int, value: Any) -> float | None:
        if value is None or (type(value) in (int, float) and _is_finite(value)):
            return value
        self.invalid[self.names[place]] += 1
        return math.nan

    def _csv_rows(self, text: str) -> list[list]:
        text = text.strip("\r\n")
        if "\n" not in text and '"' not in text:
            lines = [text.split(",")]
            # Most requests are one row of numbers.
            if self._all_numeric and len(lines[0]) == len(self.names):
                row = numbers(lines[0])
                if row is not None and lines[0][0].strip() not in self._places:
                    return [row]
        else:
            lines = [cells for _, cells in csv_lines(io.StringIO(text, newline=""))]
        header = None
        if lines and self._is_header(lines[0]):
            header = [cell.strip() for cell in lines.pop(0)]
        rows = []
        for cells in lines:
            if len(cells) != len(header or self.names):
                self._leave_out("otherLengths")
                continue
            row = self._named(header, cells) if header else cells
            plain = numbers(row) if self._all_numeric and None not in row else None
            rows.append(plain or [self._cell(place, cell) for place, cell in enumerate(row)])
        return rows

    def _leave_out(self, reason: str) -> None:
        self.counts[reason] += 1
        self.without_place += 1

    def _is_header(self, cells: Sequence[str]) -> bool:
        known = sum(cell.strip() in self._places for cell in cells)
        return 2 * known > len(cells)

    def _cell(self, place: int, cell: str | None) -> float | str | None:
        if cell is None:
            return None
        if not self._numeric[place]:
            stripped = cell.strip()
            return None if stripped in MISSING else stripped
        try:
            return number(cell)
        except ValueError:
            self.invalid[self.names[place]] += 1
            return math.nan

    def _named(self, names: Sequence[str], values: Sequence[Any]) -> list:
        """Return named values in the order of the features, None for those that are not there."""
        if names == self.names:
            return list(values)
        row: list[Any] = [None] * len(self.names)
        present, unknown = set(), set()
        for name, value in zip(names, values):
            place = self._places.get(name)
            if place is None:
                unknown.add(kept(name))
            else:
                row[place] = value
                present.add(name)
        absent = [name for name in self.names if name not in present]
        self.lacking.update(absent)
        if unknown:
            self._count_unexpected(unknown)
        self.other_columns += bool(absent or unknown)
        self.counts["reordered"] += not absent and len(names) == len(self.names)
        return row

    def _count_unexpected(self, names: Collection[str]) -> None:
        """Count a row with columns that are no features; those without a place count once."""
        room = NAMED_COLUMNS - len(self.unexpected) + (OTHER_COLUMNS in self.unexpected)
        new = sorted(name for name in names if name not in self.unexpected)
        self.unexpected.update(name for name in names if name in self.unexpected)
        self.unexpected.update(new[:room])
        if len(new) > room:
            self.unexpected[OTHER_COLUMNS] += 1


def refusal(content: Any) -> str | None:
    """Return the reason of a response that refuses its request; None for any other response."""
    if isinstance(content, dict) and "error" in content and "predictions" not in content:
        return str(content["error"])
    return None


def predictions(content: Any) -> list:
    """Return the predictions of a response: numbers and texts, None where there is none.

    Parameters
    ----------
    content : str or JSON
        The text of CSV, with a prediction first in each line; or a list, or an object with
        ``predictions``. A prediction is a number, a text, a list that begins with it, or an object
        with ``predicted_label``, ``prediction`` or ``score``.

    Raises
    ------
    ValueError
        If the content has no predictions.
    """
    if isinstance(content, str):
        firsts = (
            [cells[0] for _, cells in csv_lines(io.StringIO(content, newline=""))]
            if '"' in content
            else [line.split(",", 1)[0] for line in content.split("\n") if line.strip()]
        )
        return [_value(cell) for cell in firsts]
    if isinstance(content, dict):
        content = content.get("predictions")
    if not isinstance(content, list):
        raise ValueError("must contain predictions")  # noqa: TRY004 - the fault is in the data
    return [item if type(item) in (float, int, str) else _prediction(item) for item in content]


def _prediction(item: Any) -> Any:
    if isinstance(item, Mapping):
        for key in ("predicted_label", "prediction", "score"):
            if key in item:
                return _prediction(item[key])
        return None
    if isinstance(item, list):
        return _prediction(item[0]) if item else None
    return item


def _value(cell: str) -> float | str | None:
    text = cell.strip()
    if text in MISSING:
        return None
    try:
        return number(text)
    except ValueError:
        return text


def as_numbers(values: Iterable[Any]) -> tuple[list[float], int]:
    """Return the finite numbers among values, and how many other values there are."""
    kept, others = [], 0
    for value in values:
        if type(value) in (int, float) and _is_finite(value):
            kept.append(float(value))
        else:
            others += 1
    return kept, others


def _is_finite(value: float) -> bool:
    try:
        return math.isfinite(value)
    except OverflowError:
        return False
