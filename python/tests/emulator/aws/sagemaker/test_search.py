"""Search by the properties of resources."""

import pytest
from botocore.exceptions import ClientError


@pytest.fixture
def sagemaker(client):
    return client("sagemaker")


@pytest.fixture
def names(sagemaker, request_for, name, until):
    """Train three jobs; the second fails."""
    request = request_for("TrainingJob")
    made = [f"{name}-0", f"{name}-1-fails", f"{name}-2"]
    for number, job in enumerate(made):
        sagemaker.create_training_job(
            TrainingJobName=job,
            **{
                **request,
                "HyperParameters": {"depth": str(number)},
                "Tags": [{"Key": "team", "Value": f"{name}-{number % 2}"}],
                "StoppingCondition": {"MaxRuntimeInSeconds": 100 * (number + 1)},
            },
        )
        until(
            lambda job=job: (
                sagemaker.describe_training_job(TrainingJobName=job)["TrainingJobStatus"]
                in ("Completed", "Failed")
            )
        )
    return made


def found(sagemaker, expression, **options):
    answer = sagemaker.search(
        Resource="TrainingJob",
        SearchExpression=expression,
        SortBy="CreationTime",
        SortOrder="Ascending",
        **options,
    )
    return [one["TrainingJob"]["TrainingJobName"] for one in answer["Results"]]


def one(name, operator=None, value=None):
    given = {"Operator": operator, "Value": value}
    return {"Name": name, **{key: item for key, item in given.items() if item is not None}}


def test_a_job_is_found_by_every_kind_of_property(sagemaker, names, name):
    first, failed, last = names
    artifact = f"s3://bucket/model-artifacts/{first}/output/model.tar.gz"
    mine = one("TrainingJobName", "Contains", name)
    image = "AlgorithmSpecification.TrainingImage"
    seconds = "StoppingCondition.MaxRuntimeInSeconds"
    for expected, wanted in (
        ([first], one("ModelArtifacts.S3ModelArtifacts", "Equals", artifact)),
        ([first, last], one("ModelArtifacts.S3ModelArtifacts", "Exists")),
        ([failed], one("ModelArtifacts.S3ModelArtifacts", "NotExists")),
        ([failed], one("TrainingJobStatus", "Equals", "Failed")),
        ([first, last], one("TrainingJobStatus", "NotEquals", "Failed")),
        ([first, last], one("TrainingJobStatus", "In", "Completed, Stopped")),
        ([failed], one("Tags.team", "Equals", f"{name}-1")),
        ([], one("Tags.owner", "Exists")),
        ([last], one("HyperParameters.depth", "Equals", "2")),
        ([failed, last], one(seconds, "GreaterThan", "100")),
        ([first, failed], one(seconds, "LessThanOrEqualTo", "200")),
        ([first, last], one("Metrics.test_r2", "GreaterThan", "0.7")),
        ([], one("Metrics.test_r2", "LessThan", "0.7")),
        ([first, failed, last], one(image, "Contains", "sagemaker-scikit-learn")),
        ([first, failed, last], one("CreationTime", "GreaterThan", "2020-01-01T00:00:00Z")),
        ([first], one("TrainingJobName", value=first)),
    ):
        assert found(sagemaker, {"Filters": [mine, wanted]}) == expected, wanted


def test_expressions_nest(sagemaker, names, name):
    first, _, last = names
    mine = {"Filters": [one("TrainingJobName", "Contains", name)]}
    either = {
        "Operator": "Or",
        "Filters": [one("TrainingJobName", value=first), one("TrainingJobName", value=last)],
    }
    assert found(sagemaker, {"SubExpressions": [mine, either]}) == [first, last]
    nested = {
        "NestedPropertyName": "FinalMetricDataList",
        "Filters": [
            one("FinalMetricDataList.MetricName", value="test_r2"),
            one("FinalMetricDataList.Value", "GreaterThan", "0.7"),
        ],
    }
    assert found(sagemaker, {**mine, "NestedFilters": [nested]}) == [first, last]


def test_results_are_sorted_and_paginated(sagemaker, names, name):
    mine = {"Filters": [one("TrainingJobName", "Contains", name)]}
    pages = sagemaker.get_paginator("search").paginate(
        Resource="TrainingJob", SearchExpression=mine, MaxResults=2
    )
    seen = [[one["TrainingJob"]["TrainingJobName"] for one in page["Results"]] for page in pages]
    assert seen == [[names[2], names[1]], [names[0]]]  # the newest first


def test_packages_groups_and_endpoints_are_found(sagemaker, serving, name):
    sagemaker.create_model_package_group(
        ModelPackageGroupName=name, Tags=[{"Key": "of", "Value": name}]
    )
    wanted = {"Filters": [one("Tags.of", value=name)]}
    (group,) = sagemaker.search(Resource="ModelPackageGroup", SearchExpression=wanted)["Results"]
    assert group["ModelPackageGroup"]["ModelPackageGroupName"] == name
    serving.create("a")
    serving.settled()
    wanted = {"Filters": [one("EndpointName", value=name)]}
    (endpoint,) = sagemaker.search(Resource="Endpoint", SearchExpression=wanted)["Results"]
    assert endpoint["Endpoint"]["EndpointStatus"] == "InService"


@pytest.mark.parametrize(
    ("filters", "expected"),
    [
        ([one("Colour", value="red")], "Unknown property name: Colour"),
        ([one("ModelArtifacts.Size", value="1")], r"Unknown property name: ModelArtifacts\.Size"),
        ([one("TrainingJobName", "Equals")], "needs a Value"),
        ([one("TrainingJobName", "Exists", "x")], "takes no Value"),
        (
            [one("TrainingTimeInSeconds", "GreaterThan", "long")],
            "'long' .* must be of type integer",
        ),
        ([one("TrainingTimeInSeconds", "Contains", "1")], "Contains does not apply"),
    ],
)
def test_fails_for_invalid_filters(sagemaker, filters, expected):
    with pytest.raises(ClientError, match=f"ValidationException.*{expected}"):
        found(sagemaker, {"Filters": filters})


def test_fails_for_a_resource_that_is_not_searched(sagemaker):
    with pytest.raises(ClientError, match="cannot search 'FeatureGroup'; it searches Endpoint"):
        sagemaker.search(Resource="FeatureGroup")
