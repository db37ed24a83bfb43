"""The smallest serving: one answer to everything."""

import json
from pathlib import Path


def model_fn(model_dir):
    model = json.loads((Path(model_dir) / "model.json").read_text())
    if model["broken"]:
        raise RuntimeError("this model cannot be loaded")
    return model


def transform_fn(model, body, content_type, accept):
    if model["failing"]:
        raise RuntimeError("this model answers nothing")
    return json.dumps({"predictions": [model["answer"]]}), "application/json"
