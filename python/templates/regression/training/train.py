"""Trains a regression: the last column of the data is the target, all others are features."""

import argparse
import json
import os
import tarfile
from pathlib import Path

import joblib
import pandas as pd
from sklearn.compose import make_column_selector, make_column_transformer
from sklearn.linear_model import Ridge
from sklearn.metrics import mean_squared_error, r2_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler


def table(channel):
    """Return the features and the targets of a channel."""
    data = pd.read_csv(Path(os.environ[f"SM_CHANNEL_{channel}"]) / "data.csv")
    return data.iloc[:, :-1], data.iloc[:, -1]


parser = argparse.ArgumentParser()
parser.add_argument("--regularization", type=float, default=1.0)
arguments = parser.parse_args()

# What is fitted on the data is a part of the model: the endpoint gets raw features.
model = make_pipeline(
    make_column_transformer(
        (StandardScaler(), make_column_selector(dtype_include="number")),
        (OneHotEncoder(handle_unknown="ignore"), make_column_selector(dtype_exclude="number")),
    ),
    Ridge(alpha=arguments.regularization),
)
model.fit(*table("TRAIN"))

features, targets = table("TEST")
predicted = model.predict(features)
metrics = {
    "rmse": float(mean_squared_error(targets, predicted) ** 0.5),
    "r2": float(r2_score(targets, predicted)),
}
for name, value in metrics.items():
    print(f"{name}: {value:.4f}")
evaluation = Path(os.environ["SM_OUTPUT_DATA_DIR"]) / "evaluation.json"
evaluation.write_text(json.dumps(metrics))

model_dir = Path(os.environ["SM_MODEL_DIR"])
joblib.dump(model, model_dir / "model.joblib")
# The model is always served by the code that it was trained with.
for bundle in Path(os.environ["SM_CHANNEL_CODE"]).glob("*.tar.gz"):
    with tarfile.open(bundle) as archive:
        archive.extractall(model_dir / "code")
