"""What a CreateHyperParameterTuningJob request asks for, and the training jobs it leads to."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from emulator.runtime.data.s3 import join
from emulator.runtime.requests.parts import listed, part
from emulator.runtime.tuning.rules import Criteria
from emulator.runtime.tuning.space import Space, read_space
from emulator.runtime.tuning.study import Resources

OBJECTIVE = "_tuning_objective_metric"
"""The hyperparameter that names the objective to the algorithm."""
# https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_HyperbandStrategyConfig.html
EPOCHS = ("epochs", "numepochs", "n-epochs", "n_epochs", "num_epochs")
_NOT_OF_A_JOB = (
    "DefinitionName",
    "HyperParameterRanges",
    "HyperParameterTuningResourceConfig",
    "StaticHyperParameters",
    "TuningObjective",
)


@dataclass(frozen=True)
class TuningPlan:
    """A tuning job as its request describes it.

    Attributes
    ----------
    metric : str
        Name of the objective metric.
    max_jobs : int or None
        Training jobs in all; None where the request leaves that to the strategy.
    hyperband : Resources or None
        Epochs of a training job, with the strategy Hyperband.
    parents : tuple of str
        Names of the tuning jobs that a warm start begins with.
    """

    name: str
    strategy: str
    metric: str
    space: Space
    static: Mapping[str, str]
    definition: Mapping[str, Any]
    tags: list[dict[str, str]]
    seed: int | None
    max_jobs: int | None
    max_parallel: int
    max_seconds: float | None
    stops_early: bool
    hyperband: Resources | None
    criteria: Criteria
    parents: tuple[str, ...]
    is_same_data: bool

    @property
    def maximize(self) -> bool:
        """Whether a larger objective is better."""
        return self.criteria.maximize

    @classmethod
    def of(cls, request: Mapping[str, Any]) -> TuningPlan:
        """Return the plan of a request.

        Raises
        ------
        SpaceError
            If nothing can be searched in its ranges.
        """
        config = part(request, "HyperParameterTuningJobConfig")
        limits = part(config, "ResourceLimits")
        definition = part(request, "TrainingJobDefinition")
        objective = part(config, "HyperParameterTuningJobObjective")
        static = part(definition, "StaticHyperParameters")
        space = read_space(part(config, "ParameterRanges"))
        max_jobs = limits.get("MaxNumberOfTrainingJobs")
        is_grid = config["Strategy"] == "Grid"
        warm_start = part(request, "WarmStartConfig")
        return cls(
            name=request["HyperParameterTuningJobName"],
            strategy=config["Strategy"],
            metric=objective.get("MetricName") or "",
            space=space,
            static=static,
            definition=definition,
            tags=listed(request, "Tags"),
            seed=config.get("RandomSeed"),
            max_jobs=int(space.combinations) if is_grid and max_jobs is None else max_jobs,
            max_parallel=limits["MaxParallelTrainingJobs"],
            max_seconds=limits.get("MaxRuntimeInSeconds"),
            stops_early=config.get("TrainingJobEarlyStoppingType") == "Auto",
            hyperband=_resources(config, static) if config["Strategy"] == "Hyperband" else None,
            criteria=_criteria(config, maximize=objective.get("Type") != "Minimize"),
            parents=tuple(
                one["HyperParameterTuningJobName"]
                for one in listed(warm_start, "ParentHyperParameterTuningJobs")
            ),
            is_same_data=warm_start.get("WarmStartType") == "IdenticalDataAndAlgorithm",
        )

    def training_request(self, number: int, values: Mapping[str, str]) -> dict[str, Any]:
        """Return the CreateTrainingJob request of a training job, counted from 1."""
        request = {key: value for key, value in self.definition.items() if key not in _NOT_OF_A_JOB}
        resources = self.definition.get("HyperParameterTuningResourceConfig")
        if resources:
            request["ResourceConfig"] = resources
        name = self.training_job_name(number)
        if "CheckpointConfig" in request:
            # Jobs with other hyperparameters must not go on from each other's checkpoints.
            checkpoints = request["CheckpointConfig"]
            uri = join(checkpoints["S3Uri"], name)
            request["CheckpointConfig"] = {**checkpoints, "S3Uri": uri}
        return {
            **request,
            "TrainingJobName": name,
            "HyperParameters": {**self.static, **values, OBJECTIVE: self.metric},
            **({"Tags": self.tags} if self.tags else {}),
        }

    def training_job_name(self, number: int) -> str:
        """Return a training job's name, as AWS makes them: ``<tuning job>-001-0f0444b1``."""
        digest = hashlib.sha256(f"{self.name}-{number}".encode()).hexdigest()
        return f"{self.name}-{number:03d}-{digest[:8]}"


def _resources(config: Mapping[str, Any], static: Mapping[str, str]) -> Resources | None:
    given = part(config, "StrategyConfig", "HyperbandStrategyConfig")
    most = given.get("MaxResource") or next(
        (int(static[name]) for name in EPOCHS if static.get(name, "").isdigit()), None
    )
    return Resources(given.get("MinResource") or 1, most) if most else None


def _criteria(config: Mapping[str, Any], *, maximize: bool) -> Criteria:
    given = part(config, "TuningJobCompletionCriteria")
    not_improving = part(given, "BestObjectiveNotImproving")
    convergence = part(given, "ConvergenceDetected")
    return Criteria(
        maximize=maximize,
        target=given.get("TargetObjectiveMetricValue"),
        max_not_improving=not_improving.get("MaxNumberOfTrainingJobsNotImproving"),
        stops_on_convergence=convergence.get("CompleteOnConvergence") == "Enabled",
    )
