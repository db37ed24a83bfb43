import copy

import pytest

from emulator.runtime.errors import UnsupportedError
from emulator.runtime.requests.checks import (
    check_container,
    check_instance_type,
    check_processing_request,
    check_training_request,
)

CONTAINER = {"Image": "image", "ModelDataUrl": "s3://bucket/model.tar.gz"}


@pytest.fixture
def training(training_request):
    request = training_request("")
    source = {"S3DataType": "S3Prefix", "S3Uri": "s3://bucket/x"}
    request["InputDataConfig"] = [{"ChannelName": "train", "DataSource": {"S3DataSource": source}}]
    return request


def changed(request, path, value):
    """Return a copy with one field changed; a number in the path is an index."""
    request = copy.deepcopy(request)
    *parents, last = [int(name) if name.isdigit() else name for name in path.split(".")]
    target = request
    for name in parents:
        target = target[name] if isinstance(name, int) else target.setdefault(name, {})
    target[last] = value
    return request


VPC = {"Subnets": ["subnet-0a1b"], "SecurityGroupIds": ["sg-0a1b"]}


def test_jobs_in_a_vpc_with_encryption_pass(processing_request, training):
    request = changed(processing_request(""), "NetworkConfig.VpcConfig", VPC)
    request["NetworkConfig"]["EnableInterContainerTrafficEncryption"] = True
    check_processing_request(
        changed(request, "ProcessingResources.ClusterConfig.VolumeKmsKeyId", "key")
    )
    training = {**training, "VpcConfig": VPC, "EnableInterContainerTrafficEncryption": True}
    check_training_request(changed(training, "ResourceConfig.VolumeKmsKeyId", "key"))


def test_fails_for_an_invalid_security_group(training):
    vpc = {**VPC, "SecurityGroupIds": ["group-1"]}
    with pytest.raises(UnsupportedError, match=r"VpcConfig.SecurityGroupIds: .* 'group-1'; give"):
        check_training_request({**training, "VpcConfig": vpc})


def test_supported_requests_pass(processing_request, training):
    check_processing_request(processing_request(""))
    check_training_request(training)
    check_training_request(
        changed(training, "AlgorithmSpecification.TrainingInputMode", "FastFile")
    )
    check_container(CONTAINER)
    check_instance_type("ml.m5.large", "InstanceType")


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("ProcessingResources.ClusterConfig.InstanceCount", 2),
        ("ProcessingResources.ClusterConfig.InstanceType", "ml.p3.2xlarge"),
        ("NetworkConfig.EnableNetworkIsolation", True),
        ("NetworkConfig.VpcConfig.Subnets", ["net-1"]),
        ("AppSpecification.ContainerEntrypoint", None),
        ("ProcessingInputs.0.DatasetDefinition", {"LocalPath": "/opt/ml/processing/x"}),
        ("ProcessingInputs.0.S3Input.S3DataType", "ManifestFile"),
        ("ProcessingInputs.0.S3Input.S3InputMode", "Pipe"),
        ("ProcessingInputs.0.S3Input.S3CompressionType", "Gzip"),
        ("ProcessingInputs.0.S3Input.LocalPath", "/data"),
        ("ProcessingInputs.0.S3Input.LocalPath", "/opt/ml/processing/../../../etc"),
        ("ProcessingOutputConfig.Outputs.0.S3Output.S3UploadMode", "Continuous"),
        ("ProcessingOutputConfig.Outputs.0.FeatureStoreOutput", {"FeatureGroupName": "x"}),
    ],
)
def test_fails_for_an_unsupported_processing_request(processing_request, path, value):
    _assert_refused(check_processing_request, changed(processing_request(""), path, value), path)


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("ResourceConfig.InstanceCount", 3),
        ("ResourceConfig.InstanceType", "ml.g5.xlarge"),
        ("ResourceConfig.InstanceGroups", [{"InstanceGroupName": "a"}]),
        ("EnableNetworkIsolation", True),
        ("DebugRuleConfigurations", [{"RuleConfigurationName": "x"}]),
        ("RemoteDebugConfig.EnableRemoteDebug", True),
        ("AlgorithmSpecification.TrainingImageConfig.TrainingRepositoryAccessMode", "Vpc"),
        ("AlgorithmSpecification.AlgorithmName", "arn"),
        ("AlgorithmSpecification.TrainingImage", None),
        ("AlgorithmSpecification.TrainingInputMode", "Pipe"),
        ("AlgorithmSpecification.MetricDefinitions", [{"Name": "a", "Regex": "("}]),
        ("InputDataConfig.0.InputMode", "Pipe"),
        ("InputDataConfig.0.CompressionType", "Gzip"),
        ("InputDataConfig.0.RecordWrapperType", "RecordIO"),
        ("InputDataConfig.0.ShuffleConfig", {"Seed": 1}),
        ("InputDataConfig.0.DataSource.FileSystemDataSource", {"FileSystemId": "x"}),
        ("InputDataConfig.0.DataSource.S3DataSource.S3DataType", "AugmentedManifestFile"),
    ],
)
def test_fails_for_an_unsupported_training_request(training, path, value):
    _assert_refused(check_training_request, changed(training, path, value), path)


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("Mode", "MultiModel"),
        ("Image", None),
        ("ModelPackageName", "arn"),
        ("ImageConfig.RepositoryAccessMode", "Vpc"),
        ("ModelDataUrl", "s3://bucket/model.zip"),
        ("Environment.SAGEMAKER_MULTI_MODEL", "true"),
    ],
)
def test_fails_for_an_unsupported_container(path, value):
    _assert_refused(check_container, changed(CONTAINER, path, value), path)


def _assert_refused(check, request, path):
    with pytest.raises(UnsupportedError) as raised:
        check(request)
    field, _, rest = str(raised.value).partition(": ")
    assert field.endswith(path.split(".")[-1])
    assert "cannot run" in rest
    assert "; " in rest  # and the alternative
