"""Tuning jobs that are refused, before anything is created.

Where no source has AWS's own words, the message is ours; the limit is AWS's all the same.
"""

from __future__ import annotations

import logging
import math
from collections.abc import Iterable
from typing import Any

from moto.sagemaker.exceptions import ValidationError

from emulator.aws.protocol.errors import EmulatorError
from emulator.aws.protocol.operations import operation_model
from emulator.aws.protocol.validation import validation_message
from emulator.aws.sagemaker.jobs import check_training
from emulator.aws.sagemaker.running_jobs import RunningJobs
from emulator.aws.sagemaker.tuning.plan import EPOCHS, OBJECTIVE, TuningPlan
from emulator.aws.sagemaker.tuning.warm_start import check_warm_start
from emulator.runtime.requests.members import check_members
from emulator.runtime.requests.parts import listed, part
from emulator.runtime.tuning.space import Categorical, SpaceError

LOG = logging.getLogger("emulator")

# https://docs.aws.amazon.com/sagemaker/latest/dg/automatic-model-tuning-limits.html
_MAX_TUNING_JOBS = 100
_MAX_TRAINING_JOBS, _MAX_TRAINING_JOBS_AT_MOST = 750, 10_000
_MAX_PARALLEL, _MAX_PARALLEL_AT_MOST = 10, 100
# https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_HyperbandStrategyConfig.html
_MAX_EPOCHS = 20_000


def check_tuning(jobs: RunningJobs, backend: Any, request: dict[str, Any]) -> None:
    """Refuse a CreateHyperParameterTuningJob request that AWS or this machine cannot run."""
    check_members("CreateHyperParameterTuningJob", request)
    _check_completeness(request)
    try:
        plan = TuningPlan.of(request)
    except SpaceError as error:
        raise ValidationError(message=str(error)) from error
    _check_objective(plan)
    _check_hyperparameters(plan)
    _check_strategy(plan, part(request, "HyperParameterTuningJobConfig"))
    records = backend.hyper_parameter_tuning_jobs
    earlier_jobs = check_warm_start(plan, records)
    _check_quotas(plan, records.values(), earlier_jobs)
    _check_training(jobs, backend, plan)


def _check_completeness(request: dict[str, Any]) -> None:
    if not request.get("TrainingJobDefinition"):
        raise ValidationError(message="TrainingJobDefinition must be given")
    config = part(request, "HyperParameterTuningJobConfig")
    if not config.get("HyperParameterTuningJobObjective"):
        raise ValidationError(
            message="HyperParameterTuningJobConfig.HyperParameterTuningJobObjective must be given "
            "with a TrainingJobDefinition"
        )


def _check_objective(plan: TuningPlan) -> None:
    definitions = listed(part(plan.definition, "AlgorithmSpecification"), "MetricDefinitions")
    if plan.metric not in [definition["Name"] for definition in definitions]:
        raise ValidationError(  # aws/sagemaker-python-sdk#3932
            message="A metric is required for this hyperparameter tuning job objective. Provide a "
            "metric in the metric definitions."
        )


def _check_hyperparameters(plan: TuningPlan) -> None:
    both = {one.name for one in plan.space.parameters} & {*plan.static, OBJECTIVE}
    if both:
        raise ValidationError(
            message=f"A hyperparameter must be either static or have a range, got both for: "
            f"{', '.join(sorted(both))}"
        )


def _check_strategy(plan: TuningPlan, config: dict[str, Any]) -> None:
    if plan.strategy == "Grid":
        _check_grid(plan)
    elif plan.max_jobs is None:
        raise ValidationError(
            message=f"ResourceLimits.MaxNumberOfTrainingJobs must be given for the strategy "
            f"{plan.strategy}"
        )
    elif plan.space.combinations < plan.max_jobs:
        raise ValidationError(  # aws/amazon-sagemaker-operator-for-k8s#123
            message="You don't have enough combinations of hyperparameter ranges. The total number "
            "of hyperparameter combinations for the provided ranges "
            f"[{float(plan.space.combinations)}] must be equal or greater than the value of "
            f"MaxNumberOfJobs, [{plan.max_jobs}]. Provide additional ranges."
        )
    if plan.strategy == "Hyperband":
        _check_hyperband(plan)
    elif config.get("StrategyConfig"):
        raise ValidationError(
            message=f"StrategyConfig must be left out for the strategy {plan.strategy}: it is "
            "Hyperband's"
        )


def _check_grid(plan: TuningPlan) -> None:
    # https://docs.aws.amazon.com/sagemaker/latest/dg/automatic-model-tuning-how-it-works.html
    others = [one for one in plan.space.parameters if not isinstance(one, Categorical)]
    if others:
        raise ValidationError(
            message="The strategy Grid must have categorical ranges only, got "
            + ", ".join(f"{one.kind} {one.name}" for one in others)
        )
    if plan.max_jobs != plan.space.combinations:
        raise ValidationError(
            message="ResourceLimits.MaxNumberOfTrainingJobs must be left out for the strategy "
            f"Grid, or be the number of combinations, {int(plan.space.combinations)}; "
            f"got {plan.max_jobs}"
        )


def _check_hyperband(plan: TuningPlan) -> None:
    if plan.stops_early:
        raise ValidationError(
            message="TrainingJobEarlyStoppingType must be Off for the strategy Hyperband, which "
            "stops jobs itself"
        )
    if plan.hyperband is None:
        raise ValidationError(  # awslabs/graphstorm#1243, and the names
            message="MaxResource parameter is not provided and could not be inferred from provided "
            f"static hyperparameters of TrainingJobDefinition: {', '.join(EPOCHS)}"
        )
    least, most = plan.hyperband.least, plan.hyperband.most
    if not least <= most <= _MAX_EPOCHS:
        raise ValidationError(
            message="HyperbandStrategyConfig.MaxResource must be at least MinResource and at most "
            f"{_MAX_EPOCHS}, got {least} and {most}"
        )


def _check_quotas(plan: TuningPlan, records: Iterable[Any], earlier_jobs: int) -> None:
    running = sum(
        one.hyper_parameter_tuning_job_status in ("InProgress", "Stopping") for one in records
    )
    _check_quota("hyperparameter tuning jobs at once", _MAX_TUNING_JOBS, running + 1)
    # Those of a warm start's parents count: API_HyperParameterTuningJobWarmStartConfig.html
    max_jobs = plan.max_jobs or 0
    of_one = "of one hyperparameter tuning job"
    # AWS raises the quota of a random search only.
    most = _MAX_TRAINING_JOBS_AT_MOST if plan.strategy == "Random" else _MAX_TRAINING_JOBS
    _check_quota(f"training jobs {of_one}", most, max_jobs + earlier_jobs)
    _check_quota(f"parallel training jobs {of_one}", _MAX_PARALLEL_AT_MOST, plan.max_parallel)
    for quota, wanted, what in (
        (_MAX_PARALLEL, plan.max_parallel, "training jobs at once"),
        (_MAX_TRAINING_JOBS, max_jobs + earlier_jobs, "training jobs"),
    ):
        if wanted > quota:
            LOG.warning(
                "%s: AWS's quota of %s is %s until it is raised, and this tuning job may start %s",
                *(plan.name, what, quota, wanted),
            )


def _check_quota(what: str, limit: int, wanted: int) -> None:
    if wanted > limit:
        raise EmulatorError(
            "ResourceLimitExceeded",
            f"The account-level service limit '{what}' is {limit}, got {wanted}. Please contact "
            "AWS support to request an increase for this limit.",
        )


def _check_training(jobs: RunningJobs, backend: Any, plan: TuningPlan) -> None:
    """Refuse what every training job would be refused for."""
    values = {one.name: one.at(math.nextafter(1, 0)) for one in plan.space.parameters}
    request = plan.training_request(plan.max_jobs or 1, values)
    shape = operation_model("sagemaker", "CreateTrainingJob").input_shape
    problem = validation_message("CreateTrainingJob", shape, request)
    if problem:
        raise ValidationError(message=problem)
    check_training(jobs, backend, request)
