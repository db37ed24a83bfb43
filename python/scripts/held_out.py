"""The rows on which two models are compared."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

import numpy as np

from csv_table import CsvTable
from job import JobError, require_file

CHUNK_ROWS = 20_000


class HeldOut(NamedTuple):
    """Raw held-out rows.

    Attributes
    ----------
    X : ndarray of shape (n_rows, n_features)
        Raw features, in the units of the data; NaN for a missing value.
    y : ndarray of shape (n_rows,)
        Target, in the units of the data.
    features : list of str
        Names of the columns of `X`.
    """

    X: np.ndarray
    y: np.ndarray
    features: list[str]


def load(folder: Path, target: str) -> HeldOut:
    """Load the held-out rows that preprocessing wrote.

    Parameters
    ----------
    folder : Path
        Folder of test.csv.
    target : str
        Name of the target column.

    Returns
    -------
    HeldOut
        The rows that have a target.

    Raises
    ------
    JobError
        If test.csv is missing or not readable, or has fewer than two rows with a target.
    """
    table = CsvTable(require_file(folder, "test.csv"), target)
    chunks = list(table.chunks(table.features, CHUNK_ROWS))
    y = np.concatenate([y for _, y in chunks])
    if len(y) < 2:
        raise JobError(f"{table.path}: must have two or more rows with a target, got {len(y)}")
    return HeldOut(np.concatenate([X for X, _ in chunks]), y, table.features)
