"""The scripts, run as SageMaker runs them; `npm run test:config` runs this, too."""

import json
import os
import runpy
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest

HERE = Path(__file__).parent


@pytest.fixture(scope="module")
def model_dir(tmp_path_factory):
    """Return the folder of a model, trained on the example data."""
    data, model, output, code = (tmp_path_factory.mktemp(name) for name in "dmoc")
    prepare, train = HERE / "processing" / "prepare.py", HERE / "training" / "train.py"
    run(prepare, "--input-data", HERE / "data", "--output-data", data)
    assert (data / "holdout" / "test.csv").exists()
    channels = {
        "SM_CHANNEL_TRAIN": data / "train",
        "SM_CHANNEL_TEST": data / "test",
        "SM_CHANNEL_CODE": code,
        "SM_MODEL_DIR": model,
        "SM_OUTPUT_DATA_DIR": output,
    }
    run(train, **channels)
    assert (output / "evaluation.json").exists()
    return model


def run(script, *arguments, **variables):
    """Run a script in a process of its own."""
    environment = {**os.environ, **{name: str(value) for name, value in variables.items()}}
    subprocess.run([sys.executable, script, *arguments], env=environment, check=True)


@pytest.mark.parametrize("content_type", ["application/json", "text/csv"])
def test_the_model_predicts_a_value_for_each_instance(model_dir, content_type):
    serve = SimpleNamespace(**runpy.run_path(str(HERE / "inference" / "serve.py")))
    rows = json.loads((HERE / "instances.json").read_text())
    bodies = {
        "application/json": json.dumps({"instances": rows}),
        "text/csv": "".join(",".join(map(str, row)) + "\n" for row in rows),
    }

    instances = serve.input_fn(bodies[content_type], content_type)
    predictions = serve.predict_fn(instances, serve.model_fn(model_dir))
    answer, answered_type = serve.output_fn(predictions, content_type)

    assert len(predictions) == len(rows)
    assert answered_type == content_type
    assert all(str(prediction) in answer for prediction in predictions)
