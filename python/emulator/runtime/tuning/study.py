"""A study of Optuna's that proposes values: Bayesian search, and Hyperband.

Optuna runs in a Python environment of its own, which is built when a tuning job first needs it: the
emulator starts without its packages.
"""

from __future__ import annotations

import json
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from emulator.runtime.environments import Environments
from emulator.runtime.tuning.proposers import Values
from emulator.runtime.tuning.space import Space

ENVIRONMENT = "tuning"
_PROGRAM = Path(__file__).with_name("optuna_child.py")
_MOST_RANDOM, _LEAST_RANDOM = 10, 3


class StudyError(RuntimeError):
    """The study's process ended."""


@dataclass(frozen=True)
class Resources:
    """The epochs that Hyperband gives a training job."""

    least: int
    most: int


@dataclass(frozen=True)
class Finding:
    """Values that were tried before, and their objective."""

    values: Values
    objective: float


@dataclass(frozen=True)
class StudyPlan:
    """The settings of a study.

    Attributes
    ----------
    hyperband : Resources or None
        With them, `report` stops what falls behind.
    earlier : sequence of Finding
        What is known; findings outside the space are left out.
    """

    space: Space
    seed: int | None
    maximize: bool
    n_jobs: int
    hyperband: Resources | None = None
    earlier: Sequence[Finding] = ()

    def settings(self) -> dict[str, Any]:
        """Return the plan as the study's process takes it."""
        placed = [(self.space.coordinates(one.values), one.objective) for one in self.earlier]
        return {
            "dimensions": self.space.dimensions,
            "seed": None if self.seed is None else self.seed % 2**32,  # as much as NumPy takes
            "maximize": self.maximize,
            # Few jobs would all be random by Optuna's default.
            "n_random": max(_LEAST_RANDOM, min(_MOST_RANDOM, self.n_jobs // 3)),
            "hyperband": [self.hyperband.least, self.hyperband.most] if self.hyperband else None,
            "earlier": [[found, objective] for found, objective in placed if found is not None],
        }


class StudyProposer:
    """The process of a study.

    Raises
    ------
    EnvironmentBuildError
        If Optuna's environment cannot be built.
    """

    def __init__(self, environments: Environments, plan: StudyPlan) -> None:
        self._space = plan.space
        python = environments.build(ENVIRONMENT)["python"]
        self._process = subprocess.Popen(
            [python, "-I", str(_PROGRAM), json.dumps(plan.settings())],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env={},
        )

    def ask(self) -> Values | None:
        """Return the next values."""
        return self._space.texts(self._call("ask"))

    def report(self, number: int, step: int, value: float) -> bool:
        """Take an objective, and return whether the job falls behind."""
        return self._call("report", number, step, value)

    def tell(self, number: int, value: float | None) -> None:
        """Learn the last objective of a job."""
        self._call("tell", number, value)

    def close(self) -> None:
        """End the process."""
        self._process.kill()
        self._process.communicate()

    def _call(self, name: str, *arguments: Any) -> Any:
        assert self._process.stdin is not None  # noqa: S101
        assert self._process.stdout is not None  # noqa: S101
        try:
            self._process.stdin.write(json.dumps([name, *arguments]) + "\n")
            self._process.stdin.flush()
        except BrokenPipeError:
            pass  # what it wrote last says why
        answer = self._process.stdout.readline()
        if not answer:
            _, errors = self._process.communicate()
            raise StudyError(f"the study of Optuna ended: {errors.strip()[-500:]}")
        return json.loads(answer)
