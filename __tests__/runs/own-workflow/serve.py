"""Someone's own serving: labels for points, under names of their own."""

import json
from pathlib import Path

import joblib


def model_fn(model_dir):
    return joblib.load(Path(model_dir) / "model.joblib")


def input_fn(body, content_type):
    return json.loads(body)["points"]


def predict_fn(data, model):
    return model.predict(data)


def output_fn(prediction, accept):
    return json.dumps({"labels": prediction.tolist()}), "application/json"
