import io
import subprocess
import sys
import tarfile
from pathlib import Path

import pytest

SCRIPTS = Path(__file__).parents[2] / "rehearsal"
ORIGINAL = """
def model_fn(folder):
    return 2


def predict_fn(data, model):
    return [model * value for value in data]
"""


@pytest.fixture
def model(tmp_path):
    path = tmp_path / "model.tar.gz"
    with tarfile.open(path, "w:gz") as archive:
        for name, text in {"./model.json": "{}", "code/serve.py": ORIGINAL}.items():
            member = tarfile.TarInfo(name)
            member.size = len(text)
            archive.addfile(member, io.BytesIO(text.encode()))
    return path


def spoil(model, wrapper, entry_point="serve.py"):
    spoiled = model.with_name("spoiled.tar.gz")
    script = [sys.executable, SCRIPTS / "spoil_model.py", model, entry_point, SCRIPTS / wrapper]
    result = subprocess.run([*script, spoiled], capture_output=True, text=True, check=False)
    return result, spoiled


def invoke(spoiled, tmp_path):
    folder = tmp_path / "served"
    with tarfile.open(spoiled) as archive:
        archive.extractall(folder, filter="data")
    code = (
        "import serve, time; begun = time.monotonic(); "
        "print(serve.predict_fn([1, 2], serve.model_fn('.')), time.monotonic() - begun >= 0.2)"
    )
    return subprocess.run(
        [sys.executable, "-c", code],
        cwd=folder / "code",
        capture_output=True,
        text=True,
        check=False,
    )


def test_a_failing_model_loads_and_fails_at_each_request(model, tmp_path):
    _, spoiled = spoil(model, "failing_inference.py")
    asked = invoke(spoiled, tmp_path)
    assert asked.returncode == 1
    assert "rehearsal: this model fails every request" in asked.stderr


def test_a_slow_model_responds_correctly_after_a_pause(model, tmp_path):
    _, spoiled = spoil(model, "slow_inference.py")
    assert invoke(spoiled, tmp_path).stdout.split("\n")[0] == "[2, 4] True"
    with tarfile.open(spoiled) as archive:
        assert sorted(archive.getnames()) == [
            "code/rehearsed_inference.py",
            "code/serve.py",
            "model.json",
        ]


def test_fails_without_the_entry_point(model):
    result, _ = spoil(model, "failing_inference.py", "other.py")
    assert result.returncode == 1
    assert "must contain code/other.py, got code/serve.py, model.json" in result.stderr
