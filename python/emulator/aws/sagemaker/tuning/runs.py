"""Tuning jobs that run: each starts training jobs, learns from them, and decides when to end."""

from __future__ import annotations

import contextlib
import logging
import threading
import time
from dataclasses import dataclass
from typing import Any

from botocore.exceptions import ClientError
from moto.core.utils import utcnow
from moto.sagemaker.models import sagemaker_backends

from emulator.aws.account import ACCOUNT, REGION
from emulator.aws.sagemaker.running_jobs import RunningJobs
from emulator.aws.sagemaker.state_changes import announce_tuning
from emulator.aws.sagemaker.tuned_jobs import TUNED_JOBS, TunedJob
from emulator.aws.sagemaker.tuning.plan import TuningPlan
from emulator.aws.sagemaker.tuning.trials import OVER, Trial
from emulator.aws.sagemaker.tuning.warm_start import findings
from emulator.runtime.environments import EnvironmentBuildError
from emulator.runtime.errors import MAX_REASON_LENGTH
from emulator.runtime.tuning.proposers import GridProposer, Proposer, RandomProposer, Values
from emulator.runtime.tuning.rules import falls_behind, has_converged
from emulator.runtime.tuning.study import StudyPlan

LOG = logging.getLogger("emulator")

_LOOK_SECONDS = 0.1
_ENOUGH_WITHOUT_SUCCESS = 5


@dataclass(frozen=True)
class Ending:
    """How a tuning job ended."""

    status: str
    failure_reason: str | None = None


def make_record(original: Any, record: Any, **given: Any) -> None:
    """Make moto's record, born Completed, one of a tuning job that begins."""
    original(record, **given)
    record.plan = TuningPlan.of(
        {
            "HyperParameterTuningJobName": record.hyper_parameter_tuning_job_name,
            "HyperParameterTuningJobConfig": record.hyper_parameter_tuning_job_config,
            "TrainingJobDefinition": record.training_job_definition,
            "WarmStartConfig": record.warm_start_config,
            "Tags": record.tags,
        }
    )
    record.trials = []
    record.objectives = []
    record.tags = record.tags or []
    record.convergence_time = record.hyper_parameter_tuning_end_time = record.failure_reason = None
    record.hyper_parameter_tuning_job_status = "InProgress"


def announce_begin(record: Any, _: dict[str, Any]) -> None:
    """Tell that a tuning job begins."""
    announce_tuning(record)


def run_tuning(
    jobs: RunningJobs, record: Any, request: dict[str, Any], stop: threading.Event
) -> None:
    """Run a tuning job to its end."""
    del request  # the record has its plan
    ending = _ending_of(jobs, record, stop)
    record.failure_reason = ending.failure_reason and ending.failure_reason[:MAX_REASON_LENGTH]
    record.hyper_parameter_tuning_end_time = record.last_modified_time = utcnow()
    # Last: whoever sees it ended sees it whole.
    record.hyper_parameter_tuning_job_status = ending.status
    announce_tuning(record)


def _ending_of(jobs: RunningJobs, record: Any, stop: threading.Event) -> Ending:
    name = record.hyper_parameter_tuning_job_name
    reason = jobs.faults.failure_reason("sagemaker:CreateHyperParameterTuningJob", name)
    if reason is not None:
        return Ending("Failed", reason)
    try:
        proposer = _proposer(jobs, record.plan)
    except EnvironmentBuildError as error:
        return Ending("Failed", f"ClientError: {error}")
    run = TuningRun(jobs, record, proposer, stop)
    try:
        return run.ending()
    except ClientError as error:  # of CreateTrainingJob
        return Ending("Failed", f"ClientError: {error}")
    except Exception as error:
        LOG.exception("the tuning job %s failed inside the emulator", name)
        reason = f"InternalServerError: the emulator failed: {type(error).__name__}: {error}"
        return Ending("Failed", reason)
    finally:
        run.end_training_jobs()
        proposer.close()


def _proposer(jobs: RunningJobs, plan: TuningPlan) -> Proposer:
    if plan.strategy == "Random":
        return RandomProposer(plan.space, plan.seed)
    if plan.strategy == "Grid":
        return GridProposer(plan.space)
    records = sagemaker_backends[ACCOUNT][REGION].hyper_parameter_tuning_jobs
    return jobs.start_study(
        StudyPlan(
            space=plan.space,
            seed=plan.seed,
            maximize=plan.maximize,
            n_jobs=plan.max_jobs or 1,
            hyperband=plan.hyperband,
            earlier=findings(plan, records),
        )
    )


class TuningRun:
    """A tuning job while it runs, in its thread."""

    def __init__(
        self, jobs: RunningJobs, record: Any, proposer: Proposer, stop: threading.Event
    ) -> None:
        self._sagemaker = jobs.aws.client("sagemaker")
        self._record = record
        self._plan: TuningPlan = record.plan
        self._trials: list[Trial] = record.trials
        self._objectives: list[float] = record.objectives
        self._proposer = proposer
        self._stop = stop
        self._deadline = time.monotonic() + (self._plan.max_seconds or float("inf"))
        self._has_started_all = False

    def ending(self) -> Ending:
        """Start training jobs until the tuning job ends, and return how it does."""
        while True:
            self._settle()
            ending = self._ending()
            if ending:
                return ending
            self._stop_early()
            self._start_more()
            self._stop.wait(_LOOK_SECONDS)

    def end_training_jobs(self) -> None:
        """Stop the training jobs that run, and wait for them."""
        for trial in self._running():
            self._stop_job(trial)
        while self._running():
            time.sleep(_LOOK_SECONDS)
        self._settle(learns=False)

    def _running(self) -> list[Trial]:
        return [trial for trial in self._trials if trial.status not in OVER]

    def _unsettled(self) -> int:
        return sum(not trial.is_settled for trial in self._trials)

    def _settle(self, *, learns: bool = True) -> None:
        """Take note of the training jobs that have ended since the last time."""
        for trial in self._trials:
            if trial.is_settled or trial.status not in OVER:
                continue
            trial.is_settled = True
            TUNED_JOBS.pop(trial.name, None)
            objective = trial.objective
            if learns:
                self._report(trial)
                self._proposer.tell(trial.number - 1, objective)
            if objective is not None:
                self._objectives.append(objective)
                self._note_convergence()
            self._record.last_modified_time = utcnow()

    def _note_convergence(self) -> None:
        if self._record.convergence_time is None and has_converged(
            self._objectives, maximize=self._plan.maximize
        ):
            self._record.convergence_time = utcnow()

    def _ending(self) -> Ending | None:
        ended = [trial for trial in self._trials if trial.is_settled]
        is_over = self._has_started_all and len(ended) == len(self._trials)
        if self._stop.is_set():
            return Ending("Stopped")
        if not self._objectives and (is_over or len(ended) >= _ENOUGH_WITHOUT_SUCCESS):
            return Ending("Failed", _without_success(ended))
        if is_over or self._plan.criteria.are_met(self._objectives):
            return Ending("Completed")
        return Ending("Stopped") if time.monotonic() > self._deadline else None

    def _stop_early(self) -> None:
        for trial in self._running():
            if trial.is_stopping:
                continue
            if self._report(trial) or self._falls_behind(trial):
                self._stop_job(trial)

    def _report(self, trial: Trial) -> bool:
        """Tell Hyperband what the job has logged; return whether it has had its share."""
        resources = self._plan.hyperband
        if resources is None:
            return False
        objectives = list(trial.tuned.objectives)[: resources.most]
        is_enough = len(objectives) == resources.most
        for step, value in enumerate(objectives[trial.reported :], start=trial.reported + 1):
            is_enough |= self._proposer.report(trial.number - 1, step, value)
            trial.reported = step
            if is_enough:
                break
        return is_enough

    def _falls_behind(self, trial: Trial) -> bool:
        if not self._plan.stops_early:
            return False
        earlier = [
            one.tuned.objectives
            for one in self._trials
            if one.is_settled and one.objective is not None
        ]
        return falls_behind(list(trial.tuned.objectives), earlier, maximize=self._plan.maximize)

    def _stop_job(self, trial: Trial) -> None:
        trial.is_stopping = True
        with contextlib.suppress(ClientError):  # it may have ended by itself
            self._sagemaker.stop_training_job(TrainingJobName=trial.name)

    def _start_more(self) -> None:
        # What has ended counts until it is settled: the next values may depend on it.
        while not self._has_started_all and self._unsettled() < self._plan.max_parallel:
            values = self._proposer.ask()
            if values is not None:
                self._start(values)
            self._has_started_all = values is None or len(self._trials) == self._plan.max_jobs

    def _start(self, values: Values) -> None:
        number = len(self._trials) + 1
        request = self._plan.training_request(number, values)
        name = request["TrainingJobName"]
        tuned = TUNED_JOBS[name] = TunedJob(self._record.arn, self._plan.metric)
        try:
            self._sagemaker.create_training_job(**request)
        except ClientError:
            del TUNED_JOBS[name]
            raise
        record = sagemaker_backends[ACCOUNT][REGION].training_jobs[name]
        self._trials.append(Trial(number, values, record, tuned))
        self._record.last_modified_time = utcnow()


def _without_success(ended: list[Trial]) -> str:
    if all(trial.status == "Failed" for trial in ended):
        return (
            f"No training job succeeded after {len(ended)} attempts. For additional details, "
            "please take a look at the training job failures by listing training jobs for the "
            "hyperparameter tuning job."
        )
    return (
        f"No objective metrics found after running {len(ended)} training jobs. Please ensure that "
        "the custom algorithm is emitting the objective metric as defined by the regular "
        "expression provided."
    )
