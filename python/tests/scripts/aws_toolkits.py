"""Runs our scripts under AWS's own toolkits, with the versions of image 1.2-1 on Python 3.9.

Tests call `train_and_serve` to compare their runs with AWS's code.

Both toolkits install a program `train`, and the last one installed keeps the name. Failure reasons
from AWS show the one of sagemaker-containers in older scikit-learn images (with Python 3.7:
aws/amazon-sagemaker-examples#1740), and with the pins of 1.2-1, pip also installs it last; which
one the published image 1.2-1 has is unknown. It calls the scikit-learn wrapper, which calls
sagemaker-training to run the script.
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import shutil
import subprocess
import sys
import tarfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

from tests.patience import FOR_EVER

PROJECT = Path(__file__).parents[3]
SCRIPTS = PROJECT / "python" / "scripts"
LOCK = PROJECT / "python" / "locks" / "aws-toolkits.txt"
ENVIRONMENT = PROJECT / ".emulator" / "environments" / "aws-toolkits-py39"
CONTAINER = Path(__file__).parent / "toolkits"


class ToolkitsUnavailableError(Exception):
    """This machine cannot run the toolkits; the message says what is missing."""


class ToolkitsRun(NamedTuple):
    """The results of a training with `train` and of a server with its model.

    `answers` has status, type and body of GET /ping and then of each request; `scripts` is the
    archive of the scripts.
    """

    scripts: Path
    training: subprocess.CompletedProcess[str]
    evaluation: dict[str, float]
    answers: list[dict[str, Any]]


def environment_python() -> Path:
    """Return the interpreter of the toolkits' environment; build it if it is missing.

    Raises
    ------
    ToolkitsUnavailableError
        If there is no Linux, no working Python 3.9 or no C compiler.
    """
    python = ENVIRONMENT / "bin" / "python"
    ready = ENVIRONMENT / "ready"
    key = hashlib.sha256(LOCK.read_bytes()).hexdigest()
    base = _python39()
    ENVIRONMENT.parent.mkdir(parents=True, exist_ok=True)
    with (ENVIRONMENT.parent / f"{ENVIRONMENT.name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not ready.is_file() or ready.read_text() != key or not _runs(python):
            shutil.rmtree(ENVIRONMENT, ignore_errors=True)
            subprocess.run([base, "-m", "venv", ENVIRONMENT], check=True)
            pip = [python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
            subprocess.run([*pip, "--require-hashes", "-r", LOCK], check=True, env=_environment())
            ready.write_text(key)
    return python


def train_and_serve(
    processed: Path,
    folder: Path,
    hyperparameters: dict[str, str],
    requests: list[dict[str, Any]],
    trainer: str = "sagemaker_containers",
    program: str = "training.py",
) -> ToolkitsRun:
    """Train under the training toolkit, then serve the model under the serving toolkit.

    Parameters
    ----------
    processed : Path
        The output of preprocessing.py with scikit-learn 1.2.1: a scaler of another release cannot
        be loaded.
    folder : Path
        Used as /opt/ml.
    hyperparameters : dict of str to str
        As in a training job's request.
    requests : list of dict
        Keyword arguments of Werkzeug's test client, such as ``data`` (str) and ``headers``.
    trainer : str
        The package whose ``train`` runs: ``sagemaker_containers`` or ``sagemaker_training``.
    program : str
        The training script.
    """
    python = environment_python()
    archive = _lay_out_job(processed, folder)
    script_mode = {"sagemaker_program": program, "sagemaker_submit_directory": str(archive)}
    config = folder / "input" / "config"
    (config / "hyperparameters.json").write_text(json.dumps({**hyperparameters, **script_mode}))
    training = subprocess.run(
        [python, "-m", f"{trainer}.cli.train"],
        # Without local mode, it resolves the host by DNS, for up to 15 minutes.
        env=_environment(
            SAGEMAKER_BASE_DIR=str(folder),
            SAGEMAKER_TRAINING_MODULE="sklearn_container:train",
            SM_STUDIO_LOCAL_MODE="true",
        ),
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=FOR_EVER,
        check=False,
    )
    if training.returncode:
        return ToolkitsRun(archive, training, {}, [])
    evaluation = json.loads((folder / "output" / "data" / "evaluation.json").read_text())
    return ToolkitsRun(archive, training, evaluation, _serve(python, folder, requests))


def run_plainly(script: str, *arguments: object) -> None:
    """Run one of our scripts in the toolkits' environment, without the toolkits."""
    subprocess.run(
        [environment_python(), SCRIPTS / script, *map(str, arguments)],
        env=_environment(),
        check=True,
        timeout=FOR_EVER,
        stdout=subprocess.DEVNULL,
    )


def _lay_out_job(processed: Path, folder: Path) -> Path:
    """Write SageMaker's files under /opt/ml/input; return the archive of the scripts."""
    config, data = folder / "input" / "config", folder / "input" / "data"
    config.mkdir(parents=True)
    for channel in ("train", "test"):
        shutil.copytree(processed / channel, data / channel)
    (data / "code").mkdir()
    archive = data / "code" / "scripts.tar.gz"
    with tarfile.open(archive, "w:gz") as tar:
        for path in sorted(SCRIPTS.glob("*.py")):
            tar.add(path, path.name)
    channel_config = {"TrainingInputMode": "File", "S3DistributionType": "FullyReplicated"}
    channels = dict.fromkeys(("train", "test", "code"), channel_config)
    (config / "inputdataconfig.json").write_text(json.dumps(channels))
    hosts = {"current_host": "localhost", "hosts": ["localhost"], "network_interface_name": "lo"}
    (config / "resourceconfig.json").write_text(json.dumps(hosts))
    return archive


def _serve(python: Path, folder: Path, requests: list[dict[str, Any]]) -> list[dict[str, Any]]:
    # Training has filled it; a server starts in a new container.
    shutil.rmtree(folder / "code")
    # The toolkit installs the inference code with pip: not into the cached environment.
    installed = folder / "installed"
    installed.mkdir()
    serving = subprocess.run(
        [python, CONTAINER / "sklearn_container.py"],
        env=_environment(
            SAGEMAKER_BASE_DIR=str(folder),
            SAGEMAKER_PROGRAM="inference.py",
            SAGEMAKER_SUBMIT_DIRECTORY=str(folder / "model" / "code"),
            PYTHONPATH=str(installed),
            PIP_TARGET=str(installed),
            PIP_NO_INDEX="1",
        ),
        cwd=folder,
        input=json.dumps(requests),
        capture_output=True,
        text=True,
        timeout=FOR_EVER,
        check=False,
    )
    if serving.returncode:
        raise AssertionError(f"the server ended with {serving.returncode}:\n{serving.stderr}")
    return json.loads(serving.stdout.splitlines()[-1])


def _environment(**variables: str) -> dict[str, str]:
    """Return a child's variables: ours, without those of jobs, of AWS and of a virtual env."""
    foreign = ("SM_", "SAGEMAKER_", "AWS_", "PYTHON", "VIRTUAL_ENV", "TRAINING_JOB_")
    kept = {name: value for name, value in os.environ.items() if not name.startswith(foreign)}
    path = f"{ENVIRONMENT / 'bin'}{os.pathsep}{os.environ.get('PATH', os.defpath)}"
    return {**kept, "PATH": path, "PYTHONPATH": str(CONTAINER), **variables}


def _python39() -> str:
    if sys.platform != "linux":
        raise ToolkitsUnavailableError("AWS's toolkits run on Linux only")
    if shutil.which("cc") is None and shutil.which("gcc") is None:
        raise ToolkitsUnavailableError("no C compiler, which sagemaker-training's install needs")
    tried = []
    for candidate in _candidates():
        if _runs(candidate):
            return str(candidate)
        tried.append(str(candidate))
    raise ToolkitsUnavailableError(
        f"no working Python 3.9; tried {', '.join(tried) or 'nothing: none is installed'}"
    )


def _candidates() -> Iterator[str | Path]:
    on_path = shutil.which("python3.9")
    if on_path:
        yield on_path
    if shutil.which("uv"):
        yield _output(["uv", "python", "find", "--no-python-downloads", "3.9"])
    if shutil.which("pyenv"):
        yield from sorted(Path(_output(["pyenv", "root"]), "versions").glob("3.9*/bin/python"))


def _output(command: list[str]) -> str:
    return subprocess.run(command, capture_output=True, text=True, check=False).stdout.strip()


def _runs(python: str | Path) -> bool:
    """Return whether it really is Python 3.9: a pyenv shim on the PATH may not work."""
    code = "import sys, venv, ensurepip; sys.exit(sys.version_info[:2] != (3, 9))"
    try:
        return (
            subprocess.run([python, "-c", code], capture_output=True, check=False).returncode == 0
        )
    except OSError:
        return False
