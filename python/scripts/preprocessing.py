"""Scale the features of train.csv and test.csv; SageMaker runs this as the processing job.

Both files are read in chunks, so that memory use does not grow with the data.
"""

from __future__ import annotations

import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

import joblib
import numpy as np
from sklearn.preprocessing import StandardScaler

from baseline import FEATURES_FILE, SEED, Baseline, numbers_of, write_baseline
from csv_table import CsvTable, require_filled_columns, require_same_columns, write_csv
from job import (
    ArgumentParser,
    JobError,
    exit_message,
    require_file,
    run,
    whole_number,
    written_aside,
)
from sketches import NumberColumns


def fit_scaler(table: CsvTable, chunk_rows: int) -> tuple[StandardScaler, NumberColumns]:
    """Fit a scaler to the features of a table, and summarize them, chunk by chunk.

    Parameters
    ----------
    table : CsvTable
        The training data.
    chunk_rows : int
        Rows in memory at once.

    Returns
    -------
    StandardScaler
        Fitted to the known values; its ``mean_`` replaces missing values.
    NumberColumns
        The raw features, for the model's baseline.

    Raises
    ------
    JobError
        If more than half of a column's values are missing, or its values are too large to scale.
    """
    scaler, columns = StandardScaler(), NumberColumns(table.features, SEED)
    for X, _ in table.chunks(table.features, chunk_rows):
        _partial_fit(scaler, X)
        columns.add(X)
    missing = dict(zip(table.features, columns.missing.tolist()))
    require_filled_columns(table.path, missing, columns.rows)
    for column, variance in zip(table.features, np.asarray(scaler.var_)):
        if not np.isfinite(variance):
            raise JobError(
                f"{table.path}: column '{column}': its values are too large to scale: use a larger "
                "unit"
            )
    return scaler, columns


def scaled_chunks(
    table: CsvTable, features: list[str], scaler: StandardScaler, chunk_rows: int
) -> Iterator[np.ndarray]:
    """Yield the rows to write: scaled features, then the target.

    Raises
    ------
    JobError
        After the last row, if more than half of a column's values are missing.
    """
    missing = np.zeros(len(features), dtype=int)
    rows = 0
    for X, y in table.chunks(features, chunk_rows):
        unknown = np.isnan(X)
        missing += unknown.sum(axis=0)
        rows += len(X)
        scaled = np.asarray(scaler.transform(X))
        # Zero is the scaled mean of the training data.
        scaled[unknown] = 0.0
        yield np.column_stack([scaled, y])
    require_filled_columns(table.path, dict(zip(features, missing.tolist())), rows)


def preprocess(input_data: Path, output_data: Path, target: str, chunk_rows: int) -> None:
    """Read train.csv and test.csv; write them scaled.

    The scaler and the distributions of the raw features are written next to the training data.

    A copy of test.csv goes to ``holdout/``: models are compared on raw features, because each has
    its own scaler.

    Raises
    ------
    JobError
        If the data is invalid; then nothing is written.
    """
    train, test = (
        CsvTable(require_file(input_data, f"{name}.csv"), target) for name in ("train", "test")
    )
    require_same_columns(train, test)
    scaler, columns = fit_scaler(train, chunk_rows)
    with written_aside(output_data) as aside:
        for name, table in (("train", train), ("test", test)):
            path = aside / name / f"{name}_processed.csv"
            chunks = scaled_chunks(table, train.features, scaler, chunk_rows)
            rows = write_csv(path, [*train.features, target], chunks)
            print(f"{name}: {rows} rows, {table.rows_without_target} rows without a target dropped")
        joblib.dump(scaler, aside / "train" / "scaler.pkl")
        write_baseline(aside / "train", Baseline(numbers_of(columns)), FEATURES_FILE)
        (aside / "holdout").mkdir()
        shutil.copyfile(test.path, aside / "holdout" / "test.csv")


def _partial_fit(scaler: StandardScaler, X: np.ndarray) -> None:
    # In scikit-learn (seen in 1.2.1 and 1.9.1) a column without any value in a chunk becomes NaN
    # permanently, even with values in other chunks: its statistics are restored.
    empty = np.isnan(X).all(axis=0)
    neutral = {"mean_": 0.0, "var_": 0.0, "scale_": 1.0}
    before = {
        name: np.broadcast_to(getattr(scaler, name, value), empty.shape)[empty].copy()
        for name, value in neutral.items()
    }
    with np.errstate(all="ignore"):
        scaler.partial_fit(X)
    for name, values in before.items():
        getattr(scaler, name)[empty] = values


def main() -> None:
    """Parse the arguments and run."""
    parser = ArgumentParser(description=__doc__)
    parser.add_argument("--input-data", type=Path, default="/opt/ml/processing/input/data")
    parser.add_argument("--output-data", type=Path, default="/opt/ml/processing/output")
    parser.add_argument("--target", default="target", help="name of the target column")
    parser.add_argument("--chunk-rows", type=whole_number(1), default=20_000)
    args = parser.parse_args()
    preprocess(args.input_data, args.output_data, args.target, args.chunk_rows)


if __name__ == "__main__":
    sys.exit(run(main, exit_message()))
