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


def test_a_text_in_a_column_of_numbers_is_named(tmp_path):
    file = next((HERE / "data").glob("*.csv"))
    header, row, *rows = file.read_text().splitlines()
    cells = row.split(",")
    position = next(i for i, cell in enumerate(cells) if cell.replace(".", "").isdigit())
    cells[position] = "a few"
    (tmp_path / file.name).write_text("\n".join([header, ",".join(cells), *rows]))
    command = [sys.executable, HERE / "processing" / "prepare.py"]
    command += ["--input-data", tmp_path, "--output-data", tmp_path / "output"]
    refused = subprocess.run(command, capture_output=True, text=True, check=False)
    assert refused.returncode != 0
    assert f"{header.split(',')[position]} is a column of numbers" in refused.stderr


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


def test_an_instance_with_another_number_of_columns_is_refused(model_dir):
    serve = SimpleNamespace(**runpy.run_path(str(HERE / "inference" / "serve.py")))
    instances = serve.input_fn('{"instances": [[1]]}', "application/json")
    with pytest.raises(ValueError, match=r"an instance must have the .* columns .*, got 1"):
        serve.predict_fn(instances, serve.model_fn(model_dir))
