"""Serves the model: `{"instances": [[…], …]}` or lines of CSV in, as many predictions out.

An instance has the columns of the raw data without the target, in their order.
"""

import io
import json
from pathlib import Path

import joblib
import pandas as pd


def model_fn(model_dir):
    """Load the model."""
    return joblib.load(Path(model_dir) / "model.joblib")


def input_fn(body, content_type):
    """Read the instances of a request as a table."""
    if content_type == "text/csv":
        return pd.read_csv(io.StringIO(body), header=None)
    return pd.DataFrame(json.loads(body)["instances"])


def predict_fn(instances, model):
    """Predict a value for each instance."""
    names = list(model.feature_names_in_)
    if instances.shape[1] != len(names):
        raise ValueError(
            f"an instance must have the {len(names)} columns {', '.join(names)}, "
            f"got {instances.shape[1]}"
        )
    return model.predict(instances.set_axis(names, axis=1)).tolist()


def output_fn(predictions, accept):
    """Write the predictions as the request accepts them."""
    if accept == "text/csv":
        return "".join(f"{value}\n" for value in predictions), accept
    return json.dumps({"predictions": predictions}), "application/json"
