"""CSV files of numbers with a header; each fault is reported with file, line and column."""

from __future__ import annotations

import csv
import math
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

import numpy as np

from cells import csv_lines, header_names, number, numbers, shown
from job import JobError


class CsvTable:
    """A CSV file whose first line names its columns, including the target.

    Only the header is read before `chunks` is called, which keeps one chunk in memory at a time, so
    that files larger than memory can be read.

    Parameters
    ----------
    path : Path
        UTF-8, comma-separated.
    target : str
        Name of the target column; all others are features.

    Raises
    ------
    JobError
        If the file is missing or empty, or its header does not name the target and at least one
        feature, each once.
    """

    def __init__(self, path: Path, target: str):
        self.path = path
        self.target = target
        # Rows without a target, which the last complete read omitted.
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
            The order of the feature columns.
        chunk_rows : int
            Rows per chunk; the last chunk may be shorter.

        Yields
        ------
        X : ndarray of shape (n_rows, n_features)
            Features, in the units of the data; NaN for a missing value.
        y : ndarray of shape (n_rows,)
            Target, in the units of the data.

        Raises
        ------
        JobError
            If a row has too many or too few cells, a cell is not a finite number, or no row has a
            target.
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
                f"{self.path}: must have rows with a value in the target column '{self.target}', "
                f"got {without_target} rows without one"
                if without_target
                else f"{self.path}: must have rows, but ends after its header"
            )
        self.rows_without_target = without_target

    def _read_header(self) -> list[str]:
        line, cells = next(self._lines(), (0, []))
        if not cells:
            raise JobError(f"{self.path}: must have a header line and rows, but is empty")
        try:
            columns = header_names(cells)
        except ValueError as error:
            raise JobError(f"{self.path}: line {line}: {error}") from None
        if self.target not in columns:
            raise JobError(
                f"{self.path}: line 1: must have the target column '{self.target}', got "
                f"{_quoted(columns)}: rename a column, or set the target with --target"
            )
        if len(columns) == 1:
            raise JobError(
                f"{self.path}: line 1: must have a feature column in addition to '{self.target}'"
            )
        return columns

    def _lines(self) -> Iterator[tuple[int, list[str]]]:
        """Yield (line number, cells) of each line that is not blank, the header first."""
        try:
            # Bytes that are not UTF-8 are kept, so that the check of the cell reports them.
            with self.path.open(newline="", encoding="utf-8-sig", errors="surrogateescape") as file:
                yield from csv_lines(file)
        except ValueError as error:
            raise JobError(f"{self.path}: {error}") from error
        except FileNotFoundError as error:
            raise JobError(f"{self.path}: does not exist") from error

    def _numbers(self) -> Iterator[list[float]]:
        lines = self._lines()
        next(lines)
        n_columns = len(self.columns)
        for line, cells in lines:
            if len(cells) != n_columns:
                raise JobError(
                    f"{self.path}: line {line}: must have {n_columns} values, as the header, got "
                    f"{len(cells)}"
                )
            yield numbers(cells) or [
                self._number(line, column, cell) for column, cell in zip(self.columns, cells)
            ]

    def _number(self, line: int, column: str, cell: str) -> float:
        try:
            return number(cell)
        except ValueError as error:
            raise JobError(
                f"{self.path}: line {line}, column {shown(column)}: {error}: fix it, or leave the "
                "cell empty if the value is missing"
            ) from None


def require_same_columns(table: CsvTable, other: CsvTable) -> None:
    """Raise a `JobError` unless both tables have the same columns, in any order."""
    lacking = [name for name in table.columns if name not in other.columns]
    extra = [name for name in other.columns if name not in table.columns]
    if lacking or extra:
        differences = [
            f"{verb} {_quoted(names)}"
            for verb, names in (("lacks", lacking), ("adds", extra))
            if names
        ]
        raise JobError(
            f"{other.path}: must have the columns of {table.path}, but {' and '.join(differences)}"
        )


def require_filled_columns(path: Path, missing: dict[str, int], rows: int) -> None:
    """Raise a `JobError` if more than half of a column's values are missing.

    Parameters
    ----------
    path : Path
        The file.
    missing : dict of str to int
        For each feature, the number of missing values.
    rows : int
        The number of rows.
    """
    for column, count in missing.items():
        if count > rows / 2:
            raise JobError(
                f"{path}: column '{column}': at most half of the values may be missing, got "
                f"{count} of {rows}: fill the column or remove it"
            )


def write_csv(path: Path, columns: Sequence[str], chunks: Iterable[np.ndarray]) -> int:
    """Write a header and rows of numbers, so that reading them returns the same numbers.

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
