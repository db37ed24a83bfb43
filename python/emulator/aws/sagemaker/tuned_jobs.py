"""Training jobs that a tuning job starts: whose they are, and the objectives that they log."""

import math
from collections.abc import Callable

from emulator.runtime.aws_access import Metric


class TunedJob:
    """A training job of a tuning job.

    Attributes
    ----------
    objectives : list of float
        The values of the objective metric that the job has logged until now.
    """

    def __init__(self, tuning_job_arn: str, metric_name: str) -> None:
        self.tuning_job_arn = tuning_job_arn
        self.objectives: list[float] = []
        self._metric_name = metric_name

    def begin(self) -> Callable[[Metric], None]:
        """Forget the objectives of an earlier attempt, and return what takes those of this one."""
        self.objectives = objectives = []

        def add(metric: Metric) -> None:
            if metric.name == self._metric_name and math.isfinite(metric.value):
                objectives.append(metric.value)

        return add


TUNED_JOBS: dict[str, TunedJob] = {}
"""Those that run, by their names."""
