"""The container of a model server: its /opt/ml, its Python and its variables."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from emulator.runtime.data.archives import unpack
from emulator.runtime.data.s3 import download_object
from emulator.runtime.data.source import get_source
from emulator.runtime.errors import JobFault
from emulator.runtime.host import Host
from emulator.runtime.logs.job_log import JobLog
from emulator.runtime.processes.overlay import make_overlay
from emulator.runtime.processes.supervised import Command, SupervisedProcess, base_environment
from emulator.runtime.requests.parts import part

_CODE_DIR = "/opt/ml/code"


class Container:
    """A container without its server.

    Parameters
    ----------
    directory : Path
        New and empty; its subfolder ``ml`` is the server's /opt/ml.
    python : Path
        Interpreter of the environment for the image.
    definition : mapping
        A checked container definition.
    """

    def __init__(
        self,
        host: Host,
        directory: Path,
        python: Path,
        definition: Mapping[str, Any],
        role_arn: str,
    ):
        self._directory = directory
        self._root = directory / "ml"
        self._home = directory / "home"
        self._shared_programs = python.parent
        self._model_url = definition.get("ModelDataUrl")
        self._environment = part(definition, "Environment")
        self._role_environment = host.aws.environment(role_arn)
        self._isolation = host.isolation
        self._s3 = host.aws.client("s3", role_arn)
        self._python = make_overlay(python, directory / "python")

    def fill(self) -> None:
        """Fetch the model and its code.

        Raises
        ------
        JobFault
            If one of them cannot be fetched.
        """
        (self._root / "model").mkdir(parents=True)
        self._home.mkdir()
        if self._model_url:
            archive = self._directory / "model.tar.gz"
            download_object(self._s3, self._model_url, archive)
            unpack(archive, self._root / "model", self._model_url)
            archive.unlink()
        source = self._environment.get("SAGEMAKER_SUBMIT_DIRECTORY") or _CODE_DIR
        get_source(self._s3, source, self._root)

    def install_requirements(self, log: JobLog) -> None:
        """Install the code as a package, and its requirements, if it has the files for that.

        Raises
        ------
        JobFault
            If pip fails.
        """
        names = {path.name for path in (self._root / "code").iterdir()}
        package = ["."] if "setup.py" in names else []
        requirements = ["-r", "requirements.txt"] if "requirements.txt" in names else []
        if not package and not requirements:
            return
        install = SupervisedProcess(
            self.command("-m", "pip", "install", *package, *requirements, installs_packages=True),
            grace_seconds=0,
        )
        with install.stdout as output:
            while data := os.read(output.fileno(), 1 << 16):
                log.feed(data)
        if install.wait():
            raise JobFault(f"cannot install {' '.join(requirements)}: {log.tail()}")

    def command(self, *arguments: str, installs_packages: bool = False) -> Command:
        """Return the command that runs the container's Python with arguments."""
        environment = {
            **base_environment(
                self._python.parent,
                self._shared_programs,
                home=str(self._home),
                installs_packages=installs_packages,
            ),
            **self._role_environment,
            **self._environment,
            "SM_MODEL_DIR": "/opt/ml/model",
        }
        line = [str(self._python), *arguments]
        return self._isolation.apply(Command(line, environment, _CODE_DIR), self._root)
