import os
import subprocess
import sys
import zipfile

import pytest

from emulator.runtime.environments import PROJECT

pytestmark = pytest.mark.runs


@pytest.fixture
def scripts(tmp_path):
    """A folder of scripts with a package among its requirements, and with a test."""
    folder = tmp_path / "scripts"
    folder.mkdir()
    wheel = folder / "wineprobe-1.0-py3-none-any.whl"
    with zipfile.ZipFile(wheel, "w") as archive:
        archive.writestr("wineprobe.py", "COLOUR = 'red'")
        metadata = "Metadata-Version: 2.1\nName: wineprobe\nVersion: 1.0\n"
        archive.writestr("wineprobe-1.0.dist-info/METADATA", metadata)
        archive.writestr("wineprobe-1.0.dist-info/WHEEL", "Wheel-Version: 1.0\nTag: py3-none-any\n")
        archive.writestr("wineprobe-1.0.dist-info/RECORD", "")
    (folder / "requirements.txt").write_text(f"./{wheel.name}\n")
    (folder / "test_colour.py").write_text(
        "import wineprobe\n\ndef test_colour():\n    assert wineprobe.COLOUR == 'red'\n"
    )
    return folder


def run(*arguments):
    command = [sys.executable, "-m", "emulator.runtime.script_tests", *map(str, arguments)]
    variables = {**os.environ, "PYTHONPATH": str(PROJECT / "python"), "PIP_NO_INDEX": "1"}
    return subprocess.run(command, env=variables, capture_output=True, text=True, check=False)


def test_runs_tests_with_the_requirements_of_the_scripts_and_leaves_the_environment_alone(scripts):
    ended = run(scripts, "--requirements", scripts / "requirements.txt")

    assert (ended.returncode, ended.stderr) == (0, "")
    assert "1 passed" in ended.stdout
    assert "No module named 'wineprobe'" in run(scripts).stdout


def test_fails_with_a_test(scripts):
    (scripts / "test_colour.py").write_text("def test_colour():\n    assert 'red' == 'white'\n")

    ended = run(scripts)

    assert ended.returncode == 1
    assert "test_colour.py:2: AssertionError" in ended.stdout


def test_fails_with_requirements_that_cannot_be_installed(scripts):
    (scripts / "requirements.txt").write_text("no-such-package==1.0\n")

    ended = run(scripts, "--requirements", scripts / "requirements.txt")

    assert ended.returncode != 0
    assert "no-such-package" in ended.stderr
