"""Lists of tuning jobs and of their training jobs, and the search for them."""

import datetime

import pytest
from botocore.exceptions import ClientError

UTC = datetime.timezone.utc


def depth_of(one):
    return int(one["TunedHyperParameters"]["depth"])


@pytest.fixture
def ran(tuning):
    """Run a tuning job whose first training job fails."""

    def run(request, log, stop):
        if request["TrainingJobName"].startswith(f"{tuning.name}-001"):
            raise RuntimeError("it broke")
        log(float(request["HyperParameters"]["depth"]))

    tuning.script(run)
    return tuning.run()


def test_training_jobs_are_listed_by_name_status_and_objective(tuning, ran):
    names = [one["TrainingJobName"] for one in tuning.jobs(tuning.name)]
    assert names == sorted(names)
    by_name = tuning.jobs(tuning.name, SortOrder="Descending")
    assert [one["TrainingJobName"] for one in by_name] == names[::-1]
    by_objective = tuning.jobs(
        tuning.name, SortBy="FinalObjectiveMetricValue", SortOrder="Descending"
    )
    assert [depth_of(one) for one in by_objective] == sorted(map(depth_of, by_objective))[::-1]
    assert len(by_objective) == 3
    assert by_objective[0] == ran["BestTrainingJob"]
    (failed,) = tuning.jobs(tuning.name, StatusEquals="Failed")
    assert failed["TrainingJobName"] == names[0]
    assert "FinalHyperParameterTuningJobObjectiveMetric" not in failed
    by_status = tuning.jobs(tuning.name, SortBy="Status")
    assert [one["TrainingJobStatus"] for one in by_status] == [*["Completed"] * 3, "Failed"]


def test_training_jobs_come_in_pages(client, tuning, ran):
    listing = client("sagemaker").get_paginator("list_training_jobs_for_hyper_parameter_tuning_job")
    pages = list(
        listing.paginate(HyperParameterTuningJobName=tuning.name, PaginationConfig={"PageSize": 3})
    )
    assert [len(page["TrainingJobSummaries"]) for page in pages] == [3, 1]
    with pytest.raises(ClientError, match="Invalid pagination token"):
        tuning.jobs(tuning.name, NextToken="x")


def test_tuning_jobs_are_listed_by_name_status_and_time(client, tuning, ran):
    def found(**options):
        listed = client("sagemaker").list_hyper_parameter_tuning_jobs(
            NameContains=tuning.name, **options
        )["HyperParameterTuningJobSummaries"]
        return [one["HyperParameterTuningJobName"] for one in listed]

    tuning.run("-b")
    both = [tuning.name, f"{tuning.name}-b"]
    assert found() == found(SortBy="CreationTime") == both
    assert found(SortOrder="Descending", MaxResults=1) == both[1:]
    assert found(StatusEquals="Completed") == both
    assert found(StatusEquals="Failed") == []
    now = datetime.datetime.now(UTC)
    hour = datetime.timedelta(hours=1)
    for name in ("CreationTime", "LastModifiedTime"):
        assert found(**{f"{name}After": now - hour, f"{name}Before": now + hour}) == both
        assert found(**{f"{name}After": now + hour}) == []
        assert found(**{f"{name}Before": now - hour}) == []
    (summary,) = client("sagemaker").list_hyper_parameter_tuning_jobs(
        NameContains=f"{tuning.name}-b"
    )["HyperParameterTuningJobSummaries"]
    assert summary["Strategy"] == "Random"
    assert summary["ResourceLimits"] == ran["HyperParameterTuningJobConfig"]["ResourceLimits"]
    assert summary["TrainingJobStatusCounters"]["Completed"] == 4


def test_a_tuning_job_and_its_training_jobs_are_found_by_search(client, tuning, ran):
    def search(resource, name, value):
        expression = {"Filters": [{"Name": name, "Operator": "Equals", "Value": value}]}
        return client("sagemaker").search(Resource=resource, SearchExpression=expression)["Results"]

    best = ran["BestTrainingJob"]["TrainingJobName"]
    (found,) = search("HyperParameterTuningJob", "BestTrainingJob.TrainingJobName", best)
    assert found["HyperParameterTuningJob"]["HyperParameterTuningJobName"] == tuning.name
    jobs = search("TrainingJob", "TuningJobArn", ran["HyperParameterTuningJobArn"])
    assert len(jobs) == 4
