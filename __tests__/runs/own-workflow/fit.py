"""Someone's own training: logistic regression on two features, the label last."""

import argparse
import json
import os
import tarfile
from pathlib import Path

import joblib
import numpy as np
from sklearn.linear_model import LogisticRegression


def points(channel):
    rows = np.loadtxt(Path(channel) / "points.csv", delimiter=",", dtype=str)
    return rows[:, :2].astype(float), rows[:, 2]


parser = argparse.ArgumentParser()
parser.add_argument("-C", type=float, default=1.0)  # SageMaker gives one letter one dash
arguments = parser.parse_args()

model = LogisticRegression(C=arguments.C).fit(*points(os.environ["SM_CHANNEL_TRAIN"]))
accuracy = model.score(*points(os.environ["SM_CHANNEL_TEST"]))
print(f"accuracy: {accuracy:.4f}")
model_dir = Path(os.environ["SM_MODEL_DIR"])
joblib.dump(model, model_dir / "model.joblib")
for bundle in Path(os.environ["SM_CHANNEL_CODE"]).glob("*.tar.gz"):
    with tarfile.open(bundle) as archive:
        archive.extractall(model_dir / "code")
evaluation = Path(os.environ["SM_OUTPUT_DATA_DIR"]) / "evaluation.json"
evaluation.write_text(json.dumps({"accuracy": accuracy}))
