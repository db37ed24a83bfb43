"""Compare a new model with the one in service; SageMaker runs this as a processing job.

Both predict the same held-out rows, each with the code of its own artifact. The rows must be held
out for both: split the data the same way each time. The models must predict a number; they are
compared by R², RMSE or MAE.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, NamedTuple

import numpy as np

from comparison_report import report_page, verdict
from comparison_statistics import (
    METRICS,
    metrics,
    model_quality,
    paired_bootstrap,
    slice_errors,
    slice_rows,
)
from held_out import HeldOut, load
from job import (
    ArgumentParser,
    JobError,
    exit_message,
    run,
    whole_number,
    written_aside,
)
from model_predictions import ModelArtifact

# How many predictions to spend on the importances of all features together.
IMPORTANCE_ROWS = 50_000
DEFAULT_SLICES = 2

# The values of "status" in comparison.json, which the gate reads.
COMPARED, FIRST_RELEASE, NOT_COMPARABLE = "compared", "first-release", "not-comparable"


class Evaluation(NamedTuple):
    """One model's predictions and their quality.

    Attributes
    ----------
    predictions : ndarray of shape (n_rows,)
        One prediction per held-out row, in the unit of the target.
    metrics : dict of str to float
        ``test_r2``, ``test_rmse`` and ``test_mae``.
    importances : dict of str to float
        For each feature that the model uses, how much worse the metric gets without it.
    """

    predictions: np.ndarray
    metrics: dict[str, float]
    importances: dict[str, float]


def evaluate(model: ModelArtifact, data: HeldOut, metric: str, seed: int) -> Evaluation:
    """Measure a model and the importance of each feature.

    The importance of a feature is how much worse the metric gets when its values are shuffled,
    which requires only predictions. The rows and their order are the same for every model.

    Parameters
    ----------
    model : ModelArtifact
        The unpacked model.
    data : HeldOut
        The rows to predict.
    metric : str
        The metric for the importances, a key of `HIGHER_IS_BETTER`.
    seed : int
        Seed of the shuffling.

    Returns
    -------
    Evaluation

    Raises
    ------
    JobError
        If the model cannot predict these rows as finite numbers.
    """
    features = model.features(data.features)
    order = [data.features.index(name) for name in features]
    rng = np.random.default_rng(seed)
    n_rows = len(data.y)
    size = min(n_rows, max(IMPORTANCE_ROWS // len(data.features), 100))
    sample = rng.choice(n_rows, size, replace=False)
    shuffled = {name: rng.permutation(size) for name in data.features}

    blocks = [data.X[:, order]]
    for position, name in enumerate(features):
        block = data.X[sample][:, order]
        block[:, position] = block[shuffled[name], position]
        blocks.append(block)
    predicted = model.predict(np.concatenate(blocks))

    predictions = predicted[:n_rows]
    with np.errstate(over="ignore"):
        measured = metrics(data.y, predictions)
        for name, value in measured.items():
            if not np.isfinite(value):
                raise JobError(
                    f"{model.path}: {name} must be finite, got {value}: the target does not vary "
                    "in the held-out rows, or a value is too large"
                )
        intact = metrics(data.y[sample], predictions[sample])[metric]
        without = [
            metrics(data.y[sample], part)[metric]
            for part in np.split(predicted[n_rows:], len(features))
        ]
    sign = 1 if METRICS[metric].better == "greater" else -1
    importances = {
        name: float(np.nan_to_num(sign * (intact - value)))
        for name, value in zip(features, without)
    }
    return Evaluation(predictions, measured, importances)


def compare(
    challenger: Evaluation,
    champion: Evaluation | None,
    reason: str | None,
    data: HeldOut,
    options: argparse.Namespace,
) -> dict[str, Any]:
    """Return two evaluations side by side, as the content of comparison.json.

    Parameters
    ----------
    challenger : Evaluation
        Evaluation of the new model.
    champion : Evaluation, optional
        Evaluation of the model in service.
    reason : str, optional
        Why a champion has no evaluation; None if there is no champion.
    data : HeldOut
        The rows that both predicted.
    options : Namespace
        ``metric``, ``confidence``, ``resamples``, ``seed``, ``slices`` and ``target``.

    Raises
    ------
    JobError
        If a slice names no feature, or the difference is not defined.
    """
    models = {"challenger": challenger, "champion": champion}
    status = NOT_COMPARABLE if reason else FIRST_RELEASE
    return {
        "status": COMPARED if champion else status,
        "reason": None if champion else reason or "this is the first release, there is no champion",
        "metric": options.metric,
        "rows": len(data.y),
        **{name: model and {"metrics": model.metrics} for name, model in models.items()},
        "difference": champion and _difference(challenger, champion, data, options),
        "slices": [
            {
                "name": label,
                "rows": int(rows.sum()),
                **{
                    name: model and slice_errors(data.y, model.predictions, rows)
                    for name, model in models.items()
                },
            }
            for name, values in _slice_columns(challenger, data, options)
            for label, rows in slice_rows(name, values)
        ],
        "featureImportances": [
            {
                "name": feature,
                **{
                    name: model and model.importances.get(feature) for name, model in models.items()
                },
            }
            for feature in sorted(
                data.features, key=lambda name: -challenger.importances.get(name, -np.inf)
            )
        ],
    }


def _difference(
    challenger: Evaluation, champion: Evaluation, data: HeldOut, options: argparse.Namespace
) -> dict[str, Any]:
    settings = {key: getattr(options, key) for key in ("metric", "confidence", "resamples")}
    try:
        found = paired_bootstrap(
            *(data.y, challenger.predictions, champion.predictions), **settings, seed=options.seed
        )
    except ValueError as error:
        raise JobError(f"the held-out data: {error}") from error
    return {**settings, "better": METRICS[options.metric].better, **found._asdict()}


def evaluate_champion(
    folder: Path, data: HeldOut, options: argparse.Namespace
) -> tuple[Evaluation | None, str | None]:
    """Evaluate the model in service, if possible.

    A broken champion must not prevent the evaluation of its successor.

    Returns
    -------
    Evaluation or None
        None without a champion, or if it could not be evaluated.
    str or None
        Why it could not be evaluated.
    """
    if not folder.is_dir() or not any(folder.iterdir()):
        return None, None
    try:
        return evaluate_artifact(folder, data, options), None
    except JobError as error:
        return None, f"the champion could not be evaluated: {error}"


def evaluate_artifact(folder: Path, data: HeldOut, options: argparse.Namespace) -> Evaluation:
    """Evaluate the model.tar.gz in a folder, and remove the unpacked files.

    Raises
    ------
    JobError
        If the artifact is invalid, or the model cannot predict the rows.
    """
    with TemporaryDirectory(prefix="model-") as work:
        model = ModelArtifact(folder, Path(work), options.program, options.timeout_seconds)
        return evaluate(model, data, options.metric, options.seed)


def write(
    output: Path,
    comparison: dict[str, Any],
    quality: dict[str, Any],
    page: str,
) -> None:
    """Write comparison.json, model-quality.json and report.html: all of them or none."""
    with written_aside(output) as aside:
        for name, content in (("comparison", comparison), ("model-quality", quality)):
            text = json.dumps(content, indent=2, allow_nan=False)
            (aside / f"{name}.json").write_text(text, encoding="utf-8")
        (aside / "report.html").write_text(page, encoding="utf-8")


def _slice_columns(
    challenger: Evaluation, data: HeldOut, options: argparse.Namespace
) -> list[tuple[str, np.ndarray]]:
    ranked = sorted(challenger.importances, key=lambda name: -challenger.importances[name])
    names: Sequence[str] = options.slices or ranked[:DEFAULT_SLICES]
    unknown = [name for name in names if name not in data.features]
    if unknown:
        raise JobError(
            f"--slice: must be one of {', '.join(data.features)}, got {', '.join(unknown)}"
        )
    columns = [(name, data.X[:, data.features.index(name)]) for name in names]
    return [(options.target, data.y), *columns]


def _metric(text: str) -> str:
    if text not in METRICS:
        raise argparse.ArgumentTypeError(
            f"must be one of {', '.join(sorted(METRICS))}, got '{text}': this script compares "
            "models that predict numbers. For others, write a comparison script of your own: "
            "docs/own-workflow.md has its inputs and outputs"
        )
    return text


def _confidence(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = 0.0
    if not 0.5 <= value < 1:
        raise argparse.ArgumentTypeError(f"must be at least 0.5 and below 1, got '{text}'")
    return value


def _parser() -> ArgumentParser:
    parser = ArgumentParser(description=__doc__)
    inputs = "/opt/ml/processing/input"
    parser.add_argument(
        "--challenger", type=Path, default=f"{inputs}/challenger", help="folder of the model.tar.gz"
    )
    parser.add_argument(
        "--champion",
        type=Path,
        default=f"{inputs}/champion",
        help="folder of the model.tar.gz in service; absent or empty on the first release",
    )
    parser.add_argument(
        "--test-data",
        type=Path,
        default=f"{inputs}/holdout",
        help="folder of the raw held-out rows, test.csv",
    )
    parser.add_argument("--output", type=Path, default="/opt/ml/processing/output")
    parser.add_argument("--target", default="target", help="name of the target column")
    parser.add_argument(
        "--metric",
        type=_metric,
        default="test_r2",
        help="metric to compare",
    )
    parser.add_argument("--confidence", type=_confidence, default=0.95)
    parser.add_argument("--resamples", type=whole_number(100), default=1000)
    parser.add_argument("--seed", type=whole_number(0), default=42)
    parser.add_argument(
        "--slice",
        dest="slices",
        action="append",
        metavar="FEATURE",
        help="feature whose quartiles to report errors by, in addition to the target's; "
        "repeatable; default: the two most important features of the challenger",
    )
    parser.add_argument(
        "--program", default="inference.py", help="inference script in the models' code"
    )
    parser.add_argument(
        "--timeout-seconds",
        type=whole_number(1),
        default=1800,
        help="timeout for all predictions of one model",
    )
    return parser


def main() -> None:
    """Parse the arguments and run."""
    options = _parser().parse_args()
    data = load(options.test_data, options.target)
    challenger = evaluate_artifact(options.challenger, data, options)
    champion, reason = evaluate_champion(options.champion, data, options)
    comparison = compare(challenger, champion, reason, data, options)
    quality = model_quality(data.y, challenger.predictions, options.seed)
    evaluations = {"challenger": challenger, **({"champion": champion} if champion else {})}
    residuals = {name: model.predictions - data.y for name, model in evaluations.items()}
    write(options.output, comparison, quality, report_page(comparison, residuals, options.target))
    for name, model in evaluations.items():
        for metric, value in model.metrics.items():
            print(f"{name} {metric}: {value}")
    print(verdict(comparison))


if __name__ == "__main__":
    sys.exit(run(main, exit_message()))
