"""CSV files of numbers with a header; each fault in one is named by file, line and column."""

from __future__ import annotations

import csv
import math
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

import numpy as np

from cells import csv_lines, header_names, number, numbers, shown
from job import JobError


class CsvTable:
    """A CSV file whose first line names its columns, one of them the target.

    Nothing but the header is read before `chunks` is called, and then no more than one chunk is
    kept, so that files larger than memory can be read.

    Parameters
    ----------
    path : Path
        UTF-8, comma separated.
    target : str
        Name of the target column; all others are features.

    Raises
    ------
    JobError
        If the file is missing, empty, or its header does not name the target and at least one
        feature, each once.
    """

    def __init__(self, path: Path, target: str):
        self.path = path
        self.target = target
        # Rows left out by the last full reading, as they have no target.
        self.rows_without_target = 0
        self.columns = self._read_header()
        self.features = [name for name in self.columns if name != target]

    def chunks(
        self, features: Sequence[str], chunk_rows: int
    ) -> Iterator[tuple[np.ndarray, np.ndarray]]:
        """Read the rows that have a target.

        Parameters
        ----------
        features : sequence of str
            The order in which to give the feature columns.
        chunk_rows : int
            Rows in a chunk; the last one may be shorter.

        Yields
        ------
        X : ndarray of shape (n_rows, n_features)
            NaN where a value is missing.
        y : ndarray of shape (n_rows,)

        Raises
        ------
        JobError
            At a row with too many or too few cells, at text where a number belongs, at an
            infinite value, and if no row has a target.
        """
        order = [self.columns.index(name) for name in (*features, self.target)]
        without_target = read = 0
        rows: list[list[float]] = []
        for row in self._numbers():
            if math.isnan(row[order[-1]]):
                without_target += 1
                continue
            rows.append(row)
            if len(rows) == chunk_rows:
                read += len(rows)
                yield _split(rows, order)
                rows = []
        if rows:
            read += len(rows)
            yield _split(rows, order)
        if not read:
            raise JobError(
                f"{self.path}: no rows left: none of its {without_target} rows has a value in the "
                f"target column '{self.target}'"
                if without_target
                else f"{self.path}: no rows: the file ends after its header"
            )
        self.rows_without_target = without_target

    def _read_header(self) -> list[str]:
        line, cells = next(self._lines(), (0, []))
        if not cells:
            raise JobError(f"{self.path}: the file is empty; a header line and rows are expected")
        try:
            columns = header_names(cells)
        except ValueError as error:
            raise JobError(f"{self.path}: line {line}: {error}") from None
        if self.target not in columns:
            raise JobError(
                f"{self.path}: line 1: no target column '{self.target}'; rename a column, or name "
                f"the target with --target. The columns are {_quoted(columns)}"
            )
        if len(columns) == 1:
            raise JobError(f"{self.path}: line 1: no feature column beside '{self.target}'")
        return columns

    def _lines(self) -> Iterator[tuple[int, list[str]]]:
        """Yield (line number, cells) of each line that is not blank, the header first."""
        try:
            # Bytes that are no UTF-8 are kept: the check of the cell names them.
            with self.path.open(newline="", encoding="utf-8-sig", errors="surrogateescape") as file:
                yield from csv_lines(file)
        except ValueError as error:
            raise JobError(f"{self.path}: {error}") from error
        except FileNotFoundError as error:
            raise JobError(f"{self.path}: no such file") from error

    def _numbers(self) -> Iterator[list[float]]:
        lines = self._lines()
        next(lines)
        n_columns = len(self.columns)
        for line, cells in lines:
            if len(cells) != n_columns:
                raise JobError(
                    f"{self.path}: line {line}: {len(cells)} values where the header names "
                    f"{n_columns} columns"
                )
            yield numbers(cells) or [
                self._number(line, column, cell) for column, cell in zip(self.columns, cells)
            ]

    def _number(self, line: int, column: str, cell: str) -> float:
        try:
            return number(cell)
        except ValueError as error:
            raise JobError(
                f"{self.path}: line {line}, column {shown(column)}: {error}; correct it, or leave "
                "the cell empty if the value is not known"
            ) from None


def require_same_columns(table: CsvTable, other: CsvTable) -> None:
    """Raise a `JobError` unless both tables have the same columns, in whatever order."""
    lacking = [name for name in table.columns if name not in other.columns]
    extra = [name for name in other.columns if name not in table.columns]
    if lacking or extra:
        differences = [
            f"{verb} {_quoted(names)}"
            for verb, names in (("lacks", lacking), ("adds", extra))
            if names
        ]
        raise JobError(
            f"{other.path}: other columns than in {table.path}: it {' and '.join(differences)}"
        )


def require_filled_columns(path: Path, missing: dict[str, int], rows: int) -> None:
    """Raise a `JobError` if more than half of a column's values are missing.

    Parameters
    ----------
    path : Path
        The file that was read.
    missing : dict of str to int
        For each feature, how many of its values are missing.
    rows : int
        How many rows were read.
    """
    for column, count in missing.items():
        if count > rows / 2:
            raise JobError(
                f"{path}: column '{column}': {count} of {rows} values are missing, more than half; "
                "fill the column or leave it out"
            )


def write_csv(path: Path, columns: Sequence[str], chunks: Iterable[np.ndarray]) -> int:
    """Write a header and rows of numbers; reading them back gives the same numbers.

    Returns
    -------
    int
        The number of rows written.
    """
    rows = 0
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(columns)
        for chunk in chunks:
            writer.writerows(chunk.tolist())
            rows += len(chunk)
    return rows


def _split(rows: list[list[float]], order: list[int]) -> tuple[np.ndarray, np.ndarray]:
    values = np.array(rows)[:, order]
    return values[:, :-1], values[:, -1]


def _quoted(names: Iterable[str]) -> str:
    return ", ".join(map(shown, names))
