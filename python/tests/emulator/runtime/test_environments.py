import hashlib
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import threading
import time
import zipfile
from pathlib import Path

import pytest

from emulator.runtime import environments as module
from emulator.runtime.environments import (
    EnvironmentBuildError,
    Environments,
    UnmappedImageError,
    main,
)
from tests.patience import FOR_EVER, LIMIT_SECONDS

PROGRAM = Path(module.__file__)
THIS_VERSION = "{}.{}".format(*sys.version_info[:2])
PYTHONS = ("3.9", "3.11", "3.10", "3.8", "3.12", THIS_VERSION)


@pytest.fixture
def locks(tmp_path, monkeypatch):
    """A folder of locks; pip installs their packages from another folder."""
    wheels = tmp_path / "wheels"
    wheels.mkdir()
    hashes = [_make_wheel(wheels, version) for version in ("1.0", "2.0")]
    folder = tmp_path / "locks"
    folder.mkdir()
    (folder / "tools.txt").write_text(f"emulatorprobe==1.0 --hash=sha256:{hashes[0]}\n")
    (folder / "new-tools").write_text(f"emulatorprobe==2.0 --hash=sha256:{hashes[1]}\n")
    (folder / "image-1.txt").write_text("")
    image = {"environment": "image-1", "pythons": PYTHONS, "exactPythons": ["3.9", THIS_VERSION]}
    (folder / "images.json").write_text(json.dumps({"image:1": image}))
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(wheels))
    which = shutil.which
    monkeypatch.setattr(shutil, "which", lambda name: None if name == "uv" else which(name))
    return folder


@pytest.fixture
def environments(tmp_path, locks):
    return Environments(tmp_path / "environments", locks)


def _make_wheel(folder, version):
    path = folder / f"emulatorprobe-{version}-py3-none-any.whl"
    metadata = f"emulatorprobe-{version}.dist-info"
    name = f"Metadata-Version: 2.1\nName: emulatorprobe\nVersion: {version}\n"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("emulatorprobe.py", f"VERSION = {version!r}")
        archive.writestr(f"{metadata}/METADATA", name)
        archive.writestr(
            f"{metadata}/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
        )
        archive.writestr(f"{metadata}/RECORD", "")
    return hashlib.sha256(path.read_bytes()).hexdigest()


def _installed(python):
    code = "import emulatorprobe; print(emulatorprobe.VERSION)"
    command = [python, "-c", code]
    return subprocess.run(command, capture_output=True, text=True, check=False).stdout.strip()


def _command(environments, *names):
    options = ["--directory", environments.directory, "--locks", environments.locks]
    return [sys.executable, PROGRAM, *names, *options]


def _environment_without_uv():
    folders = os.environ["PATH"].split(os.pathsep)
    path = [folder for folder in folders if not Path(folder, "uv").exists()]
    return {**os.environ, "PATH": os.pathsep.join(path)}


@pytest.fixture
def installed(monkeypatch):
    """Replace the installers, which take seconds; list the environments to install."""
    names = []

    def install(name, python, target, lock, guard):
        names.append(name)
        (target / "bin").mkdir(parents=True)
        (target / "bin" / "python").symlink_to(sys.executable)

    monkeypatch.setattr(module, "_install", install)
    python = Path(sys.executable)
    version = module._run_python(python)
    monkeypatch.setattr(module, "_find_python", lambda *_: (python, version))
    return names


def test_prints_one_line_of_json_and_its_progress_to_stderr(environments, installed, capsys):
    arguments = [str(part) for part in _command(environments, "tools")[2:]]

    assert main(arguments) == 0
    first = capsys.readouterr()
    assert main(arguments) == 0
    second = capsys.readouterr()

    assert json.loads(first.out)["tools"] == {
        "python": str(environments.directory / "tools" / "bin" / "python"),
        "version": "{}.{}.{}".format(*sys.version_info[:3]),
        "note": None,
    }
    assert first.out.count("\n") == 1
    assert first.err.startswith("tools: installing for Python")
    assert (second.out, second.err) == (first.out, "")
    assert installed == ["tools"]


def test_prints_the_package_that_is_installed(capsys):
    progress = module._Progress("dev", every_seconds=0)
    for line in (
        "Collecting numpy==1.24.1 (from -r dev.txt (line 3))\n",
        "  Downloading numpy-1.24.1-cp311-manylinux.whl (17.3 MB)\n",
        "   Building wheel\n",
        "Installing collected packages: numpy\n",
    ):
        assert progress.take(line) == line

    told = capsys.readouterr().err.splitlines()

    assert [re.sub(r"\d+ s", "0 s", line) for line in told] == [
        "dev: numpy (package 1, 0 s)",
    ]
    silent = module._Progress("dev", every_seconds=60)
    silent.take("Collecting numpy==1.24.1\n")
    assert capsys.readouterr().err == ""


def test_a_changed_lock_is_installed_again(environments, installed):
    environments.build("tools")
    shutil.copy(environments.locks / "new-tools", environments.locks / "tools.txt")
    environments.build("tools")

    assert installed == ["tools", "tools"]


def test_an_interrupted_build_is_done_again(environments):
    with subprocess.Popen(
        _command(environments, "tools"), stderr=subprocess.PIPE, env=_environment_without_uv()
    ) as build:
        assert build.stderr
        assert b"installing" in build.stderr.readline()
        while not (environments.directory / "tools" / "pyvenv.cfg").exists():
            time.sleep(0.01)
        build.send_signal(signal.SIGKILL)
    assert not (environments.directory / "tools" / "ready.json").exists()

    assert _installed(environments.build("tools")["python"]) == "1.0"


def test_a_second_builder_waits_for_the_first(environments):
    builds = [
        subprocess.Popen(
            _command(environments, "tools"),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env=_environment_without_uv(),
        )
        for _ in range(2)
    ]
    outputs = [build.communicate(timeout=FOR_EVER) for build in builds]

    assert [build.returncode for build in builds] == [0, 0]
    assert outputs[0][0] == outputs[1][0]
    assert _installed(json.loads(outputs[0][0])["tools"]["python"]) == "1.0"
    errors = outputs[0][1] + outputs[1][1]
    assert errors.count("installing for Python") == 1
    assert errors.count("waiting for another process") == 1


def test_fails_on_an_unknown_name_and_names_the_known_ones(environments, capsys):
    assert main([str(part) for part in _command(environments, "other")[2:]]) == 1

    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err == "error: unknown environment 'other'; known: image-1, tools\n"


def test_fails_without_an_index_with_the_installers_output_and_the_remedy(environments, tmp_path):
    pip = "#!/bin/sh\nseq 100\necho ERROR: No matching distribution found\nexit 1\n"
    python = tmp_path / "python"
    python.write_text(
        f"#!/bin/sh\nmkdir -p $3/bin\ncat > $3/bin/python <<'END'\n{pip}END\n"
        "chmod +x $3/bin/python\n"
    )
    python.chmod(0o755)

    with pytest.raises(EnvironmentBuildError) as raised:
        module._install("tools", python, tmp_path / "tools", environments.locks / "tools.txt", 0)

    text = str(raised.value)
    assert "  100\n  ERROR: No matching distribution found" in text
    assert "\n  50\n" not in text
    assert "check the network" in text
    assert "run the same command again" in text


def test_a_package_that_differs_from_its_hash_is_refused(environments):
    lock = environments.locks / "tools.txt"
    lock.write_text(re.sub("sha256:.{4}", "sha256:0000", lock.read_text()))

    with pytest.raises(EnvironmentBuildError, match="DO NOT MATCH THE HASHES"):
        environments.build("tools")


@pytest.fixture
def only_programs(monkeypatch, tmp_path):
    """Put only the given programs on the PATH, and hide other interpreters."""

    def put(**programs):
        folder = tmp_path / "programs"
        folder.mkdir()
        for name, script in programs.items():
            program = folder / name.replace("_", ".")
            program.write_text(f"#!/bin/sh\n{script}\n")
            program.chmod(0o755)
        monkeypatch.setenv("PATH", str(folder))
        monkeypatch.setenv("PYENV_ROOT", str(tmp_path / "no-pyenv"))
        monkeypatch.setattr(sys, "version", "2.7.18")

    return put


def test_a_broken_shim_is_skipped(environments, only_programs):
    only_programs(python3_9="exit 127", python3_11="echo 3.11.99", python3_10="echo 3.10.99")

    python, version = module._find_python("image-1", PYTHONS)

    assert (python.name, version) == ("python3.11", "3.11.99")


def test_an_interpreter_of_another_version_than_its_name_is_skipped(only_programs):
    only_programs(python3_9="echo 3.6.15", python3="echo 3.8.18")

    assert module._find_python("image-1", PYTHONS)[1] == "3.8.18"


def test_fails_without_any_python_and_lists_the_candidates(only_programs):
    only_programs(python3_9="exit 127", python3="echo 3.6.15")

    with pytest.raises(EnvironmentBuildError) as raised:
        module._find_python("image-1", PYTHONS)

    text = str(raised.value)
    assert "needs one of 3.9, 3.11, 3.10, 3.8, 3.12" in text
    assert "python3.9 (does not run" in text
    assert "python3 (3.6.15)" in text
    assert "Install" in text


def test_a_python_other_than_the_images_is_noted_once(environments, installed, capsys):
    table = environments.locks / "images.json"
    image = {**json.loads(table.read_text())["image:1"], "exactPythons": ["3.9"]}
    table.write_text(json.dumps({"image:1": image}))

    note = environments.build("image-1")["note"]
    assert environments.build("image-1")["note"] == note

    assert f"runs on Python {THIS_VERSION}" in note
    assert "where the image has 3.9" in note
    assert capsys.readouterr().err.count(note) == 1


def test_an_environment_whose_interpreter_was_removed_is_rebuilt(environments, installed):
    Path(environments.build("tools")["python"]).unlink()
    environments.build("tools")

    assert installed == ["tools", "tools"]


def test_an_image_has_the_environment_that_is_mapped_to_it(environments, monkeypatch):
    built = []
    monkeypatch.setattr(
        Environments, "build", lambda _, name: built.append(name) or {"python": "/p"}
    )

    assert environments.python_for_image("1.dkr.ecr.amazonaws.com/image:1") == Path("/p")
    assert built == ["image-1"]


def test_fails_for_an_unmapped_image(environments):
    with pytest.raises(UnmappedImageError) as raised:
        environments.python_for_image("1.dkr.ecr.amazonaws.com/image:2")

    text = str(raised.value)
    assert "1.dkr.ecr.amazonaws.com/image:2" in text
    assert "known images: image:1" in text
    assert str(environments.locks / "images.json") in text


@pytest.mark.parametrize("lock", sorted(module.LOCKS.glob("*.txt")), ids=lambda lock: lock.stem)
def test_every_locked_package_has_hashes_and_no_address_of_an_index(lock):
    text = lock.read_text()
    packages = re.findall(r"^\S+==\S+.*$", text, re.MULTILINE)
    assert packages
    assert all(line.endswith("\\") for line in packages)
    assert "://" not in text
    assert "--index" not in text
    assert lock.with_suffix(".in").exists()


def test_every_mapped_image_has_a_lock():
    for image in Environments().images.values():
        assert (module.LOCKS / f"{image.environment}.txt").is_file()
        assert set(image.exact_pythons) <= set(image.pythons)


def test_the_environment_for_tests_of_scripts_has_all_that_the_image_has():
    def packages(name):
        text = (module.LOCKS / f"{name}.txt").read_text()
        # colorama is for Windows only, which is not supported.
        return {
            line for line in re.findall(r"^\S+==.*$", text, re.MULTILINE) if "win32" not in line
        }

    for image in Environments().images.values():
        more = packages(image.test_environment) - packages(image.environment)
        assert packages(image.environment) <= packages(image.test_environment)
        assert any(line.startswith("pytest==") for line in more)


def test_the_environment_for_tests_of_scripts_has_the_python_of_its_image(
    environments, installed, monkeypatch
):
    table = environments.locks / "images.json"
    image = {**json.loads(table.read_text())["image:1"], "testEnvironment": "tools"}
    table.write_text(json.dumps({"image:1": image}))
    wanted = []
    found = module._find_python("", (THIS_VERSION,))
    monkeypatch.setattr(
        module, "_find_python", lambda name, versions: wanted.append((name, versions)) or found
    )

    environments.build("tools")

    assert wanted == [("tools", PYTHONS)]


def test_each_image_has_its_own_python_versions(environments, installed, monkeypatch):
    table = environments.locks / "images.json"
    other = {"environment": "tools", "pythons": ["2.7", "2.6"], "exactPythons": ["2.7"]}
    table.write_text(json.dumps({**json.loads(table.read_text()), "other:1": other}))
    wanted = []
    found = module._find_python("", ())
    monkeypatch.setattr(
        module, "_find_python", lambda name, versions: wanted.append((name, versions)) or found
    )

    assert environments.build("image-1")["note"] is None
    assert "where the image has 2.7" in environments.build("tools")["note"]

    assert wanted == [("image-1", PYTHONS), ("tools", ("2.7", "2.6"))]


def test_builds_run_in_parallel(environments, monkeypatch):
    together = threading.Barrier(2, timeout=LIMIT_SECONDS)
    monkeypatch.setattr(
        Environments, "build", lambda _, name: {"python": name, "n": together.wait() * 0}
    )

    assert main([str(part) for part in _command(environments, "tools", "image-1")[2:]]) == 0
