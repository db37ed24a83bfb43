"""Refusals of requests that the emulator cannot run, before anything is created.

Each check raises an `UnsupportedError` that names the field, its value, and an alternative.
"""

from __future__ import annotations

import re
from typing import Any

from emulator.runtime.errors import UnsupportedError
from emulator.runtime.requests.members import check_members
from emulator.runtime.requests.parts import listed, part

_ACCELERATED = re.compile(r"ml\.(p|g|inf|trn)\d")
_PROCESSING = "/opt/ml/processing/"
_ML = "/opt/ml/"
_CHECKPOINTS = "/opt/ml/checkpoints"
_VPC_IDS = {"Subnets": "subnet", "SecurityGroupIds": "sg"}


def check_processing_request(request: dict[str, Any]) -> None:
    """Refuse a CreateProcessingJob request that cannot run here."""
    check_members("CreateProcessingJob", request)
    cluster = request.get("ProcessingResources", {}).get("ClusterConfig", {})
    _check_cluster(cluster, "ProcessingResources.ClusterConfig")
    network = part(request, "NetworkConfig")
    check_vpc(network.get("VpcConfig"), "NetworkConfig.VpcConfig")
    if not part(request, "AppSpecification").get("ContainerEntrypoint"):
        _refuse("AppSpecification.ContainerEntrypoint", None, "name the program to run")
    for index, item in enumerate(listed(request, "ProcessingInputs")):
        field = f"ProcessingInputs[{index}]"
        s3_input = part(item, "S3Input")
        _check_value(s3_input, f"{field}.S3Input", "S3DataType", "S3Prefix")
        _check_value(s3_input, f"{field}.S3Input", "S3InputMode", "File")
        _check_value(s3_input, f"{field}.S3Input", "S3CompressionType", "None")
        _check_local_path(s3_input, f"{field}.S3Input")
    outputs = listed(part(request, "ProcessingOutputConfig"), "Outputs")
    for index, item in enumerate(outputs):
        field = f"ProcessingOutputConfig.Outputs[{index}]"
        s3_output = part(item, "S3Output")
        _check_value(s3_output, f"{field}.S3Output", "S3UploadMode", "EndOfJob")
        _check_local_path(s3_output, f"{field}.S3Output")


def check_training_request(request: dict[str, Any]) -> None:
    """Refuse a CreateTrainingJob request that cannot run here."""
    check_members("CreateTrainingJob", request)
    _check_cluster(part(request, "ResourceConfig"), "ResourceConfig")
    check_vpc(request.get("VpcConfig"), "VpcConfig")
    algorithm = part(request, "AlgorithmSpecification")
    field = "AlgorithmSpecification"
    if not algorithm.get("TrainingImage"):
        _refuse(f"{field}.TrainingImage", None, "give the image of the training container")
    _check_value(algorithm, field, "TrainingInputMode", "File", "FastFile")
    image_config = part(algorithm, "TrainingImageConfig")
    _check_value(
        image_config, f"{field}.TrainingImageConfig", "TrainingRepositoryAccessMode", "Platform"
    )
    for definition in listed(algorithm, "MetricDefinitions"):
        try:
            re.compile(definition["Regex"])
        except re.error as error:
            _refuse(f"{field}.MetricDefinitions", definition["Regex"], f"fix it: {error}")
    _check_checkpoints(request)
    for channel in listed(request, "InputDataConfig"):
        _check_channel(channel, f"InputDataConfig[{channel.get('ChannelName')}]")


def check_transform_request(request: dict[str, Any]) -> None:
    """Refuse a CreateTransformJob request that cannot run here."""
    check_members("CreateTransformJob", request)
    _check_cluster(part(request, "TransformResources"), "TransformResources")
    filters = part(request, "DataProcessing")
    for member, everything in (("InputFilter", "$"), ("OutputFilter", "$"), ("JoinSource", "None")):
        _check_value(filters, "DataProcessing", member, everything)
    source = part(request, "TransformInput")
    _check_value(source, "TransformInput", "SplitType", "None", "Line")
    s3_source = part(source, "DataSource", "S3DataSource")
    _check_value(s3_source, "TransformInput.DataSource.S3DataSource", "S3DataType", "S3Prefix")
    if request.get("MaxPayloadInMB") == 0:
        _refuse("MaxPayloadInMB", 0, "give a limit: requests are not sent in chunks")


def check_container(container: dict[str, Any]) -> None:
    """Refuse a container definition of a model that cannot be served here."""
    _check_value(container, "Container", "Mode", "SingleModel")
    if container.get("ModelPackageName"):
        _refuse("Container.ModelPackageName", container["ModelPackageName"], "give Image")
    image_config = part(container, "ImageConfig")
    _check_value(image_config, "Container.ImageConfig", "RepositoryAccessMode", "Platform")
    if not container.get("Image"):
        _refuse("Container.Image", None, "give the image of the model server")
    url = container.get("ModelDataUrl")
    if url and not (url.startswith("s3://") and url.endswith(".tar.gz")):
        _refuse("Container.ModelDataUrl", url, "give the s3:// address of a .tar.gz")
    if part(container, "Environment").get("SAGEMAKER_MULTI_MODEL"):
        _refuse("Container.Environment.SAGEMAKER_MULTI_MODEL", "set", "serve one model each")


def check_vpc(vpc: dict[str, Any] | None, field: str) -> None:
    """Refuse a VPC configuration whose names are not those of subnets and security groups.

    It has no other effect: everything runs on this machine.
    """
    for member, prefix in _VPC_IDS.items():
        for given in listed(vpc or {}, member):
            if not re.fullmatch(rf"{prefix}-[0-9a-f]+", given):
                _refuse(
                    f"{field}.{member}", given, f"give the id of one: {prefix}-0123456789abcdef0"
                )


def check_instance_type(instance_type: str | None, field: str) -> None:
    """Refuse an instance type with accelerators, which a job or model might need."""
    if _ACCELERATED.match(instance_type or ""):
        _refuse(field, instance_type, "choose an instance type without GPU or accelerator")


def _check_channel(channel: dict[str, Any], field: str) -> None:
    s3_source = part(channel, "DataSource", "S3DataSource")
    _check_value(s3_source, f"{field}.DataSource.S3DataSource", "S3DataType", "S3Prefix")
    _check_value(channel, field, "InputMode", "File", "FastFile")
    _check_value(channel, field, "CompressionType", "None")
    _check_value(channel, field, "RecordWrapperType", "None")


def _check_checkpoints(request: dict[str, Any]) -> None:
    path = part(request, "CheckpointConfig").get("LocalPath") or _CHECKPOINTS
    if not path.startswith(_ML) or ".." in path.split("/") or path.rstrip("/") == _ML.rstrip("/"):
        _refuse("CheckpointConfig.LocalPath", path, f"choose a path below {_ML}, as {_CHECKPOINTS}")


def _check_cluster(cluster: dict[str, Any], field: str) -> None:
    if cluster.get("InstanceCount", 1) != 1:
        _refuse(f"{field}.InstanceCount", cluster["InstanceCount"], "use 1: jobs run on one host")
    check_instance_type(cluster.get("InstanceType"), f"{field}.InstanceType")


def _check_local_path(data: dict[str, Any], field: str) -> None:
    path = data.get("LocalPath") or ""
    if not path.startswith(_PROCESSING) or ".." in path.split("/"):
        _refuse(f"{field}.LocalPath", path, f"choose a path below {_PROCESSING}")


def _check_value(given: dict[str, Any], field: str, name: str, *supported: str) -> None:
    value = given.get(name) or supported[0]
    if value not in supported:
        _refuse(f"{field}.{name}", value, f"use {' or '.join(supported)}")


def _refuse(field: str, given: object, remedy: str) -> None:
    raise UnsupportedError(f"{field}: the emulator cannot run {given!r}; {remedy}")
