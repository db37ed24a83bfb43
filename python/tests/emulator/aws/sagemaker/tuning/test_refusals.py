"""Tuning jobs that are refused before there is one."""

import copy

import pytest
from botocore.exceptions import ClientError

from tests.emulator.aws.sagemaker.tuning.conftest import GRID, RANGES

OTHER = {"Type": "Maximize", "MetricName": "x"}
NO_ROLE = "arn:aws:iam::123456789012:role/none"


def numeric(kind, low, high, scale="Auto"):
    given = {"Name": "rate", "MinValue": low, "MaxValue": high, "ScalingType": scale}
    return {f"{kind}ParameterRanges": [given]}


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"ranges": {}}, "ParameterRanges must have at least one range"),
        ({"ranges": numeric("Integer", "5", "5")}, "MinValue below its MaxValue, got 5 and 5"),
        ({"ranges": numeric("Continuous", "2", "1")}, "MinValue below its MaxValue, got 2 and 1"),
        ({"ranges": numeric("Continuous", "0", "1", "Logarithmic")}, "above 0 for a Logarithmic"),
        ({"ranges": numeric("Integer", "0", "9", "ReverseLogarithmic")}, "must be continuous"),
        ({"ranges": {"AutoParameters": [{"Name": "a", "ValueHint": "1"}]}}, "AutoParameters"),
        (
            {"ranges": {"CategoricalParameterRanges": GRID["CategoricalParameterRanges"][:1]}},
            "You don't have enough combinations of hyperparameter ranges. The total number of "
            "hyperparameter combinations for the provided ranges [2.0] must be equal or greater "
            "than the value of MaxNumberOfJobs, [4]. Provide additional ranges.",
        ),
        (
            {
                "config": {
                    "HyperParameterTuningJobObjective": {"Type": "Maximize", "MetricName": "x"}
                }
            },
            "A metric is required for this hyperparameter tuning job objective. Provide a metric "
            "in the metric definitions.",
        ),
        ({"definition": {"StaticHyperParameters": {"depth": "1"}}}, "got both for: depth"),
        ({"config": {"Strategy": "Grid"}}, "categorical ranges only, got integer depth"),
        (
            {
                "config": {"Strategy": "Grid"},
                "ranges": GRID,
                "limits": {"MaxNumberOfTrainingJobs": 3},
            },
            "the number of combinations, 4; got 3",
        ),
        (
            {"config": {"Strategy": "Hyperband", "TrainingJobEarlyStoppingType": "Auto"}},
            "TrainingJobEarlyStoppingType must be Off",
        ),
        (
            {"config": {"Strategy": "Hyperband"}, "definition": {"StaticHyperParameters": {}}},
            "could not be inferred from provided static hyperparameters of TrainingJobDefinition",
        ),
        (
            {
                "config": {"Strategy": "Hyperband"},
                "definition": {"StaticHyperParameters": {"n_epochs": "20001"}},
            },
            "at most 20000, got 1 and 20001",
        ),
        (
            {
                "config": {
                    "Strategy": "Hyperband",
                    "StrategyConfig": {
                        "HyperbandStrategyConfig": {"MinResource": 5, "MaxResource": 4}
                    },
                }
            },
            "at least MinResource",
        ),
        (
            {"config": {"StrategyConfig": {"HyperbandStrategyConfig": {"MaxResource": 4}}}},
            "StrategyConfig must be left out for the strategy Random",
        ),
        (
            {
                "config": {
                    "TuningJobCompletionCriteria": {
                        "BestObjectiveNotImproving": {"MaxNumberOfTrainingJobsNotImproving": 2}
                    }
                }
            },
            "greater than or equal to 3",
        ),
        ({"limits": {"MaxRuntimeInSeconds": 60}}, "greater than or equal to 120"),
        ({"limits": {"MaxParallelTrainingJobs": 0}}, "greater than or equal to 1"),
        ({"suffix": "-" + "x" * 40}, "less than or equal to 32"),
        (
            {"definition": {"StaticHyperParameters": {f"h{i}": "1" for i in range(100)}}},
            "'hyperParameters' failed to satisfy constraint",
        ),
        ({"definition": {"ResourceConfig": None}}, "Value null at 'resourceConfig'"),
        (
            {"definition": {"RoleArn": "arn:aws:iam::123456789012:role/none"}},
            "Could not assume role",
        ),
        (
            {"definition": {"EnableNetworkIsolation": True}},
            "TrainingJobDefinition.EnableNetworkIsolation: the emulator cannot run True",
        ),
        ({"TrainingJobDefinition": None}, "TrainingJobDefinition must be given"),
        ({"Autotune": {"Mode": "Enabled"}}, "Autotune: the emulator cannot run"),
        (
            {
                "WarmStartConfig": {
                    "WarmStartType": "TransferLearning",
                    "ParentHyperParameterTuningJobs": [{"HyperParameterTuningJobName": "none"}],
                }
            },
            "The parent tuning job none must exist",
        ),
    ],
)
def test_a_request_that_aws_or_this_machine_cannot_run_is_refused(client, tuning, changes, message):
    request = tuning.request(**changes)
    for holder in (request, request.get("TrainingJobDefinition") or {}):
        for key in [key for key, value in holder.items() if value is None]:
            del holder[key]
    with pytest.raises(ClientError) as refused:
        client("sagemaker", checked=False).create_hyper_parameter_tuning_job(**request)
    assert refused.value.response["Error"]["Code"] == "ValidationException"
    assert message in str(refused.value)
    listed = client("sagemaker").list_hyper_parameter_tuning_jobs(NameContains=tuning.name)
    assert listed["HyperParameterTuningJobSummaries"] == []


def test_a_missing_number_of_jobs_is_refused_but_for_a_grid(client, tuning):
    request = tuning.request()
    del request["HyperParameterTuningJobConfig"]["ResourceLimits"]["MaxNumberOfTrainingJobs"]
    with pytest.raises(ClientError, match="MaxNumberOfTrainingJobs must be given for the strategy"):
        client("sagemaker").create_hyper_parameter_tuning_job(**request)


@pytest.mark.parametrize(
    ("strategy", "limits", "what"),
    [
        ("Bayesian", {"MaxNumberOfTrainingJobs": 751}, "tuning job' is 750, got 751"),
        ("Random", {"MaxNumberOfTrainingJobs": 10_001}, "tuning job' is 10000, got 10001"),
        ("Random", {"MaxParallelTrainingJobs": 101}, "parallel training jobs of one"),
    ],
)
def test_quotas_are_refused_by_the_error_of_limits(tuning, strategy, limits, what):
    ranges = numeric("Continuous", "0", "1")
    error = tuning.refusal(limits=limits, ranges=ranges, config={"Strategy": strategy})
    assert error["Code"] == "ResourceLimitExceeded"
    assert what in error["Message"]


def test_more_parallel_jobs_than_a_new_account_may_are_said_and_run(tuning, caplog):
    tuning.script(lambda request, log, stop: log(1.0))
    assert tuning.run(limits={"MaxParallelTrainingJobs": 11})["BestTrainingJob"]
    assert "quota of training jobs at once is 10 until it is raised" in caplog.text


def test_a_name_is_taken_for_ever(tuning, client):
    tuning.script(lambda request, log, stop: log(1.0))
    tuning.run()
    in_use = client("sagemaker").exceptions.ResourceInUse
    with pytest.raises(in_use, match=f"with the name, {tuning.name}, already exists"):
        tuning.create()


@pytest.mark.parametrize(
    "verb",
    [
        "describe_hyper_parameter_tuning_job",
        "stop_hyper_parameter_tuning_job",
        "list_training_jobs_for_hyper_parameter_tuning_job",
    ],
)
def test_a_tuning_job_that_is_not_there_is_not_found(client, verb):
    sagemaker = client("sagemaker")
    with pytest.raises(sagemaker.exceptions.ResourceNotFound, match="a tuning job called none"):
        getattr(sagemaker, verb)(HyperParameterTuningJobName="none")


def test_the_resources_of_a_tuning_job_may_be_given_in_their_own_structure(tuning, client):
    tuning.script(lambda request, log, stop: log(1.0))
    request = tuning.request()
    definition = copy.deepcopy(request["TrainingJobDefinition"])
    definition["HyperParameterTuningResourceConfig"] = definition.pop("ResourceConfig")
    client("sagemaker").create_hyper_parameter_tuning_job(
        **{**request, "TrainingJobDefinition": definition}
    )
    best = tuning.ended(tuning.name)["BestTrainingJob"]["TrainingJobName"]
    job = client("sagemaker").describe_training_job(TrainingJobName=best)
    assert job["ResourceConfig"] == definition["HyperParameterTuningResourceConfig"]


def test_all_given_ranges_are_described(tuning):
    tuning.script(lambda request, log, stop: log(1.0))
    config = tuning.run()["HyperParameterTuningJobConfig"]
    assert config["ParameterRanges"] == RANGES
