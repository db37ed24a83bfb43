"""What every training script shares: arguments, data, metrics and the model artifact.

A script adds its hyperparameters to `training_parser`, and fits models in the function that it
gives to `train`.
"""

from __future__ import annotations

import json
import os
import shutil
from argparse import ArgumentTypeError, Namespace
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any, NamedTuple, Protocol

import joblib
import numpy as np
import sklearn
from sklearn.inspection import permutation_importance
from sklearn.metrics import mean_absolute_error, mean_squared_error, r2_score
from sklearn.model_selection import KFold

from archive import unpack
from csv_table import CsvTable, require_same_columns
from job import ArgumentParser, JobError, require_file, whole_number

CHUNK_ROWS = 50_000
# How many predictions to spend on the importances of all features together.
IMPORTANCE_ROWS = 200_000


class Regressor(Protocol):
    """A fitted model."""

    def predict(self, X: np.ndarray) -> np.ndarray:
        """Return one number for each row of scaled features."""
        ...


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


def train(args: Namespace, fit: Callable[[list[Fit]], Sequence[Regressor]]) -> None:
    """Do the training job: fit models, measure them, write the artifact and evaluation.json.

    Parameters
    ----------
    args : Namespace
        The arguments of `training_parser`.
    fit : callable
        Gets what to fit, and returns the fitted models in the same order. The first is the model of
        the artifact; the others are those of the cross-validation.

    Raises
    ------
    JobError
        If the data, the scaler or the inference code is missing or invalid.
    """
    train_data, test_data = load(args.train, args.test, args.target)
    scaler = require_file(args.train, "scaler.pkl")
    check_scaler(scaler, train_data.features)
    fits = planned_fits(train_data, test_data, args.folds, args.random_state)
    models = fit(fits)
    measured = evaluate(
        (prefix, data, model.predict(data.X))
        for model, fit in zip(models, fits)
        for prefix, data in fit.measured.items()
    )
    metrics = {
        **measured,
        "feature_count": len(train_data.features),
        "training_samples": len(train_data.y),
    }
    importances = feature_importances(
        models[0], test_data, args.importance_repeats, args.random_state
    )
    save(models[0], train_data.features, scaler, args.code, args.model_dir)
    args.output_data_dir.mkdir(parents=True, exist_ok=True)
    evaluation = json.dumps({**metrics, **importances}, indent=2)
    (args.output_data_dir / "evaluation.json").write_text(evaluation, encoding="utf-8")
    # SageMaker reads the metrics from these lines, using the job's MetricDefinitions. The name of a
    # feature could look like a metric, so the importances are in the file only.
    for name, value in metrics.items():
        print(f"{name}: {value}")


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


def evaluate(predictions: Iterable[tuple[str, Dataset, np.ndarray]]) -> dict[str, float]:
    """Measure predictions.

    Parameters
    ----------
    predictions : iterable of (str, Dataset, ndarray)
        Predictions for the rows of some data, with the prefix of the metrics' names.

    Returns
    -------
    dict of str to float
        ``rmse`` and ``mae`` in units of the target and ``r2``, each with its prefix: ``train`` and
        ``test`` of the model, and ``cv``, the mean over the folds, if there are any.

    Raises
    ------
    JobError
        If a metric is not a finite number.
    """
    values: defaultdict[str, list[float]] = defaultdict(list)
    for prefix, data, predicted in predictions:
        for metric, value in _quality(data.y, predicted).items():
            values[f"{prefix}_{metric}"].append(value)
    metrics = {name: float(np.mean(found)) for name, found in values.items()}
    for name, value in metrics.items():
        if not np.isfinite(value):
            raise JobError(f"{name} must be finite, got {value}: the target's values are too large")
    return metrics


def feature_importances(
    model: Regressor, test: Dataset, repeats: int, random_state: int
) -> dict[str, float]:
    """Return how much R² of the test data drops when the values of a feature are shuffled.

    Parameters
    ----------
    model : Regressor
        Fitted; any model that predicts has these importances.
    test : Dataset
        Of many rows, a random sample is used.
    repeats : int
        Shuffles of each feature, whose drops are averaged; 0 for no importances.
    random_state : int
        Seed of sample and shuffles.

    Returns
    -------
    dict of str to float
        Under ``importance_<feature>``, the largest first: reports show the first metrics of many.
    """
    if not repeats:
        return {}
    limit = max(IMPORTANCE_ROWS // (repeats * len(test.features)), 100)
    if len(test.y) > limit:
        chosen = np.random.default_rng(random_state).choice(len(test.y), limit, replace=False)
        test = test.rows(chosen)
    drops: Any = permutation_importance(
        model, test.X, test.y, scoring="r2", n_repeats=repeats, random_state=random_state
    )
    return {
        f"importance_{test.features[position]}": float(drops.importances_mean[position])
        for position in np.argsort(-drops.importances_mean, kind="stable")
    }


def save(model: Regressor, features: list[str], scaler: Path, code: Path, model_dir: Path) -> None:
    """Write the model artifact.

    Parameters
    ----------
    model : Regressor
        Fitted.
    features : list of str
        Names in the order of training.
    scaler : Path
        The scaler that preprocessing fitted.
    code : Path
        Folder with the inference code: one tar.gz, or plain files.
    model_dir : Path
        The folder that SageMaker packs into model.tar.gz.

    Raises
    ------
    JobError
        If the code is missing or invalid.
    """
    model_dir.mkdir(parents=True, exist_ok=True)
    _place_code(code, model_dir / "code")
    shutil.copyfile(scaler, model_dir / "scaler.pkl")
    joblib.dump(model, model_dir / "model.pkl")
    (model_dir / "feature_names.json").write_text(json.dumps(features), encoding="utf-8")


def failure_file() -> Path | None:
    """Return the file for the job's FailureReason; None outside a job."""
    output = Path(os.environ.get("SM_OUTPUT_DIR", "/opt/ml/output"))
    return output / "failure" if "SM_OUTPUT_DIR" in os.environ or output.is_dir() else None


def _fold_count(text: str) -> int:
    folds = whole_number(0)(text)
    if folds == 1:
        raise ArgumentTypeError("must be 0, or a whole number of 2 or more, got '1'")
    return folds


def _quality(y: np.ndarray, predictions: np.ndarray) -> dict[str, float]:
    return {
        "rmse": float(np.sqrt(mean_squared_error(y, predictions))),
        "r2": float(r2_score(y, predictions)),
        "mae": float(mean_absolute_error(y, predictions)),
    }


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


def _place_code(source: Path, target: Path) -> None:
    archives = sorted(source.glob("*.tar.gz"))
    if len(archives) > 1:
        names = ", ".join(archive.name for archive in archives)
        raise JobError(f"{source}: must contain one archive of inference code, got {names}")
    if archives:
        unpack(archives[0], target)
    elif source.is_dir():
        ignored = shutil.ignore_patterns("__pycache__", ".*")
        shutil.copytree(source, target, ignore=ignored, dirs_exist_ok=True)
    if not any(target.glob("*.py")):
        raise JobError(
            f"{archives[0] if archives else source}: must contain inference code (*.py) at its root"
        )
