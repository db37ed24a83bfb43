"""Parse the text of tables, in the same way for training, serving, batch scoring and comparison."""

from __future__ import annotations

import csv
import math
import re
from collections.abc import Iterable, Iterator, Sequence

# Cells that count as missing values.
MISSING = frozenset({"", "NA", "N/A", "nan", "NaN", "NAN", "null", "NULL", "None"})

# Python accepts more: underscores, digits of other scripts, "infinity".
_NUMBER = re.compile(r"[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?")
_INFINITE = re.compile(r"[+-]?inf(inity)?", re.IGNORECASE)
_SHOWN_LENGTH = 80
# Of a text that a caller chose, so much is kept and counted.
KEPT_LENGTH = 200


def decode(data: bytes) -> str:
    """Return bytes as UTF-8 text, without the byte order mark that spreadsheets write.

    Bytes that are not UTF-8 stay in the text, so that `number` and `header_names` can report them.
    """
    return without_mark(data.decode("utf-8", "surrogateescape"))


def without_mark(text: str) -> str:
    """Return a text without a leading byte order mark."""
    return text[1:] if text.startswith("\ufeff") else text


def csv_lines(lines: Iterable[str]) -> Iterator[tuple[int, list[str]]]:
    """Yield (line number, cells) of each line that is not blank.

    Parameters
    ----------
    lines : iterable of str
        Comma-separated, with line ends.

    Raises
    ------
    ValueError
        If the text is not CSV; the message names the line.
    """
    reader = csv.reader(lines)
    try:
        for cells in reader:
            if cells:
                yield reader.line_num, cells
    except csv.Error as error:
        raise ValueError(f"line {reader.line_num}: must be CSV: {error}") from error


def numbers(cells: Sequence[str]) -> list[float] | None:
    """Return the numbers of a row, or None if a cell is not a finite number; see `number`."""
    text = "".join(cells)
    if not text.isascii() or "_" in text:
        return None
    try:
        row = list(map(float, cells))
    except ValueError:
        return None
    # One check of the sum is faster than a check of each value.
    return row if math.isfinite(sum(row)) else None


def number(cell: str) -> float:
    """Return a cell's number, or NaN for a missing value.

    Raises
    ------
    ValueError
        If the cell is neither a finite number nor a missing value.
    """
    text = cell.strip(" \t\r\n\v\f")
    if text in MISSING:
        return math.nan
    if _INFINITE.fullmatch(text) or (_NUMBER.fullmatch(text) and math.isinf(float(text))):
        raise ValueError(f"must be a finite number, got {shown(cell)}")
    if not _NUMBER.fullmatch(text):
        raise ValueError(f"must be a number, got {shown(cell)}")
    return float(text)


def is_value(cell: str) -> bool:
    """Return whether a cell is a number or a missing value."""
    try:
        number(cell)
    except ValueError:
        return False
    return True


def header_names(cells: Sequence[str]) -> list[str]:
    """Return the names of the columns.

    Raises
    ------
    ValueError
        If a column has no name, a name that is not UTF-8 text, or the name of another column; the
        message begins with the column.
    """
    names = [cell.strip() for cell in cells]
    for position, name in enumerate(names, start=1):
        if not name:
            raise ValueError(
                f"column {position} must have a name: name it, or remove it if it only numbers the "
                "rows"
            )
        if _has_other_bytes(name):
            raise ValueError(
                f"column {position}: its name must be UTF-8 text, got {shown(name)}: save the "
                "table as UTF-8"
            )
    repeated = sorted({name for name in names if names.count(name) > 1})
    if repeated:
        raise ValueError(
            "each column must have a different name, got several columns "
            f"{', '.join(map(shown, repeated))}"
        )
    return names


def shown(text: str) -> str:
    """Return a quoted text for a message: shortened, and without control characters."""
    plain = valid_text(text)
    plain = "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in plain)
    cut = plain if len(plain) <= _SHOWN_LENGTH else f"{plain[:_SHOWN_LENGTH]}…"
    return f"'{cut}'"


def valid_text(text: str) -> str:
    """Return a text that UTF-8 can encode: other bytes and lone surrogates become escapes."""
    if text.isascii():
        return text
    try:
        data = text.encode("utf-8", "surrogateescape")
    except UnicodeEncodeError:
        data = text.encode("utf-8", "backslashreplace")
    return data.decode("utf-8", "backslashreplace")


def kept(text: str) -> str:
    """Return a text of limited length, for names and reasons of which any number may come."""
    return valid_text(text[:KEPT_LENGTH])[:KEPT_LENGTH]


def _has_other_bytes(text: str) -> bool:
    return any("\udc80" <= character <= "\udcff" for character in text)
