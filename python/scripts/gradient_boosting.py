"""Train histogram gradient boosting and measure it; SageMaker runs this as the training job.

The log has the metrics after each iteration. After every few, a checkpoint is written: an
interrupted job continues there, with the same result as if it had not been interrupted.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Sequence
from itertools import islice
from pathlib import Path

from sklearn.ensemble import HistGradientBoostingRegressor

from checkpoints import Checkpoint, Checkpoints
from job import number, run, whole_number
from training_input import Fit, training_parser
from training_job import evaluate, failure_file, train


def boost(
    fits: Sequence[Fit],
    new_model: Callable[[], HistGradientBoostingRegressor],
    checkpoint_dir: Path,
    checkpoint_iterations: int,
) -> list[HistGradientBoostingRegressor]:
    """Fit one model for each of `fits`, iteration by iteration side by side.

    So the metrics of the cross-validation are known after each iteration, too.

    Parameters
    ----------
    fits : sequence of Fit
    new_model : callable
        Returns a model with the hyperparameters, not fitted.
    checkpoint_dir : Path
        The folder of the checkpoints; without it, there are none.
    checkpoint_iterations : int
        How many iterations between two checkpoints; the result does not depend on it.

    Returns
    -------
    list of HistGradientBoostingRegressor
        Fitted, in the order of `fits`.
    """
    models = [new_model() for _ in fits]
    iterations = models[0].max_iter
    hyperparameters = {**models[0].get_params(), "folds": len(fits) - 1}
    data = fits[0].train
    checkpoints = Checkpoints(checkpoint_dir, hyperparameters, (data.X, data.y))
    done = 0
    found = checkpoints.newest()
    if found is not None:
        done, models = found
        print(f"continues after iteration {done} of {iterations}, from a checkpoint")
    while done < iterations:
        before, done = done, min(done + checkpoint_iterations, iterations)
        for model, fit in zip(models, fits):
            model.set_params(max_iter=done, warm_start=True)
            model.fit(fit.train.X, fit.train.y)
        for iteration, metrics in enumerate(metrics_since(before, models, fits), before + 1):
            values = ", ".join(f"{name}: {value:.6g}" for name, value in metrics.items())
            print(f"iteration {iteration} of {iterations}: {values}", flush=True)
        checkpoints.write(Checkpoint(done, models))
    for model in models:
        model.set_params(warm_start=False)
    return models


def metrics_since(
    iteration: int, models: Sequence[HistGradientBoostingRegressor], fits: Sequence[Fit]
) -> Iterator[dict[str, float]]:
    """Yield the metrics after each iteration that follows `iteration`."""
    measured = [
        (prefix, data, model)
        for model, fit in zip(models, fits)
        for prefix, data in fit.measured.items()
    ]
    stages = [islice(model.staged_predict(data.X), iteration, None) for _, data, model in measured]
    for predictions in zip(*stages):
        yield evaluate(
            (prefix, data, predicted) for (prefix, data, _), predicted in zip(measured, predictions)
        )


def main() -> None:
    """Parse the arguments and run."""
    parser = training_parser(__doc__)
    parser.set_defaults(importance_repeats=5)
    parser.add_argument("--max-iter", type=whole_number(1), default=100)
    parser.add_argument("--learning-rate", type=number(0, exclusive=True), default=0.1)
    parser.add_argument("--max-leaf-nodes", type=whole_number(2), default=31)
    parser.add_argument("--min-samples-leaf", type=whole_number(1), default=20)
    parser.add_argument("--l2-regularization", type=number(0), default=0.0)
    parser.add_argument("--checkpoint-dir", type=Path, default="/opt/ml/checkpoints")
    parser.add_argument(
        "--checkpoint-iterations",
        type=whole_number(1),
        default=10,
        help="a checkpoint is written after so many iterations",
    )
    args = parser.parse_args()

    def new_model() -> HistGradientBoostingRegressor:
        return HistGradientBoostingRegressor(
            max_iter=args.max_iter,
            learning_rate=args.learning_rate,
            max_leaf_nodes=args.max_leaf_nodes,
            min_samples_leaf=args.min_samples_leaf,
            l2_regularization=args.l2_regularization,
            # The number of iterations is a hyperparameter to tune, the same for every fold.
            early_stopping=False,  # pyright: ignore[reportArgumentType]
            random_state=args.random_state,
        )

    train(
        args,
        lambda fits: boost(fits, new_model, args.checkpoint_dir, args.checkpoint_iterations),
    )


if __name__ == "__main__":
    sys.exit(run(main, failure_file()))
