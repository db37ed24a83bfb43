"""Descriptions and lists: whole by the service's model, and what was asked for."""

import pytest

from emulator.aws.operations import operation_model, service_model
from emulator.aws.sagemaker.answers import without_empty_structures
from tests.emulator.aws.answer_shapes import answer_problems
from tests.emulator.aws.conftest import IMAGE, ROLE

ASKED = {
    "DebugHookConfig": {"S3OutputPath": "s3://bucket/", "CollectionConfigurations": []},
    "ProfilerConfig": {"S3OutputPath": "s3://bucket/", "DisableProfiler": False},
    "ExperimentConfig": {"TrialComponentDisplayName": "x"},
    "RetryStrategy": {"MaximumRetryAttempts": 1},
    "Environment": {"A": "b"},
}


@pytest.fixture
def sagemaker(client):
    return client("sagemaker")


@pytest.fixture
def everything(sagemaker, request_for, serving, name):
    """One of each resource that runs here, with few options; gives the calls that describe them."""
    sagemaker.create_training_job(TrainingJobName=name, **request_for("TrainingJob"))
    sagemaker.create_processing_job(ProcessingJobName=name, **request_for("ProcessingJob"))
    serving.create("a")
    serving.settled()
    model = f"{name}-a"
    source = {"S3DataSource": {"S3DataType": "S3Prefix", "S3Uri": f"s3://{name}/model"}}
    sagemaker.create_transform_job(
        TransformJobName=name,
        ModelName=model,
        TransformInput={"DataSource": source},
        TransformOutput={"S3OutputPath": f"s3://{name}/out"},
        TransformResources={"InstanceType": "ml.m5.large", "InstanceCount": 1},
    )
    sagemaker.create_model_package_group(ModelPackageGroupName=name)
    container = {"Image": IMAGE, "ModelDataUrl": f"s3://{name}/model.tar.gz"}
    package = sagemaker.create_model_package(
        ModelPackageGroupName=name,
        InferenceSpecification={"Containers": [container], "SupportedContentTypes": ["text/csv"]},
    )["ModelPackageArn"]
    serverless = {"MemorySizeInMB": 1024, "MaxConcurrency": 1}
    sagemaker.create_endpoint_config(
        EndpointConfigName=f"{name}-serverless",
        ProductionVariants=[
            {"VariantName": "a", "ModelName": model, "ServerlessConfig": serverless}
        ],
    )
    return [
        ("DescribeTrainingJob", {"TrainingJobName": name}),
        ("DescribeProcessingJob", {"ProcessingJobName": name}),
        ("DescribeTransformJob", {"TransformJobName": name}),
        ("DescribeModel", {"ModelName": model}),
        ("DescribeEndpointConfig", {"EndpointConfigName": model}),
        ("DescribeEndpointConfig", {"EndpointConfigName": f"{name}-serverless"}),
        ("DescribeEndpoint", {"EndpointName": name}),
        ("DescribeModelPackageGroup", {"ModelPackageGroupName": name}),
        ("DescribeModelPackage", {"ModelPackageName": package}),
        ("ListTrainingJobs", {}),
        ("ListProcessingJobs", {}),
        ("ListTransformJobs", {}),
        ("ListModels", {}),
        ("ListEndpointConfigs", {}),
        ("ListEndpoints", {}),
        ("ListModelPackageGroups", {}),
        ("ListModelPackages", {"ModelPackageGroupName": name}),
        ("ListTags", {"ResourceArn": package}),
        *(
            ("Search", {"Resource": resource})
            for resource in ("TrainingJob", "ModelPackage", "ModelPackageGroup", "Endpoint")
        ),
    ]


def test_every_description_and_list_is_whole(sagemaker, everything):
    problems = []
    for operation, request in everything:
        answer = sagemaker._make_api_call(operation, request)
        del answer["ResponseMetadata"]
        shape = operation_model("sagemaker", operation).output_shape
        problems += answer_problems(shape, answer, operation)
    # A version has its group's name instead, on AWS as here.
    assert problems == ["DescribeModelPackage.ModelPackageName is missing"]


def test_a_description_has_what_was_asked_for_and_aws_own_defaults(sagemaker, request_for, name):
    request = {**request_for("TrainingJob"), **ASKED}
    sagemaker.create_training_job(TrainingJobName=name, **request)
    described = sagemaker.describe_training_job(TrainingJobName=name)
    assert {member: described.get(member) for member in ASKED} == ASKED
    # The SageMaker SDK attaches to a job by these.
    assert described["OutputDataConfig"]["KmsKeyId"] == ""
    assert described["EnableNetworkIsolation"] is False


def test_a_model_and_a_configuration_have_what_was_asked_for(sagemaker, serving, name):
    serving.model(name)
    network = {"SecurityGroupIds": ["sg-0a1b"], "Subnets": ["subnet-0a1b"]}
    container = {"Image": IMAGE, "ContainerHostname": "first"}
    sagemaker.create_model(
        ModelName=f"{name}-vpc",
        ExecutionRoleArn=ROLE,
        PrimaryContainer=container,
        VpcConfig=network,
    )
    model = sagemaker.describe_model(ModelName=f"{name}-vpc")
    assert model["VpcConfig"] == network
    assert model["PrimaryContainer"].items() >= container.items()
    variant = {"VariantName": "a", "ModelName": name, "InstanceType": "ml.m5.large"}
    routing = {"RoutingStrategy": "RANDOM"}
    asked = {**variant, "InitialInstanceCount": 1, "RoutingConfig": routing}
    sagemaker.create_endpoint_config(EndpointConfigName=name, ProductionVariants=[asked])
    (given,) = sagemaker.describe_endpoint_config(EndpointConfigName=name)["ProductionVariants"]
    assert given.items() >= asked.items()


def test_empty_structures_are_left_out_and_empty_lists_and_maps_stay():
    shape = service_model("sagemaker").operation_model("DescribeModel").output_shape
    answer = {
        "ModelName": "x",
        "VpcConfig": {},
        "ExecutionRoleArn": None,
        "Containers": [],
        "PrimaryContainer": {"Environment": {}, "ImageConfig": {}, "ModelDataSource": None},
    }
    assert without_empty_structures(shape, answer) == {
        "ModelName": "x",
        "Containers": [],
        "PrimaryContainer": {"Environment": {}},
    }
