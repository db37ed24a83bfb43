"""Predict with a model.tar.gz as its endpoint would: with its own code, in a separate process."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from archive import unpack
from job import JobError, require_file

CHILD = Path(__file__).with_name("model_predictions_child.py")


class ModelArtifact:
    """An unpacked model.tar.gz.

    Parameters
    ----------
    folder : Path
        The folder of the model.tar.gz.
    work : Path
        An empty folder for the unpacked files, which the caller removes.
    program : str
        The inference script in ``code/`` of the artifact.
    timeout : float
        Timeout of all predictions together, and of the installation of the code's requirements, in
        seconds.

    Raises
    ------
    JobError
        If the archive is missing, broken, or without the program.
    """

    def __init__(self, folder: Path, work: Path, program: str, timeout: float):
        self.path = require_file(folder, "model.tar.gz")
        self._work = work
        self._program = program
        self._timeout = timeout
        self._model_dir = work / "model"
        unpack(self.path, self._model_dir)
        code = self._model_dir / "code"
        require_file(code, program)
        self._packages = work / "packages"
        if (code / "requirements.txt").is_file():
            self._install(code)

    def features(self, columns: Sequence[str]) -> list[str]:
        """Return the columns that the model reads, in its order.

        Parameters
        ----------
        columns : sequence of str
            The available feature columns. The model reads all of them in this order, unless the
            artifact has a feature_names.json.

        Raises
        ------
        JobError
            If the model needs a column that is not available.
        """
        path = self._model_dir / "feature_names.json"
        if not path.is_file():
            return list(columns)
        try:
            names: Any = json.loads(path.read_text(encoding="utf-8"))
        except ValueError as error:
            raise JobError(f"{self.path}: feature_names.json must be JSON: {error}") from error
        if not isinstance(names, list) or not names or not all(type(name) is str for name in names):
            raise JobError(f"{self.path}: feature_names.json must be a list of names")
        lacking = [name for name in names if name not in columns]
        if lacking:
            raise JobError(
                f"{self.path}: the held-out data must have the model's features "
                f"{', '.join(lacking)}, got {', '.join(columns)}"
            )
        return names

    def predict(self, rows: np.ndarray) -> np.ndarray:
        """Predict each row.

        Parameters
        ----------
        rows : ndarray of shape (n_rows, n_features)
            Raw features in the order of `features`; NaN for a missing value.

        Returns
        -------
        ndarray of shape (n_rows,)
            Finite predictions, in the unit of the target.

        Raises
        ------
        JobError
            If the model cannot be loaded, refuses the rows, does not return one number per row,
            takes too long, or its process dies.
        """
        inputs, outputs, reason = (self._work / name for name in ("rows.npy", "out.npy", "reason"))
        np.save(inputs, rows)
        arguments = [self._model_dir, self._program, inputs, outputs, reason]
        inherited = os.environ.get("PYTHONPATH")
        search = [str(self._packages), *([inherited] if inherited else [])]
        code = self._run(
            [sys.executable, str(CHILD), *map(str, arguments)],
            "predictions",
            {
                **os.environ,
                "PYTHONPATH": os.pathsep.join(search),
                "SM_MODEL_DIR": str(arguments[0]),
            },
        )
        # A script that ends its own process may return exit code 0.
        if outputs.is_file():
            return np.load(outputs, allow_pickle=False)
        if reason.is_file():
            raise JobError(f"{self.path}: {reason.read_text(encoding='utf-8')}")
        raise JobError(
            f"{self.path}: its process ended without predictions, "
            + (
                f"by signal {-code}; 9 often means out of memory"
                if code < 0
                else f"with exit {code}"
            )
        )

    def _install(self, code: Path) -> None:
        # The model server does the same before it starts.
        command = [sys.executable, "-m", "pip", "install", "--quiet", "--target"]
        command += [str(self._packages), "--requirement", "requirements.txt"]
        if self._run(command, "installation of its requirements", {**os.environ}, code) != 0:
            raise JobError(f"{self.path}: cannot install its code/requirements.txt: see the log")

    def _run(
        self, command: list[str], what: str, environment: dict[str, str], cwd: Path | None = None
    ) -> int:
        try:
            return subprocess.run(
                command, cwd=cwd, env=environment, timeout=self._timeout, check=False
            ).returncode
        except subprocess.TimeoutExpired as error:
            raise JobError(
                f"{self.path}: {what}: timed out after {self._timeout:g} s: increase "
                "--timeout-seconds"
            ) from error
