"""Tuning jobs that begin with what others found."""

import pytest

from tests.emulator.aws.sagemaker.tuning.conftest import GRID

STATIC = {"StaticHyperParameters": {"epochs": "9"}}


def log_depth(request, log, stop):
    log(float(request["HyperParameters"]["depth"]))


def start(*parents, kind="IdenticalDataAndAlgorithm"):
    return {
        "ParentHyperParameterTuningJobs": [
            {"HyperParameterTuningJobName": name} for name in parents
        ],
        "WarmStartType": kind,
    }


def depth_range(low, high):
    return {
        "IntegerParameterRanges": [{"Name": "depth", "MinValue": low, "MaxValue": high}],
        "CategoricalParameterRanges": [{"Name": "kind", "Values": ["a", "b"]}],
    }


@pytest.fixture
def parent(tuning):
    tuning.script(log_depth)
    tuning.run("-p")
    return f"{tuning.name}-p"


def test_the_best_of_all_is_named_with_its_tuning_job(tuning, parent):
    best = tuning.describe(parent)["BestTrainingJob"]
    job = tuning.run("-c", ranges=depth_range("1", "2"), WarmStartConfig=start(parent))
    own = {"TuningJobName": parent}
    assert job["OverallBestTrainingJob"] == {**best, **own}
    assert int(job["BestTrainingJob"]["TunedHyperParameters"]["depth"]) <= 2
    assert job["WarmStartConfig"] == start(parent)


def test_transfer_learning_has_no_overall_best(tuning, parent):
    job = tuning.run("-c", WarmStartConfig=start(parent, kind="TransferLearning"))
    assert "OverallBestTrainingJob" not in job


def test_a_bayesian_search_begins_with_the_findings(tuning, client, until):
    asked = []

    def log_and_keep(request, log, stop):
        asked.append(int(request["HyperParameters"]["depth"]))
        log(float(-abs(asked[-1] - 40)))

    tuning.script(log_and_keep)
    limits = {"MaxNumberOfTrainingJobs": 20, "MaxParallelTrainingJobs": 1}
    tuning.run("-p", limits=limits)
    limits["MaxNumberOfTrainingJobs"] = 6
    config = {"Strategy": "Bayesian"}
    tuning.run("-cold", limits=limits, config=config)
    tuning.run("-warm", limits=limits, config=config, WarmStartConfig=start(f"{tuning.name}-p"))
    cold, warm = ([abs(depth - 40) for depth in part] for part in (asked[20:26], asked[26:]))
    assert sum(warm) < sum(cold)


def test_a_hyperparameter_may_become_static(tuning, parent):
    definition = {"StaticHyperParameters": {"epochs": "9", "kind": "a"}}
    ranges = {key: value for key, value in depth_range("1", "9").items() if "Integer" in key}
    job = tuning.run("-c", ranges=ranges, definition=definition, WarmStartConfig=start(parent))
    assert job["HyperParameterTuningJobStatus"] == "Completed"


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"definition": {"StaticHyperParameters": {}}}, "number of static and tunable"),
        (
            {
                "ranges": {
                    "CategoricalParameterRanges": [
                        {"Name": "depth", "Values": ["1", "2"]},
                        {"Name": "kind", "Values": ["a", "b"]},
                    ]
                }
            },
            "The type of the hyperparameter depth must be as in the parent tuning job",
        ),
        (
            {
                "config": {
                    "HyperParameterTuningJobObjective": {"Type": "Minimize", "MetricName": "score"}
                }
            },
            "The objective metric must be as in the parent tuning job",
        ),
        (
            {
                "definition": {
                    **STATIC,
                    "InputDataConfig": [
                        {
                            "ChannelName": "train",
                            "DataSource": {
                                "S3DataSource": {
                                    "S3DataType": "S3Prefix",
                                    "S3Uri": "s3://bucket/train",
                                }
                            },
                        }
                    ],
                }
            },
            "InputDataConfig must be as in the parent tuning job",
        ),
    ],
)
def test_a_parent_that_differs_too_much_is_refused(tuning, parent, changes, message):
    error = tuning.refusal(suffix="-c", WarmStartConfig=start(parent), **changes)
    assert error["Code"] == "ValidationException"
    assert message in error["Message"]


def test_other_data_may_be_used_in_transfer_learning(tuning, parent):
    source = {"S3DataSource": {"S3DataType": "S3Prefix", "S3Uri": "s3://bucket/train"}}
    channels = [{"ChannelName": "train", "DataSource": source}]
    job = tuning.run(
        "-c",
        definition={**STATIC, "InputDataConfig": channels},
        WarmStartConfig=start(parent, kind="TransferLearning"),
    )
    assert job["HyperParameterTuningJobStatus"] == "Completed"


def test_more_than_ten_changes_of_static_hyperparameters_are_refused(tuning):
    tuning.script(log_depth)
    many = {f"h{i}": "1" for i in range(11)}
    tuning.run("-p", definition={"StaticHyperParameters": many})
    changed = dict.fromkeys(many, "2")
    error = tuning.refusal(
        suffix="-c",
        definition={"StaticHyperParameters": changed},
        WarmStartConfig=start(f"{tuning.name}-p"),
    )
    assert "At most 10 changes of static hyperparameters" in error["Message"]
    assert error["Message"].endswith("got 11")


def test_a_parent_must_have_ended(tuning):
    tuning.script(lambda request, log, stop: stop.wait() and None)
    name = tuning.create("-p")
    error = tuning.refusal(suffix="-c", WarmStartConfig=start(name))
    assert "must have ended, got the status InProgress" in error["Message"]
    tuning.stop(name)
    tuning.ended(name)


def test_the_jobs_of_parents_count_against_the_quota(tuning, parent):
    limits = {"MaxNumberOfTrainingJobs": 747}
    config = {"Strategy": "Bayesian"}
    ranges = depth_range("1", "10000")
    error = tuning.refusal(
        suffix="-c", limits=limits, ranges=ranges, config=config, WarmStartConfig=start(parent)
    )
    assert error["Code"] == "ResourceLimitExceeded"
    assert "is 750, got 751" in error["Message"]


def test_a_grid_names_the_overall_best_too(tuning):
    tuning.script(lambda request, log, stop: log(float(request["HyperParameters"]["size"])))
    grid = {"ranges": GRID, "config": {"Strategy": "Grid"}}
    tuning.run("-p", **grid)
    job = tuning.run("-c", WarmStartConfig=start(f"{tuning.name}-p"), **grid)
    assert job["OverallBestTrainingJob"]["TuningJobName"] == f"{tuning.name}-c"
