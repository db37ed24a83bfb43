"""Training jobs: download of channels, the training script, upload of model and output archives."""

from __future__ import annotations

import contextlib
import json
import threading
from collections.abc import Callable
from typing import Any

from emulator.runtime.data.archives import pack
from emulator.runtime.data.s3 import (
    download_prefix,
    join,
    upload_file,
    upload_tree,
)
from emulator.runtime.data.source import get_source
from emulator.runtime.errors import JobFault
from emulator.runtime.jobs.checkpoints import DEFAULT_FOLDER, CheckpointFolder
from emulator.runtime.jobs.job import Ended, Job, JobOutcome
from emulator.runtime.jobs.script_mode import CODE_DIR, ScriptMode
from emulator.runtime.requests.parts import listed, part

_GROUP = "homogeneousCluster"


def model_artifacts_uri(request: dict[str, Any]) -> str:
    """Return ``ModelArtifacts.S3ModelArtifacts`` for a CreateTrainingJob request."""
    name = "model" if _is_uncompressed(request) else "model.tar.gz"
    return join(_output_uri(request), name)


def run_training_job(
    job: Job, request: dict[str, Any], job_arn: str, on_phase: Callable[[str, str], None]
) -> JobOutcome:
    """Run a training job with a checked request; a `JobFault` is its failure reason."""
    on_phase("Downloading", "Downloading input data")
    script_mode = _prepare(job, request)
    checkpoints = _checkpoints(job, request)
    if checkpoints:
        checkpoints.download()
    on_phase("Training", "Training image download completed. Training in progress.")
    environment = {
        "TRAINING_JOB_NAME": request["TrainingJobName"],
        "TRAINING_JOB_ARN": job_arn,
        **part(request, "Environment"),
    }
    max_runtime = part(request, "StoppingCondition").get("MaxRuntimeInSeconds")
    algorithm = part(request, "AlgorithmSpecification")
    entrypoint = algorithm.get("ContainerEntrypoint")
    with checkpoints.kept_in_s3() if checkpoints else contextlib.nullcontext():
        if entrypoint:
            arguments = [*entrypoint, *listed(algorithm, "ContainerArguments")]
            ended = job.run(arguments, environment, "/opt/ml", max_runtime)
        else:
            ended = _run_script(job, script_mode, environment, max_runtime)

    if ended.early != "Interrupted":
        on_phase("Uploading", "Uploading generated training model")
        _upload(job, request, model=ended.exit_code == 0 or ended.early is not None)
    if ended.early:
        return JobOutcome("Stopped", secondary_status=ended.early, metrics=job.log.metrics)
    if ended.exit_code:
        reason = f"AlgorithmError: {_failure(job) or f'exit code: {ended.exit_code}'}"
        return JobOutcome("Failed", reason, secondary_status="Failed", metrics=job.log.metrics)
    return JobOutcome("Completed", secondary_status="Completed", metrics=job.log.metrics)


def _prepare(job: Job, request: dict[str, Any]) -> ScriptMode:
    """Write the input of the container below /opt/ml."""
    channels = listed(request, "InputDataConfig")
    for channel in channels:
        uri = channel["DataSource"]["S3DataSource"]["S3Uri"]
        download_prefix(job.s3, uri, job.local(f"/opt/ml/input/data/{channel['ChannelName']}"))
    mode = part(request, "AlgorithmSpecification").get("TrainingInputMode", "File")
    input_data_config = {
        channel["ChannelName"]: {
            "TrainingInputMode": channel.get("InputMode") or mode,
            "S3DistributionType": channel["DataSource"]["S3DataSource"].get(
                "S3DataDistributionType", "FullyReplicated"
            ),
            "RecordWrapperType": "None",
            **({"ContentType": channel["ContentType"]} if channel.get("ContentType") else {}),
        }
        for channel in channels
    }
    instance_type = part(request, "ResourceConfig").get("InstanceType", "local")
    group = {"instance_group_name": _GROUP, "instance_type": instance_type, "hosts": ["algo-1"]}
    resource_config = {
        "current_host": "algo-1",
        "current_instance_type": instance_type,
        "current_group_name": _GROUP,
        "hosts": ["algo-1"],
        "instance_groups": [group],
        "network_interface_name": "eth0",
    }
    config = job.root / "input" / "config"
    config.mkdir(parents=True, exist_ok=True)
    for name, content in (
        ("hyperparameters", part(request, "HyperParameters")),
        ("inputdataconfig", input_data_config),
        ("resourceconfig", resource_config),
    ):
        (config / f"{name}.json").write_text(json.dumps(content), "utf-8")
    for name in ("model", "code", "output/data", "output/intermediate", "checkpoints"):
        (job.root / name).mkdir(parents=True, exist_ok=True)
    return ScriptMode(request, resource_config, input_data_config)


def _checkpoints(job: Job, request: dict[str, Any]) -> CheckpointFolder | None:
    config = request.get("CheckpointConfig")
    if not config:
        return None
    folder = job.local(config.get("LocalPath") or DEFAULT_FOLDER)
    written = job.spot.has_checkpoint if job.spot else threading.Event()
    return CheckpointFolder(job.s3, folder, config["S3Uri"], written)


def _run_script(
    job: Job, script_mode: ScriptMode, environment: dict[str, str], max_runtime: float | None
) -> Ended:
    """Get the source, install, and run the script, like the toolkit in the image."""
    if not script_mode.program:
        raise JobFault(
            "AlgorithmError: the job has no program; set the hyperparameter sagemaker_program, "
            "or AlgorithmSpecification.ContainerEntrypoint"
        )
    get_source(job.s3, script_mode.submit_directory, job.root)
    variables = {**environment, **script_mode.variables()}
    *installs, script = script_mode.commands(job)
    for command in installs:
        ended = job.run(command, variables, CODE_DIR, max_runtime)
        if ended.exit_code:
            _write_failure(job, "InstallRequirementsError", ended, command)
            return ended
    ended = job.run(script, variables, CODE_DIR, max_runtime)
    if ended.exit_code:
        _write_failure(job, "ExecuteUserScriptError", ended, script)
    return ended


def _write_failure(job: Job, error: str, ended: Ended, command: list[str]) -> None:
    """Write the toolkit's failure file, unless the script wrote one."""
    path = job.root / "output" / "failure"
    if not path.exists():
        path.write_text(
            f'{error}:\nExitCode {ended.exit_code}\nErrorMessage ""\nCommand "{" ".join(command)}"',
            "utf-8",
        )


def _failure(job: Job) -> str:
    path = job.root / "output" / "failure"
    return path.read_text("utf-8", "replace").strip() if path.is_file() else ""


def _upload(job: Job, request: dict[str, Any], *, model: bool) -> None:
    """Upload the job's outputs; a failed job has no model."""
    kms_key = request["OutputDataConfig"].get("KmsKeyId")
    folders = {"output": job.root / "output" / "data"}
    if not any(folders["output"].iterdir()):
        folders.clear()
    if model:
        folders["model"] = job.root / "model"
    for name, folder in folders.items():
        if _is_uncompressed(request):
            upload_tree(job.s3, folder, join(_output_uri(request), name), kms_key)
            continue
        archive = job.directory / f"{name}.tar.gz"
        pack(folder, archive)
        upload_file(job.s3, archive, join(_output_uri(request), archive.name), kms_key)


def _output_uri(request: dict[str, Any]) -> str:
    return join(request["OutputDataConfig"]["S3OutputPath"], f"{request['TrainingJobName']}/output")


def _is_uncompressed(request: dict[str, Any]) -> bool:
    return request["OutputDataConfig"].get("CompressionType") == "NONE"
