"""What a training script gets: its arguments, and the data to fit models to.

A script adds its hyperparameters to `training_parser`.
"""

from __future__ import annotations

import os
from argparse import ArgumentTypeError
from pathlib import Path
from typing import NamedTuple

import joblib
import numpy as np
import sklearn
from sklearn.model_selection import KFold

from csv_table import CsvTable, require_same_columns
from job import ArgumentParser, JobError, require_file, whole_number

CHUNK_ROWS = 50_000


class Dataset(NamedTuple):
    """The data of one channel, or a part of it.

    Attributes
    ----------
    X : ndarray of shape (n_samples, n_features)
        Scaled features, without missing values.
    y : ndarray of shape (n_samples,)
        Target, in the units of the data.
    features : list of str
        Names of the columns of `X`.
    """

    X: np.ndarray
    y: np.ndarray
    features: list[str]

    def rows(self, positions: np.ndarray) -> Dataset:
        """Return some of the rows."""
        return Dataset(self.X[positions], self.y[positions], self.features)


class Fit(NamedTuple):
    """A model to fit.

    Attributes
    ----------
    train : Dataset
        What to fit it to.
    measured : dict of str to Dataset
        What to measure it on, by the prefix of the metrics' names.
    """

    train: Dataset
    measured: dict[str, Dataset]


def training_parser(description: str | None) -> ArgumentParser:
    """Return a parser of the arguments that every training script has."""
    environment = os.environ.get
    inputs = "/opt/ml/input/data"
    parser = ArgumentParser(description=description)
    parser.add_argument("--random-state", type=whole_number(0), default=42)
    parser.add_argument(
        "--folds",
        type=_fold_count,
        default=0,
        help="folds of the cross-validation within the training data; 0: none",
    )
    parser.add_argument(
        "--importance-repeats",
        type=whole_number(0),
        default=0,
        help="how often to shuffle each feature to measure its importance; 0: not at all",
    )
    parser.add_argument("--target", default="target", help="name of the target column")
    parser.add_argument(
        "--model-dir", type=Path, default=environment("SM_MODEL_DIR", "/opt/ml/model")
    )
    parser.add_argument(
        "--train", type=Path, default=environment("SM_CHANNEL_TRAIN", f"{inputs}/train")
    )
    parser.add_argument(
        "--test", type=Path, default=environment("SM_CHANNEL_TEST", f"{inputs}/test")
    )
    parser.add_argument(
        "--code",
        type=Path,
        default=environment("SM_CHANNEL_CODE", str(Path(__file__).parent)),
        help="folder with the inference code, as one tar.gz or as files; default: the script's own",
    )
    parser.add_argument(
        "--output-data-dir",
        type=Path,
        default=environment("SM_OUTPUT_DATA_DIR", "/opt/ml/output/data"),
    )
    return parser


def load(train: Path, test: Path, target: str) -> tuple[Dataset, Dataset]:
    """Load the output of preprocessing.

    Parameters
    ----------
    train, test : Path
        Folders of train_processed.csv and test_processed.csv.
    target : str
        Name of the target column.

    Returns
    -------
    Dataset, Dataset
        The train and the test data, with their features in the same order.

    Raises
    ------
    JobError
        If a file is missing or contains a value that is not a finite number, or the files have
        different columns.
    """
    tables = [
        CsvTable(require_file(train, "train_processed.csv"), target),
        CsvTable(require_file(test, "test_processed.csv"), target),
    ]
    require_same_columns(*tables)
    features = tables[0].features
    return _read(tables[0], features), _read(tables[1], features)


def check_scaler(scaler: Path, features: list[str]) -> None:
    """Raise a `JobError` unless the scaler can be loaded and was fitted to these features."""
    try:
        n_scaled = joblib.load(scaler).n_features_in_
    # A pickle of another release, or a file that is not a pickle, may raise anything.
    except Exception as error:
        raise JobError(
            f"{scaler}: must be readable with scikit-learn {sklearn.__version__}: {error}: run "
            "preprocessing and training in the same container image"
        ) from error
    if n_scaled != len(features):
        raise JobError(
            f"{scaler}: must be fitted to {len(features)} features, as the training data, got "
            f"{n_scaled}: use both from the same preprocessing run"
        )


def planned_fits(train: Dataset, test: Dataset, folds: int, random_state: int) -> list[Fit]:
    """Return what to fit: the model, then one model for each fold of a cross-validation.

    Parameters
    ----------
    train, test : Dataset
        The data of the channels; the folds are parts of the training data.
    folds : int
        0 for no cross-validation.
    random_state : int
        Seed of the division into folds.

    Raises
    ------
    JobError
        If there are too few rows for R² of the test data, or of a fold.
    """
    for name, data in (("train", train), ("test", test)):
        if len(data.y) < 2:
            raise JobError(f"the {name} data must have two or more rows for R², got {len(data.y)}")
    whole = Fit(train, {"train": train, "test": test})
    if not folds:
        return [whole]
    if len(train.y) < 2 * folds:
        raise JobError(
            f"the train data must have {2 * folds} or more rows for R² of {folds} folds, got "
            f"{len(train.y)}"
        )
    divided = KFold(folds, shuffle=True, random_state=random_state).split(train.X)
    return [whole, *(Fit(train.rows(rest), {"cv": train.rows(fold)}) for rest, fold in divided)]


def _fold_count(text: str) -> int:
    folds = whole_number(0)(text)
    if folds == 1:
        raise ArgumentTypeError("must be 0, or a whole number of 2 or more, got '1'")
    return folds


def _read(table: CsvTable, features: list[str]) -> Dataset:
    chunks = list(table.chunks(features, CHUNK_ROWS))
    X = np.concatenate([X for X, _ in chunks])
    if np.isnan(X).any():
        column = features[int(np.isnan(X).any(axis=0).argmax())]
        raise JobError(
            f"{table.path}: column '{column}': must not have missing values: run preprocessing.py "
            "first"
        )
    return Dataset(X, np.concatenate([y for _, y in chunks]), features)
