"""Train a random forest and measure it; SageMaker runs this as the training job.

The model artifact contains everything for serving: model, scaler, feature names, and the inference
code.
"""

from __future__ import annotations

import sys

from sklearn.ensemble import RandomForestRegressor

from job import run, whole_number
from training_input import Dataset, training_parser
from training_job import failure_file, train


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


def main() -> None:
    """Parse the arguments and run."""
    parser = training_parser(__doc__)
    parser.add_argument("--n-estimators", type=whole_number(1), default=100)
    parser.add_argument("--max-depth", type=whole_number(1), default=10)
    parser.add_argument("--min-samples-split", type=whole_number(2), default=5)
    args = parser.parse_args()
    hyperparameters = (args.n_estimators, args.max_depth, args.min_samples_split)
    train(
        args, lambda fits: [fit(each.train, *hyperparameters, args.random_state) for each in fits]
    )


if __name__ == "__main__":
    sys.exit(run(main, failure_file()))
