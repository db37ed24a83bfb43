"""Predict with a model.tar.gz as its endpoint would: its own code, in a process of its own."""

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
    """A model.tar.gz, unpacked.

    Parameters
    ----------
    folder : Path
        Holds the model.tar.gz.
    work : Path
        An empty folder, which the caller removes.
    program : str
        The file in ``code/`` of the artifact that serves the model.
    timeout : float
        Seconds that all predictions together, or the installation of the code's requirements,
        may take.

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
        """Give the columns that the model reads, in its own order.

        Parameters
        ----------
        columns : sequence of str
            The feature columns there are; the model reads them all, in this order, unless the
            feature_names.json of the artifact says otherwise.

        Raises
        ------
        JobError
            If the model needs a column that is not there.
        """
        path = self._model_dir / "feature_names.json"
        if not path.is_file():
            return list(columns)
        try:
            names: Any = json.loads(path.read_text(encoding="utf-8"))
        except ValueError as error:
            raise JobError(
                f"{self.path}: feature_names.json is not readable as JSON: {error}"
            ) from error
        if not isinstance(names, list) or not names or not all(type(name) is str for name in names):
            raise JobError(f"{self.path}: feature_names.json is not a list of names")
        lacking = [name for name in names if name not in columns]
        if lacking:
            raise JobError(
                f"{self.path}: the model needs the features {', '.join(lacking)}, which the "
                f"held-out data lacks; it has {', '.join(columns)}"
            )
        return names

    def predict(self, rows: np.ndarray) -> np.ndarray:
        """Predict each row.

        Parameters
        ----------
        rows : ndarray of shape (n_rows, n_features)
            Raw features in the order of `features`; NaN where a value is not known.

        Returns
        -------
        ndarray of shape (n_rows,)
            Finite.

        Raises
        ------
        JobError
            If the model cannot be loaded, refuses the rows, answers with anything but a number
            per row, takes too long, or dies.
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
        # A script that ends its own process looks as if it had ended well.
        if outputs.is_file():
            return np.load(outputs, allow_pickle=False)
        if reason.is_file():
            raise JobError(f"{self.path}: {reason.read_text(encoding='utf-8')}")
        raise JobError(
            f"{self.path}: its process ended before it had predictions, "
            + (f"by signal {-code}; 9 often means no memory" if code < 0 else f"with exit {code}")
        )

    def _install(self, code: Path) -> None:
        # As the model server does before it starts.
        command = [sys.executable, "-m", "pip", "install", "--quiet", "--target"]
        command += [str(self._packages), "--requirement", "requirements.txt"]
        if self._run(command, "installation of its requirements", {**os.environ}, code) != 0:
            raise JobError(
                f"{self.path}: its code/requirements.txt could not be installed; the log says why"
            )

    def _run(
        self, command: list[str], what: str, environment: dict[str, str], cwd: Path | None = None
    ) -> int:
        try:
            return subprocess.run(
                command, cwd=cwd, env=environment, timeout=self._timeout, check=False
            ).returncode
        except subprocess.TimeoutExpired as error:
            raise JobError(
                f"{self.path}: {what}: not done after {self._timeout:g} s, the longest that is "
                "allowed; --timeout-seconds sets it"
            ) from error
