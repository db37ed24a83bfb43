"""The training jobs of a tuning job: their objectives, counters and the best of them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from emulator.aws.sagemaker.tuned_jobs import TunedJob
from emulator.runtime.tuning.rules import is_better

OVER = ("Completed", "Failed", "Stopped")
_STATUS_COUNTERS = ("Completed", "InProgress", "RetryableError", "NonRetryableError", "Stopped")
_OBJECTIVE_COUNTERS = ("Succeeded", "Pending", "Failed")


@dataclass
class Trial:
    """A training job, with the values that it tries.

    Attributes
    ----------
    number : int
        Counted from 1.
    record : Any
        moto's.
    reported : int
        How many of its objectives the proposer has seen.
    is_settled : bool
        Whether the tuning job has taken note of its end.
    """

    number: int
    values: Mapping[str, str]
    record: Any
    tuned: TunedJob
    reported: int = 0
    is_stopping: bool = False
    is_settled: bool = False

    @property
    def name(self) -> str:
        """Return the training job's name."""
        return self.record.training_job_name

    @property
    def status(self) -> str:
        """Return the training job's status."""
        return self.record.training_job_status

    @property
    def objective(self) -> float | None:
        """Return the last objective of a job that ended well, or was stopped."""
        if self.status not in ("Completed", "Stopped") or not self.tuned.objectives:
            return None
        return self.tuned.objectives[-1]

    @property
    def objective_status(self) -> str:
        """Return ``Pending``, ``Succeeded`` or ``Failed``."""
        if self.status not in OVER:
            return "Pending"
        return "Failed" if self.objective is None else "Succeeded"

    def summary(self, metric: str) -> dict[str, Any]:
        """Return the training job as tuning jobs list it."""
        record, objective = self.record, self.objective
        found = {"MetricName": metric, "Value": objective}
        summary = {
            "TrainingJobName": self.name,
            "TrainingJobArn": record.arn,
            "CreationTime": record.creation_time,
            "TrainingStartTime": record.training_start_time,
            "TrainingEndTime": record.training_end_time,
            "TrainingJobStatus": self.status,
            "TunedHyperParameters": dict(self.values),
            "FailureReason": getattr(record, "failure_reason", None),
            "FinalHyperParameterTuningJobObjectiveMetric": None if objective is None else found,
            "ObjectiveStatus": self.objective_status,
        }
        return {key: value for key, value in summary.items() if value is not None}


def status_counters(trials: Iterable[Trial]) -> dict[str, int]:
    """Return ``TrainingJobStatusCounters``."""
    found = Counter(_counter(trial) for trial in trials)
    return {name: found[name] for name in _STATUS_COUNTERS}


def objective_counters(trials: Iterable[Trial]) -> dict[str, int]:
    """Return ``ObjectiveStatusCounters``."""
    found = Counter(trial.objective_status for trial in trials)
    return {name: found[name] for name in _OBJECTIVE_COUNTERS}


def best_of(trials: Iterable[Trial], *, maximize: bool) -> Trial | None:
    """Return the trial with the best objective, the first one of equals."""
    best: Trial | None = None
    for trial in trials:
        objective, known = trial.objective, best.objective if best else None
        if objective is not None and (
            known is None or is_better(objective, known, maximize=maximize)
        ):
            best = trial
    return best


def _counter(trial: Trial) -> str:
    if trial.status != "Failed":
        return trial.status if trial.status in OVER else "InProgress"
    reason = getattr(trial.record, "failure_reason", None) or ""
    return "RetryableError" if reason.startswith("InternalServerError") else "NonRetryableError"
