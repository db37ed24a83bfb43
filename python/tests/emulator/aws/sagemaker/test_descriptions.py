"""Descriptions and lists are complete by the service's model, and match the requests."""

import pytest

from emulator.aws.protocol.operations import operation_model, service_model
from emulator.aws.sagemaker.descriptions import without_empty_structures
from emulator.runtime.requests.members import MEMBERS, paths
from tests.emulator.aws.conftest import IMAGE, ROLE
from tests.emulator.aws.sagemaker.response_shapes import response_problems

NETWORK = {"SecurityGroupIds": ["sg-0a1b"], "Subnets": ["subnet-0a1b"]}
EXPERIMENT = {"TrialComponentDisplayName": "x"}


def s3_source(bucket):
    return {"S3DataSource": {"S3DataType": "S3Prefix", "S3Uri": f"s3://{bucket}/model"}}


def training_job(bucket):
    return {
        "CheckpointConfig": {"S3Uri": f"s3://{bucket}/checkpoints"},
        "DebugHookConfig": {"S3OutputPath": f"s3://{bucket}/", "CollectionConfigurations": []},
        "EnableInterContainerTrafficEncryption": True,
        "EnableManagedSpotTraining": True,
        "Environment": {"A": "b"},
        "ExperimentConfig": EXPERIMENT,
        "HyperParameters": {"n": "1"},
        "InfraCheckConfig": {"EnableInfraCheck": True},
        "InputDataConfig": [{"ChannelName": "train", "DataSource": s3_source(bucket)}],
        "ProfilerConfig": {"S3OutputPath": f"s3://{bucket}/", "DisableProfiler": False},
        "RetryStrategy": {"MaximumRetryAttempts": 1},
        "StoppingCondition": {"MaxRuntimeInSeconds": 60, "MaxWaitTimeInSeconds": 60},
        "VpcConfig": NETWORK,
    }


def processing_job(bucket):
    source = {"S3Uri": f"s3://{bucket}/model", "S3DataType": "S3Prefix", "S3InputMode": "File"}
    output = {"S3Uri": f"s3://{bucket}/out", "S3UploadMode": "EndOfJob"}
    local = {"LocalPath": "/opt/ml/processing/a"}
    return {
        "Environment": {"A": "b"},
        "ExperimentConfig": EXPERIMENT,
        "NetworkConfig": {"EnableInterContainerTrafficEncryption": True, "VpcConfig": NETWORK},
        "ProcessingInputs": [{"InputName": "a", "S3Input": {**source, **local}}],
        "ProcessingOutputConfig": {
            "Outputs": [{"OutputName": "a", "S3Output": {**output, **local}}]
        },
    }


def transform_job(bucket):
    return {
        "BatchStrategy": "SingleRecord",
        "DataProcessing": {"InputFilter": "$", "OutputFilter": "$", "JoinSource": "None"},
        "Environment": {"A": "b"},
        "ExperimentConfig": EXPERIMENT,
        "MaxConcurrentTransforms": 1,
        "MaxPayloadInMB": 1,
        "ModelClientConfig": {"InvocationsTimeoutInSeconds": 9, "InvocationsMaxRetries": 1},
        "ModelName": bucket,
        "TransformInput": {"DataSource": s3_source(bucket), "SplitType": "Line"},
        "TransformOutput": {"S3OutputPath": f"s3://{bucket}/out", "AssembleWith": "Line"},
        "TransformResources": {"InstanceType": "ml.m5.large", "InstanceCount": 1},
    }


def model(bucket):
    container = {"Image": IMAGE, "ContainerHostname": "first", "Environment": {"A": "b"}}
    return {
        "ExecutionRoleArn": ROLE,
        "PrimaryContainer": {**container, "ModelDataUrl": f"s3://{bucket}/model.tar.gz"},
        "VpcConfig": NETWORK,
    }


def endpoint_config(bucket):
    variant = {"VariantName": "a", "ModelName": bucket, "InstanceType": "ml.m5.large"}
    routing = {"RoutingStrategy": "RANDOM"}
    return {
        "AsyncInferenceConfig": {"OutputConfig": {"S3OutputPath": f"s3://{bucket}/out"}},
        "DataCaptureConfig": {
            "EnableCapture": False,
            "InitialSamplingPercentage": 1,
            "DestinationS3Uri": f"s3://{bucket}/captured",
            "CaptureOptions": [{"CaptureMode": "Input"}],
        },
        "ExecutionRoleArn": ROLE,
        "KmsKeyId": "alias/aws/sagemaker",
        "ProductionVariants": [{**variant, "InitialInstanceCount": 1, "RoutingConfig": routing}],
    }


ASKED = {
    "TrainingJob": training_job,
    "ProcessingJob": processing_job,
    "TransformJob": transform_job,
    "Model": model,
    "EndpointConfig": endpoint_config,
}
OTHER_WAYS = {"Containers"}  # or PrimaryContainer


@pytest.fixture
def sagemaker(client):
    return client("sagemaker")


@pytest.fixture
def everything(sagemaker, request_for, serving, name):
    """Create one of each resource, with few options; return the calls that describe them."""
    sagemaker.create_training_job(TrainingJobName=name, **request_for("TrainingJob"))
    sagemaker.create_processing_job(ProcessingJobName=name, **request_for("ProcessingJob"))
    captured = {
        "EnableCapture": True,
        "InitialSamplingPercentage": 100,
        "DestinationS3Uri": f"s3://{name}/captured",
        "CaptureOptions": [{"CaptureMode": "Input"}],
    }
    serving.create("a", capture=captured)
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


def test_every_description_and_list_is_complete(sagemaker, everything):
    problems = []
    for operation, request in everything:
        answer = sagemaker._make_api_call(operation, request)
        del answer["ResponseMetadata"]
        shape = operation_model("sagemaker", operation).output_shape
        problems += response_problems(shape, answer, operation)
    # A version has its group's name instead, as on AWS.
    assert problems == ["DescribeModelPackage.ModelPackageName is missing"]


def test_a_description_has_awss_defaults(sagemaker, request_for, name):
    sagemaker.create_training_job(TrainingJobName=name, **request_for("TrainingJob"))
    described = sagemaker.describe_training_job(TrainingJobName=name)
    # The SageMaker SDK needs these to attach to a job.
    assert described["OutputDataConfig"]["KmsKeyId"] == ""
    assert described["EnableNetworkIsolation"] is False


@pytest.mark.parametrize("noun", sorted(ASKED))
def test_a_description_has_all_members_of_its_request(sagemaker, serving, request_for, noun):
    serving.model(serving.name)
    request = {**ASKED[noun](serving.name), f"{noun}Name": f"{serving.name}-all"}
    if noun in ("TrainingJob", "ProcessingJob"):
        request = {**request_for(noun), **request}
    sagemaker._make_api_call(f"Create{noun}", request)
    described = sagemaker._make_api_call(f"Describe{noun}", {f"{noun}Name": request[f"{noun}Name"]})
    assert missing(request, described) == []
    assert taken_and_described(noun) - set(request) - OTHER_WAYS == set()


def missing(asked, described, where=""):
    """Return the members of a request that a description lacks."""
    if isinstance(asked, dict) and isinstance(described, dict):
        return [
            place
            for key, value in asked.items()
            for place in missing(value, described.get(key), f"{where}.{key}")
        ]
    if isinstance(asked, list) and isinstance(described, list) and len(asked) == len(described):
        return [
            place
            for i, (one, other) in enumerate(zip(asked, described))
            for place in missing(one, other, f"{where}[{i}]")
        ]
    return [] if asked == described else [f"{where}: {described}"]


def taken_and_described(noun):
    """Return the members that the emulator accepts and that the description has."""
    members = MEMBERS[f"Create{noun}"]
    texts = (members.honoured, members.recorded, *members.idle.values())
    taken = {path.partition(".")[0] for text in texts for path in paths(text)}
    return taken & set(operation_model("sagemaker", f"Describe{noun}").output_shape.members)


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
