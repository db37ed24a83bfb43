"""What is answered about tuning jobs: descriptions, and lists of them and of their jobs."""

from __future__ import annotations

import datetime
import json
from collections.abc import Callable, Mapping
from typing import Any

from moto.core.responses import ActionResult
from moto.core.utils import utcnow
from moto.sagemaker.exceptions import ResourceNotFound, ValidationError
from moto.sagemaker.models import sagemaker_backends

from emulator.aws.account import ACCOUNT, REGION
from emulator.aws.sagemaker.tuning.plan import OBJECTIVE, TuningPlan
from emulator.aws.sagemaker.tuning.trials import (
    Trial,
    best_of,
    objective_counters,
    status_counters,
)
from emulator.runtime.tuning.rules import not_improving

_DEFAULT_PAGE = 10


def describe(record: Any) -> dict[str, Any]:
    """Return a tuning job as DescribeHyperParameterTuningJob does."""
    status = record.hyper_parameter_tuning_job_status  # first: what it sums up may still change
    plan: TuningPlan = record.plan
    trials: list[Trial] = list(record.trials)
    best = best_of(trials, maximize=plan.maximize)
    ended = record.hyper_parameter_tuning_end_time
    static = {**plan.static, OBJECTIVE: plan.metric}
    description = {
        **_summary(record, status, trials),
        "HyperParameterTuningJobConfig": record.hyper_parameter_tuning_job_config,
        "TrainingJobDefinition": {**plan.definition, "StaticHyperParameters": static},
        "BestTrainingJob": best.summary(plan.metric) if best else None,
        "OverallBestTrainingJob": _overall_best(plan, trials),
        "WarmStartConfig": record.warm_start_config,
        "FailureReason": record.failure_reason,
        "TuningJobCompletionDetails": {
            "NumberOfTrainingJobsObjectiveNotImproving": not_improving(
                list(record.objectives), maximize=plan.maximize
            ),
            "ConvergenceDetectedTime": record.convergence_time,
        },
        "ConsumedResources": {
            "RuntimeInSeconds": int(((ended or utcnow()) - record.creation_time).total_seconds())
        },
    }
    return {
        name: value
        for name, value in description.items()
        if value is not None and name not in ("Strategy", "ResourceLimits")
    }


def find_tuning_job(response: Any) -> Any:
    """Return the record that a request names.

    Raises
    ------
    ResourceNotFound
        If there is none.
    """
    name = response._get_param("HyperParameterTuningJobName")
    record = response.sagemaker_backend.hyper_parameter_tuning_jobs.get(name)
    if record is None:
        raise ResourceNotFound(  # aws/amazon-sagemaker-examples#1540
            message=f"Amazon SageMaker can't find a tuning job called {name}. Type another name."
        )
    return record


def describe_tuning_job(response: Any) -> ActionResult:
    """Answer DescribeHyperParameterTuningJob."""
    return ActionResult(describe(find_tuning_job(response)))


def list_tuning_jobs(response: Any) -> ActionResult:
    """Answer ListHyperParameterTuningJobs."""
    request = json.loads(response.body)
    records = list(response.sagemaker_backend.hyper_parameter_tuning_jobs.values())
    found = [
        _summary(one, one.hyper_parameter_tuning_job_status, list(one.trials)) for one in records
    ]
    found = [one for one in found if _is_wanted(one, request)]
    keys: dict[str, Callable[[dict[str, Any]], Any]] = {
        "Name": lambda one: one["HyperParameterTuningJobName"],
        "Status": lambda one: one["HyperParameterTuningJobStatus"],
        "CreationTime": lambda one: one["CreationTime"],
    }
    return _page("HyperParameterTuningJobSummaries", found, keys, request)


def list_training_jobs(response: Any) -> ActionResult:
    """Answer ListTrainingJobsForHyperParameterTuningJob."""
    request = json.loads(response.body)
    record = find_tuning_job(response)
    status, objective = request.get("StatusEquals"), "FinalHyperParameterTuningJobObjectiveMetric"
    found = [trial.summary(record.plan.metric) for trial in list(record.trials)]
    found = [one for one in found if status in (None, one["TrainingJobStatus"])]
    if request.get("SortBy") == "FinalObjectiveMetricValue":
        found = [one for one in found if objective in one]
    keys: dict[str, Callable[[dict[str, Any]], Any]] = {
        "Name": lambda one: one["TrainingJobName"],
        "Status": lambda one: one["TrainingJobStatus"],
        "CreationTime": lambda one: one["CreationTime"],
        "FinalObjectiveMetricValue": lambda one: one[objective]["Value"],
    }
    return _page("TrainingJobSummaries", found, keys, request)


def _summary(record: Any, status: str, trials: list[Trial]) -> dict[str, Any]:
    config = record.hyper_parameter_tuning_job_config
    summary = {
        "HyperParameterTuningJobName": record.hyper_parameter_tuning_job_name,
        "HyperParameterTuningJobArn": record.arn,
        "HyperParameterTuningJobStatus": status,
        "Strategy": config["Strategy"],
        "CreationTime": record.creation_time,
        "HyperParameterTuningEndTime": record.hyper_parameter_tuning_end_time,
        "LastModifiedTime": record.last_modified_time,
        "TrainingJobStatusCounters": status_counters(trials),
        "ObjectiveStatusCounters": objective_counters(trials),
        "ResourceLimits": config["ResourceLimits"],
    }
    return {name: value for name, value in summary.items() if value is not None}


def _overall_best(plan: TuningPlan, trials: list[Trial]) -> dict[str, Any] | None:
    if not plan.is_same_data:
        return None
    records: dict[str, Any] = sagemaker_backends[ACCOUNT][REGION].hyper_parameter_tuning_jobs
    parents = [records[name] for name in plan.parents if name in records]
    owners = [(plan.name, trials), *((one.plan.name, list(one.trials)) for one in parents)]
    best = best_of([trial for _, all_of in owners for trial in all_of], maximize=plan.maximize)
    if best is None:
        return None
    owner = next(name for name, all_of in owners if best in all_of)
    return {**best.summary(plan.metric), "TuningJobName": owner}


def _is_wanted(one: Mapping[str, Any], request: Mapping[str, Any]) -> bool:
    times = {
        "CreationTimeAfter": lambda limit: one["CreationTime"] > limit,
        "CreationTimeBefore": lambda limit: one["CreationTime"] < limit,
        "LastModifiedTimeAfter": lambda limit: one["LastModifiedTime"] > limit,
        "LastModifiedTimeBefore": lambda limit: one["LastModifiedTime"] < limit,
    }
    return (
        (request.get("NameContains") or "") in one["HyperParameterTuningJobName"]
        and request.get("StatusEquals") in (None, one["HyperParameterTuningJobStatus"])
        and all(
            is_within(_time(request[name]))
            for name, is_within in times.items()
            if request.get(name) is not None
        )
    )


def _time(seconds: float) -> datetime.datetime:
    # moto's times have no zone and are in UTC.
    return datetime.datetime.fromtimestamp(seconds, datetime.timezone.utc).replace(tzinfo=None)


def _page(
    member: str,
    found: list[dict[str, Any]],
    keys: Mapping[str, Callable[[dict[str, Any]], Any]],
    request: Mapping[str, Any],
) -> ActionResult:
    descending = request.get("SortOrder") == "Descending"
    found.sort(key=keys[request.get("SortBy") or "Name"], reverse=descending)
    token = request.get("NextToken") or "0"
    if not token.isdecimal() or int(token) > len(found):
        raise ValidationError(message=f"Invalid pagination token: {token}")
    start, size = int(token), request.get("MaxResults") or _DEFAULT_PAGE
    rest = {"NextToken": str(start + size)} if start + size < len(found) else {}
    return ActionResult({member: found[start : start + size], **rest})
