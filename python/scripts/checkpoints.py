"""Checkpoints of a training job, so that an interrupted job does not start from the beginning.

With a CheckpointConfig, SageMaker copies the folder to S3 while the job runs, and back before an
interrupted job starts again. A checkpoint is a file ``checkpoint-<iteration>``: a line of JSON that
tells what it belongs to, and a pickle.
"""

from __future__ import annotations

import hashlib
import json
import pickle
from collections.abc import Iterable
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import sklearn

from job import write_whole

# Of the files; those of another format are not used.
FORMAT = 1
# If the newest is damaged, there is still one.
KEPT = 2


class Checkpoint(NamedTuple):
    """What is trained after an iteration."""

    iteration: int
    state: Any


class CheckpointError(Exception):
    """A checkpoint cannot be used; the message says why."""


class Checkpoints:
    """The checkpoints of one training.

    Parameters
    ----------
    folder : Path
        If it does not exist, as in a job without CheckpointConfig, there are no checkpoints.
    hyperparameters : dict of str to JSON value
        What the result depends on, in addition to the data and the version of scikit-learn.
    data : iterable of ndarray
        The training data.
    """

    def __init__(self, folder: Path, hyperparameters: dict[str, Any], data: Iterable[np.ndarray]):
        self._folder = folder if folder.is_dir() else None
        self._written: list[Path] = []
        self._origin: dict[str, Any] = {}
        if self._folder is not None:
            self._origin = {
                "format": FORMAT,
                "scikit-learn": sklearn.__version__,
                **hyperparameters,
                "training data": _digest(data),
            }

    def newest(self) -> Checkpoint | None:
        """Return the newest complete checkpoint of the same training.

        Prints why newer ones are not used.
        """
        refusal = ""
        for path in sorted(self._folder.glob("checkpoint-*") if self._folder else [], reverse=True):
            try:
                return self._read(path)
            except CheckpointError as error:
                # All checkpoints of another training are refused for the same reason.
                if str(error) != refusal:
                    print(f"{path} is not used: {error}")
                refusal = str(error)
        return None

    def write(self, checkpoint: Checkpoint) -> None:
        """Write a checkpoint, and remove older ones that this object wrote."""
        if self._folder is None:
            return
        content = pickle.dumps(checkpoint.state)
        header = {
            "origin": self._origin,
            "iteration": checkpoint.iteration,
            "sha256": hashlib.sha256(content).hexdigest(),
        }
        path = self._folder / f"checkpoint-{checkpoint.iteration:08d}"
        write_whole(path, json.dumps(header).encode() + b"\n" + content)
        self._written.append(path)
        for old in self._written[:-KEPT]:
            old.unlink(missing_ok=True)
        del self._written[:-KEPT]

    def _read(self, path: Path) -> Checkpoint:
        line, _, content = path.read_bytes().partition(b"\n")
        try:
            header = json.loads(line)
            origin, iteration, sha256 = (header[key] for key in ("origin", "iteration", "sha256"))
        except (ValueError, LookupError, TypeError, RecursionError) as error:
            raise CheckpointError("it has no readable header") from error
        for name in dict.fromkeys([*self._origin, *origin]):
            ours, theirs = self._origin.get(name), origin.get(name)
            if ours != theirs:
                raise CheckpointError(f"its {name} is {theirs}, that of this job is {ours}")
        if sha256 != hashlib.sha256(content).hexdigest():
            raise CheckpointError("it is not complete")
        try:
            return Checkpoint(iteration, pickle.loads(content))
        # It may need another version of another library.
        except Exception as error:
            raise CheckpointError(f"it cannot be read: {error}") from error


def _digest(data: Iterable[np.ndarray]) -> str:
    digest = hashlib.sha256()
    for array in data:
        digest.update(f"{array.dtype}{array.shape}".encode())
        digest.update(np.ascontiguousarray(array).data)
    return digest.hexdigest()[:16]
