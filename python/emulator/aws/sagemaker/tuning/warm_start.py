"""Warm starts: what a tuning job learns from earlier ones, and from which it may.

Source: https://docs.aws.amazon.com/sagemaker/latest/dg/automatic-model-tuning-warm-start.html
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from moto.sagemaker.exceptions import ValidationError

from emulator.aws.sagemaker.tuning.plan import TuningPlan
from emulator.aws.sagemaker.tuning.trials import OVER
from emulator.runtime.tuning.space import Categorical
from emulator.runtime.tuning.study import Finding

_MAX_CHANGES = 10


def check_warm_start(plan: TuningPlan, records: Mapping[str, Any]) -> int:
    """Refuse parents that the tuning job cannot begin with; return how many jobs they started."""
    for name in plan.parents:
        record = records.get(name)
        if record is None:
            raise ValidationError(message=f"The parent tuning job {name} must exist")
        status = record.hyper_parameter_tuning_job_status
        if status not in OVER:
            raise ValidationError(
                message=f"The parent tuning job {name} must have ended, got the status {status}"
            )
        _check_parent(plan, record.plan)
    return sum(len(records[name].trials) for name in plan.parents)


def findings(plan: TuningPlan, records: Mapping[str, Any]) -> list[Finding]:
    """Return what the training jobs of a plan's parents found."""
    return [
        Finding({**record.plan.static, **trial.values}, trial.objective)
        for record in (records[name] for name in plan.parents if name in records)
        for trial in record.trials
        if trial.objective is not None
    ]


def _check_parent(plan: TuningPlan, parent: TuningPlan) -> None:
    def refuse(what: str, given: Any, known: Any) -> None:
        raise ValidationError(
            message=f"{what} must be as in the parent tuning job {parent.name}, got {given} "
            f"instead of {known}"
        )

    if (plan.metric, plan.maximize) != (parent.metric, parent.maximize):
        refuse("The objective metric", plan.metric, parent.metric)
    counts = [len(one.static) + len(one.space.parameters) for one in (plan, parent)]
    if counts[0] != counts[1]:
        refuse("The number of static and tunable hyperparameters", *counts)
    known = {one.name: one.kind for one in parent.space.parameters}
    for one in plan.space.parameters:
        if known.get(one.name, one.kind) != one.kind:
            refuse(f"The type of the hyperparameter {one.name}", one.kind, known[one.name])
    changes = sum(_changes(plan, parent))
    if changes > _MAX_CHANGES:
        raise ValidationError(
            message=f"At most {_MAX_CHANGES} changes of static hyperparameters, or from tunable to "
            f"static, must lie between a tuning job and its parent {parent.name}, got {changes}"
        )
    if plan.is_same_data:
        _check_same_data(plan, parent, refuse)


def _changes(plan: TuningPlan, parent: TuningPlan) -> Iterator[int]:
    tunable = {one.name: one for one in parent.space.parameters}
    for name, value in plan.static.items():
        before = tunable.get(name)
        if before is not None:
            yield len(before.values) if isinstance(before, Categorical) else 1
        elif name in parent.static and parent.static[name] != value:
            yield 1


def _check_same_data(plan: TuningPlan, parent: TuningPlan, refuse: Any) -> None:
    given, known = plan.definition, parent.definition
    image = ("AlgorithmSpecification", "TrainingImage")
    images = [one[image[0]].get(image[1]) for one in (given, known)]
    if images[0] != images[1]:
        refuse("The training image", *images)
    channels = [one.get("InputDataConfig") for one in (given, known)]
    if channels[0] != channels[1]:
        refuse("InputDataConfig", *channels)
