"""Who proposes the values that a tuning job tries: at random, from a grid, or by a study."""

from __future__ import annotations

import itertools
import random
from collections.abc import Mapping
from typing import Protocol

from emulator.runtime.tuning.space import Space

Values = Mapping[str, str]
_TRIES = 1000


class Proposer(Protocol):
    """Proposes values and learns from what came of them."""

    def ask(self) -> Values | None:
        """Return the values of the next training job, or None if all have been tried."""
        ...

    def report(self, number: int, step: int, value: float) -> bool:
        """Take an objective while job `number` runs, counted from 0; return whether to stop it."""
        ...

    def tell(self, number: int, value: float | None) -> None:
        """Take the last objective of a job that has ended; None if it has none."""
        ...

    def close(self) -> None:
        """Let go of what the proposer holds."""
        ...


class _Unheeding:
    """What learns nothing."""

    def report(self, number: int, step: int, value: float) -> bool:
        """Stop nothing."""
        del number, step, value
        return False

    def tell(self, number: int, value: float | None) -> None:
        """Learn nothing."""

    def close(self) -> None:
        """Hold nothing."""


class RandomProposer(_Unheeding):
    """Draws each value by its scale; no combination twice, while others are easily found."""

    def __init__(self, space: Space, seed: int | None) -> None:
        self._space = space
        self._random = random.Random(seed)  # noqa: S311 - a search, not a secret
        self._seen: set[tuple[str, ...]] = set()

    def ask(self) -> Values | None:
        """Return the next values."""
        values = self._draw()
        for _ in range(_TRIES):
            if tuple(values.values()) not in self._seen:
                break
            values = self._draw()
        self._seen.add(tuple(values.values()))
        return values

    def _draw(self) -> dict[str, str]:
        return {one.name: one.at(self._random.random()) for one in self._space.parameters}


class GridProposer(_Unheeding):
    """Goes through every combination of categorical values once."""

    def __init__(self, space: Space) -> None:
        self._names = [one.name for one in space.parameters]
        self._combinations = itertools.product(
            *(one.dimension["values"] for one in space.parameters)
        )

    def ask(self) -> Values | None:
        """Return the next values, or None after the last."""
        combination = next(self._combinations, None)
        return None if combination is None else dict(zip(self._names, combination, strict=True))
