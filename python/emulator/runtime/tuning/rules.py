"""When a training job is stopped early, and when a tuning job has reached its end.

Sources: https://docs.aws.amazon.com/sagemaker/latest/dg/automatic-model-tuning-early-stopping.html
and https://docs.aws.amazon.com/sagemaker/latest/dg/automatic-model-tuning-progress.html
"""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from dataclasses import dataclass

IMPROVEMENT = 0.01
# AWS says neither after how many jobs it compares, nor how it finds a convergence.
_JOBS_TO_COMPARE_WITH = 3
_JOBS_TO_CONVERGE = 20


def falls_behind(
    values: Sequence[float], earlier: Sequence[Sequence[float]], *, maximize: bool
) -> bool:
    """Whether a running job is worse than the median of the earlier ones at this epoch.

    Parameters
    ----------
    values : sequence of float
        The job's objective after each epoch until now.
    earlier : sequence of sequence of float
        The same of each job that has ended.
    """
    epoch = len(values)
    # Where none of the others went on, this may well have been the last epoch.
    if not values or all(len(job) <= epoch for job in earlier):
        return False
    averages = [statistics.fmean(job[:epoch]) for job in earlier if len(job) >= epoch]
    if len(averages) < _JOBS_TO_COMPARE_WITH:
        return False
    return is_better(statistics.median(averages), values[-1], maximize=maximize)


def is_better(value: float, other: float, *, maximize: bool) -> bool:
    """Whether an objective is better than another."""
    return value > other if maximize else value < other


def not_improving(objectives: Sequence[float], *, maximize: bool) -> int:
    """Return how many objectives, the last ones in a row, did not improve the best by 1 %."""
    count, best = 0, None
    for value in objectives:
        if best is None:
            best = value
            continue
        wanted = best + (1 if maximize else -1) * abs(best) * IMPROVEMENT
        reached = value == wanted or is_better(value, wanted, maximize=maximize)
        count = 0 if reached and value != best else count + 1
        best = max(best, value) if maximize else min(best, value)
    return count


def has_converged(objectives: Sequence[float], *, maximize: bool) -> bool:
    """Whether the best objective has stopped improving."""
    return not_improving(objectives, maximize=maximize) >= _JOBS_TO_CONVERGE


@dataclass(frozen=True)
class Criteria:
    """What completes a tuning job before it has started all of its training jobs.

    Attributes
    ----------
    target : float or None
        An objective that is enough.
    max_not_improving : int or None
        Training jobs in a row that did not improve the best.
    stops_on_convergence : bool
        Whether a convergence is enough.
    """

    maximize: bool
    target: float | None = None
    max_not_improving: int | None = None
    stops_on_convergence: bool = False

    def are_met(self, objectives: Sequence[float]) -> bool:
        """Whether the objectives of the jobs that have ended, in that order, are enough."""
        if self.target is not None and any(
            value == self.target or is_better(value, self.target, maximize=self.maximize)
            for value in objectives
        ):
            return True
        if self.stops_on_convergence and has_converged(objectives, maximize=self.maximize):
            return True
        return (
            self.max_not_improving is not None
            and not_improving(objectives, maximize=self.maximize) >= self.max_not_improving
        )
