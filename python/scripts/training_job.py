"""What every training script does: fit models, measure them, and write the model artifact.

A script fits models in the function that it gives to `train`.
"""

from __future__ import annotations

import json
import os
import shutil
from argparse import Namespace
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any, Protocol

import joblib
import numpy as np
from sklearn.inspection import permutation_importance
from sklearn.metrics import mean_absolute_error, mean_squared_error, r2_score

from archive import unpack
from baseline import FEATURES_FILE, read_features, with_predictions, write_baseline
from job import JobError, require_file
from training_input import Dataset, Fit, check_scaler, load, planned_fits

# How many predictions to spend on the importances of all features together.
IMPORTANCE_ROWS = 200_000


class Regressor(Protocol):
    """A fitted model."""

    def predict(self, X: np.ndarray) -> np.ndarray:
        """Return one number for each row of scaled features."""
        ...


def train(args: Namespace, fit: Callable[[list[Fit]], Sequence[Regressor]]) -> None:
    """Do the training job: fit models, measure them, write the artifact and evaluation.json.

    Parameters
    ----------
    args : Namespace
        The arguments of `training_input.training_parser`.
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
    predicted = [
        (prefix, data, model.predict(data.X))
        for model, fit in zip(models, fits)
        for prefix, data in fit.measured.items()
    ]
    measured = evaluate(predicted)
    metrics = {
        **measured,
        "feature_count": len(train_data.features),
        "training_samples": len(train_data.y),
    }
    importances = feature_importances(
        models[0], test_data, args.importance_repeats, args.random_state
    )
    save(models[0], train_data.features, scaler, args.code, args.model_dir)
    _save_baseline(
        args, next(found for _, data, found in predicted if data is test_data), test_data
    )
    args.output_data_dir.mkdir(parents=True, exist_ok=True)
    evaluation = json.dumps({**metrics, **importances}, indent=2)
    (args.output_data_dir / "evaluation.json").write_text(evaluation, encoding="utf-8")
    # SageMaker reads the metrics from these lines, using the job's MetricDefinitions. The name of a
    # feature could look like a metric, so the importances are in the file only.
    for name, value in metrics.items():
        print(f"{name}: {value}")


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


def _quality(y: np.ndarray, predictions: np.ndarray) -> dict[str, float]:
    return {
        "rmse": float(np.sqrt(mean_squared_error(y, predictions))),
        "r2": float(r2_score(y, predictions)),
        "mae": float(mean_absolute_error(y, predictions)),
    }


def _save_baseline(args: Namespace, predictions: np.ndarray, test: Dataset) -> None:
    features = read_features(args.train)
    if features is None:
        print(
            f"{args.train}: {FEATURES_FILE} does not exist, so the model has no baseline to "
            "monitor it with: preprocessing.py writes it"
        )
    elif [column.name for column in features] != test.features:
        raise JobError(
            f"{args.train / FEATURES_FILE}: must describe the features {test.features}, got "
            f"{[column.name for column in features]}: use both from the same preprocessing run"
        )
    else:
        write_baseline(args.model_dir, with_predictions(features, predictions, test.y))


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
