import io
import re
import tarfile
import zipfile
from pathlib import Path

import numpy as np
import pytest

from job import JobError
from model_predictions import ModelArtifact

ROWS = np.array([[1.0, 2.0], [3.0, np.nan]])

# Adds the known features and its own constant.
SERVE = """
import json

def model_fn(model_dir):
    return 10

def input_fn(body, content_type):
    assert content_type == "application/json" and isinstance(body, str)
    return json.loads(body)["instances"]

def predict_fn(rows, model):
    return [model + sum(value or 0 for value in row) for row in rows]

def output_fn(predictions, accept):
    return json.dumps({"predictions": predictions}), accept
"""


def pack(folder: Path, files: "dict[str, str | bytes]") -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    with tarfile.open(folder / "model.tar.gz", "w:gz") as tar:
        for name, content in files.items():
            data = content.encode() if isinstance(content, str) else content
            info = tarfile.TarInfo(name)
            info.size = len(data)
            tar.addfile(info, io.BytesIO(data))
    return folder


@pytest.fixture
def artifact(tmp_path: Path):
    """Unpack an artifact of these files."""

    def make(
        files: "dict[str, str | bytes]", name: str = "model", timeout: float = 60
    ) -> ModelArtifact:
        folder = pack(tmp_path / name, files)
        work = tmp_path / f"{name}-work"
        work.mkdir()
        return ModelArtifact(folder, work, "inference.py", timeout)

    return make


def serving(**functions: str) -> "dict[str, str | bytes]":
    """Return the files of `SERVE` with other bodies for some functions."""
    code = SERVE
    for name, body in functions.items():
        code += f"\ndef {name}(*arguments):\n    {body}\n"
    return {"code/inference.py": code}


def test_the_models_own_functions_predict(artifact):
    predictions = artifact({"./code/inference.py": SERVE}).predict(ROWS)

    assert predictions.tolist() == [13.0, 13.0]


def test_modules_of_the_same_name_do_not_conflict(artifact):
    # Each imports the `job` of its own code, not that of the comparison job.
    code = SERVE.replace("return 10", "import job; return job.CONSTANT")
    models = [
        artifact({"code/inference.py": code, "code/job.py": f"CONSTANT = {n}"}, f"model-{n}")
        for n in (20, 30)
    ]

    assert [model.predict(ROWS)[0] for model in models] == [23.0, 33.0]


def test_many_rows_go_in_several_requests(artifact):
    rows = np.arange(5_002.0).reshape(-1, 2)

    predictions = artifact(serving(predict_fn="return [row[0] for row in arguments[0]]"))

    assert predictions.predict(rows).tolist() == rows[:, 0].tolist()


def test_a_transform_fn_is_enough(artifact):
    code = """
import json
def model_fn(model_dir): return 2
def transform_fn(model, body, content_type, accept):
    return json.dumps([model * row[0] for row in json.loads(body)["instances"]])
"""

    assert artifact({"code/inference.py": code}).predict(ROWS).tolist() == [2.0, 6.0]


def test_the_images_defaults_need_no_function(artifact):
    code = """
import json
import numpy as np
class First:
    def predict(self, rows): return rows[:, 0]
def model_fn(model_dir): return First()
def input_fn(body, content_type): return np.array(json.loads(body)["instances"], dtype=float)
"""

    assert artifact({"code/inference.py": code}).predict(ROWS).tolist() == [1.0, 3.0]


def test_the_model_folder_is_passed_as_by_the_server(artifact):
    files = serving(model_fn="import os; return int(open(arguments[0] + '/constant').read())")

    assert artifact({**files, "constant": "7"}).predict(ROWS)[0] == 10.0


def test_the_artifact_names_the_features_and_their_order(artifact):
    model = artifact({**serving(), "feature_names.json": '["c", "a"]'})

    assert model.features(["a", "b", "c"]) == ["c", "a"]


def test_without_names_the_features_are_those_of_the_data(artifact):
    assert artifact(serving()).features(["a", "b"]) == ["a", "b"]


@pytest.mark.parametrize(
    ("names", "reason"),
    [
        ('["a", "rooms"]', "the held-out data must have the model's features rooms, got a, b"),
        ("{", "feature_names.json must be JSON"),
        ("[]", "feature_names.json must be a list of names"),
        ("[1]", "feature_names.json must be a list of names"),
    ],
)
def test_fails_when_the_features_do_not_fit(artifact, names: str, reason: str):
    model = artifact({**serving(), "feature_names.json": names})

    with pytest.raises(JobError, match=re.escape(reason)):
        model.features(["a", "b"])


@pytest.mark.parametrize(
    ("functions", "reason"),
    [
        ({"model_fn": "raise ValueError('an old pickle')"}, "ValueError: an old pickle"),
        ({"model_fn": "import no_such_module"}, "ModuleNotFoundError: No module named"),
        ({"input_fn": "return 1 / 0"}, "ZeroDivisionError"),
        ({"output_fn": "return '<html>'"}, "the model's response must be JSON"),
        ({"output_fn": "return None"}, "the model's response must be JSON"),
        ({"output_fn": "return '[1]'"}, "with one number per row, got [1]"),
        ({"output_fn": "return '{}'"}, "with one number per row, got null"),
        (
            {"output_fn": "return '[1, NaN]'"},
            "the model's predictions must be finite numbers, got NaN",
        ),
        (
            {"output_fn": "return '[1, [2]]'"},
            "the model's predictions must be finite numbers, got [2]",
        ),
        (
            {"output_fn": "import flask; return flask.Response('bad rows', 400)"},
            "the model refused the rows with status 400: bad rows",
        ),
        ({"predict_fn": "import sys; sys.exit(0)"}, "ended without predictions, with exit 0"),
        (
            {"predict_fn": "import os; os.kill(os.getpid(), 9)"},
            "ended without predictions, by signal 9",
        ),
    ],
)
def test_fails_for_a_fault_of_the_model(artifact, functions: "dict[str, str]", reason: str):
    model = artifact(serving(**functions))

    with pytest.raises(JobError, match=re.escape(reason)) as caught:
        model.predict(ROWS)

    assert str(caught.value).startswith(f"{model.path}: ")


@pytest.mark.parametrize(
    ("code", "reason"),
    [
        ("def model_fn(", "SyntaxError"),
        ("x = 1", "must have model_fn to load the model"),
        ("def model_fn(model_dir): pass", "must have input_fn or transform_fn"),
    ],
)
def test_fails_when_the_code_cannot_serve(artifact, code: str, reason: str):
    with pytest.raises(JobError, match=reason):
        artifact({"code/inference.py": code}).predict(ROWS)


def test_fails_when_the_model_takes_too_long(artifact):
    model = artifact(serving(model_fn="import time; time.sleep(60)"), timeout=1)

    with pytest.raises(JobError, match="predictions: timed out after 1 s"):
        model.predict(ROWS)


@pytest.mark.parametrize(
    ("files", "reason"),
    [
        ({}, r"code/inference.py: does not exist"),
        ({"inference.py": SERVE}, r"code/inference.py: does not exist"),
        ({"../out.py": "x"}, r"'\.\./out\.py' must be a plain file inside the archive"),
        ({"/tmp/out.py": "x"}, "'/tmp/out.py' must be a plain file inside the archive"),
    ],
)
def test_fails_when_the_archive_is_not_an_artifact(artifact, tmp_path: Path, files, reason: str):
    with pytest.raises(JobError, match=reason):
        artifact(files)

    assert not list(tmp_path.rglob("out.py"))


def test_fails_when_the_archive_is_missing_or_broken(tmp_path: Path, artifact):
    (tmp_path / "work").mkdir()
    with pytest.raises(JobError, match=r"model\.tar\.gz: does not exist"):
        ModelArtifact(tmp_path, tmp_path / "work", "inference.py", 60)

    pack(tmp_path / "cut", {"model.pkl": bytes(range(256)) * 4000, **serving()})
    archive = tmp_path / "cut" / "model.tar.gz"
    archive.write_bytes(archive.read_bytes()[:1500])
    with pytest.raises(JobError, match=r"model\.tar\.gz: must be a readable tar\.gz"):
        ModelArtifact(tmp_path / "cut", tmp_path / "work", "inference.py", 60)


def wheel() -> bytes:
    """A package `seven` with one constant."""
    about = "seven-1.0.dist-info"
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as file:
        file.writestr("seven.py", "VALUE = 7")
        file.writestr(f"{about}/METADATA", "Metadata-Version: 2.1\nName: seven\nVersion: 1.0\n")
        file.writestr(f"{about}/WHEEL", "Wheel-Version: 1.0\nTag: py3-none-any\n")
        file.writestr(f"{about}/RECORD", "")
    return content.getvalue()


def test_the_codes_requirements_are_installed_for_this_model_only(artifact):
    name = "seven-1.0-py3-none-any.whl"
    model = artifact(
        {
            **serving(model_fn="import seven; return seven.VALUE"),
            "code/requirements.txt": f"./{name}\n",
            f"code/{name}": wheel(),
        }
    )

    assert model.predict(ROWS)[0] == 10.0
    with pytest.raises(JobError, match="No module named 'seven'"):
        artifact(serving(model_fn="import seven"), "other").predict(ROWS)


def test_fails_when_the_requirements_cannot_be_installed(artifact):
    with pytest.raises(JobError, match=r"cannot install its code/requirements\.txt"):
        artifact({**serving(), "code/requirements.txt": "./no-such-1.0-py3-none-any.whl\n"})
