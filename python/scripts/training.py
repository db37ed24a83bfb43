"""Train a random forest and measure it; SageMaker runs this as the training job.

The model artifact contains everything for serving: model, scaler, feature names, and the inference
code.
"""

from __future__ import annotations

import json
import os
import shutil
import sys
from pathlib import Path
from typing import NamedTuple

import joblib
import numpy as np
import sklearn
from sklearn.ensemble import RandomForestRegressor
from sklearn.metrics import mean_absolute_error, mean_squared_error, r2_score

from archive import unpack
from csv_table import CsvTable, require_same_columns
from job import ArgumentParser, JobError, require_file, run, whole_number

CHUNK_ROWS = 50_000


class Dataset(NamedTuple):
    """The data of one channel.

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


def fit(
    train: Dataset, n_estimators: int, max_depth: int, min_samples_split: int, random_state: int
) -> RandomForestRegressor:
    """Fit a random forest with all cores; the fitted forest predicts with one.

    Parameters
    ----------
    train : Dataset
        The training data, with ``X`` of shape (n_samples, n_features).
    n_estimators, max_depth, min_samples_split, random_state : int
        Hyperparameters, as of `RandomForestRegressor`.

    Returns
    -------
    RandomForestRegressor
        Fitted; its ``predict`` takes scaled features.
    """
    model = RandomForestRegressor(
        n_estimators=n_estimators,
        max_depth=max_depth,
        min_samples_split=min_samples_split,
        random_state=random_state,
        n_jobs=-1,
    )
    model.fit(train.X, train.y)
    # Starting threads costs more than the prediction of a single row.
    model.n_jobs = 1
    return model


def evaluate(model: RandomForestRegressor, train: Dataset, test: Dataset) -> dict[str, float]:
    """Measure the model on both data sets.

    Returns
    -------
    dict of str to float
        ``rmse`` and ``mae`` in units of the target and ``r2``, each for train and test; the
        number of features and of training samples.

    Raises
    ------
    JobError
        If a metric is not a finite number, such as R² of a single row.
    """
    metrics: dict[str, float] = {}
    for name, data in (("train", train), ("test", test)):
        if len(data.y) < 2:
            raise JobError(f"the {name} data must have two or more rows for R², got {len(data.y)}")
        predictions = model.predict(data.X)
        metrics[f"{name}_rmse"] = float(np.sqrt(mean_squared_error(data.y, predictions)))
        metrics[f"{name}_r2"] = float(r2_score(data.y, predictions))
        metrics[f"{name}_mae"] = float(mean_absolute_error(data.y, predictions))
    for name, value in metrics.items():
        if not np.isfinite(value):
            raise JobError(f"{name} must be finite, got {value}: the target's values are too large")
    return {**metrics, "feature_count": len(train.features), "training_samples": len(train.y)}


def save(
    model: RandomForestRegressor, features: list[str], scaler: Path, code: Path, model_dir: Path
) -> None:
    """Write the model artifact.

    Parameters
    ----------
    model : RandomForestRegressor
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


def main() -> None:
    """Parse the arguments and run."""
    environment = os.environ.get
    parser = ArgumentParser(description=__doc__)
    parser.add_argument("--n-estimators", type=whole_number(1), default=100)
    parser.add_argument("--max-depth", type=whole_number(1), default=10)
    parser.add_argument("--min-samples-split", type=whole_number(2), default=5)
    parser.add_argument("--random-state", type=whole_number(0), default=42)
    parser.add_argument("--target", default="target", help="name of the target column")
    parser.add_argument(
        "--model-dir", type=Path, default=environment("SM_MODEL_DIR", "/opt/ml/model")
    )
    inputs = "/opt/ml/input/data"
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
    args = parser.parse_args()

    train, test = load(args.train, args.test, args.target)
    scaler = require_file(args.train, "scaler.pkl")
    check_scaler(scaler, train.features)
    model = fit(train, args.n_estimators, args.max_depth, args.min_samples_split, args.random_state)
    metrics = evaluate(model, train, test)
    save(model, train.features, scaler, args.code, args.model_dir)
    args.output_data_dir.mkdir(parents=True, exist_ok=True)
    evaluation = json.dumps(metrics, indent=2)
    (args.output_data_dir / "evaluation.json").write_text(evaluation, encoding="utf-8")
    # SageMaker reads the metrics from these lines, using the job's MetricDefinitions.
    for name, value in metrics.items():
        print(f"{name}: {value}")


if __name__ == "__main__":
    sys.exit(run(main, failure_file()))
