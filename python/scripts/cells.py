"""What the text of a table means, for training, serving, batch scoring and comparison alike."""

from __future__ import annotations

import csv
import math
import re
from collections.abc import Iterable, Iterator, Sequence

# What stands for "not known" in a cell.
MISSING = frozenset({"", "NA", "N/A", "nan", "NaN", "NAN", "null", "NULL", "None"})

# Python itself takes more: underscores, digits of other scripts, "infinity".
_NUMBER = re.compile(r"[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?")
_INFINITE = re.compile(r"[+-]?inf(inity)?", re.IGNORECASE)
_SHOWN_LENGTH = 80


def decode(data: bytes) -> str:
    """Return bytes as UTF-8 text, without the byte order mark that spreadsheets write.

    Bytes that are no UTF-8 stay in it, for `number` and `header_problem` to name.
    """
    return without_mark(data.decode("utf-8", "surrogateescape"))


def without_mark(text: str) -> str:
    """Return a text without the byte order mark at its begin."""
    return text[1:] if text.startswith("\ufeff") else text


def csv_lines(lines: Iterable[str]) -> Iterator[tuple[int, list[str]]]:
    """Yield (line number, cells) of each line that is not blank.

    Parameters
    ----------
    lines : iterable of str
        Comma separated, with their line ends.

    Raises
    ------
    ValueError
        If the text is no CSV; the message names the line.
    """
    reader = csv.reader(lines)
    try:
        for cells in reader:
            if cells:
                yield reader.line_num, cells
    except csv.Error as error:
        raise ValueError(f"line {reader.line_num}: not readable as CSV: {error}") from error


def numbers(cells: Sequence[str]) -> list[float] | None:
    """Return the numbers of a row if every cell is a finite one, or None: `number` tells why."""
    text = "".join(cells)
    if not text.isascii() or "_" in text:
        return None
    try:
        row = list(map(float, cells))
    except ValueError:
        return None
    # One test of the sum is cheaper than one of each value.
    return row if math.isfinite(sum(row)) else None


def number(cell: str) -> float:
    """Return a cell's number, NaN where a marker says that it is not known.

    Raises
    ------
    ValueError
        If the cell is neither a finite number nor a marker.
    """
    text = cell.strip(" \t\r\n\v\f")
    if text in MISSING:
        return math.nan
    if _INFINITE.fullmatch(text) or (_NUMBER.fullmatch(text) and math.isinf(float(text))):
        raise ValueError(f"{shown(cell)} is infinite")
    if not _NUMBER.fullmatch(text):
        raise ValueError(f"{shown(cell)} is not a number")
    return float(text)


def is_value(cell: str) -> bool:
    """Whether a cell is a number, or stands for one that is not known."""
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
        If a column has no name, one that is no UTF-8 text, or one that another has; the message
        begins with the column.
    """
    names = [cell.strip() for cell in cells]
    for position, name in enumerate(names, start=1):
        if not name:
            raise ValueError(
                f"column {position} has no name; name it, or leave it out if it only numbers the "
                "rows"
            )
        if _has_other_bytes(name):
            raise ValueError(
                f"column {position}: its name {shown(name)} is no UTF-8 text; save the table as "
                "UTF-8"
            )
    repeated = sorted({name for name in names if names.count(name) > 1})
    if repeated:
        raise ValueError(
            f"more than one column is named {', '.join(map(shown, repeated))}; give each column a "
            "name of its own"
        )
    return names


def shown(text: str) -> str:
    """Return a text in quotes as a message shows it: short, and without control characters."""
    plain = text.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")
    plain = "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in plain)
    cut = plain if len(plain) <= _SHOWN_LENGTH else f"{plain[:_SHOWN_LENGTH]}…"
    return f"'{cut}'"


def _has_other_bytes(text: str) -> bool:
    return any("\udc80" <= character <= "\udcff" for character in text)
