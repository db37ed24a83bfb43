"""Processing jobs: download of inputs, the container's command, upload of outputs."""

from __future__ import annotations

import json
from typing import Any

from emulator.runtime.data.s3 import download_prefix, upload_tree
from emulator.runtime.errors import JobFault
from emulator.runtime.jobs.job import Job, JobOutcome
from emulator.runtime.requests.parts import listed, part

_MAX_MESSAGE_BYTES = 1024


def run_processing_job(job: Job, request: dict[str, Any], job_arn: str) -> JobOutcome:
    """Run a processing job with a checked request; a `JobFault` is its failure reason."""
    inputs = listed(request, "ProcessingInputs")
    for item in inputs:
        s3_input = item["S3Input"]
        download_prefix(job.s3, s3_input["S3Uri"], job.local(s3_input["LocalPath"]))
    output_config = part(request, "ProcessingOutputConfig")
    outputs = [item["S3Output"] for item in listed(output_config, "Outputs")]
    for output in outputs:
        job.local(output["LocalPath"]).mkdir(parents=True, exist_ok=True)
    _write_config(job, request, job_arn)
    (job.root / "output").mkdir()

    specification = request["AppSpecification"]
    arguments = [
        *specification["ContainerEntrypoint"],
        *listed(specification, "ContainerArguments"),
    ]
    max_runtime = part(request, "StoppingCondition").get("MaxRuntimeInSeconds")
    ended = job.run(arguments, part(request, "Environment"), "/opt/ml", max_runtime)

    message = _exit_message(job)
    if ended.early == "Stopped":
        return JobOutcome("Stopped", exit_message=message)
    if ended.early == "MaxRuntimeExceeded":
        reason = f"ClientError: Max runtime exceeded: the job ran longer than {max_runtime} s"
        return JobOutcome("Failed", reason, exit_message=message)
    if ended.exit_code:
        reason = f"AlgorithmError: See job logs for more information, exit code: {ended.exit_code}"
        return JobOutcome("Failed", reason, exit_message=message)
    for output in outputs:
        folder = job.local(output["LocalPath"])
        upload_tree(job.s3, folder, output["S3Uri"], output_config.get("KmsKeyId"))
    return JobOutcome("Completed", exit_message=message)


def _write_config(job: Job, request: dict[str, Any], job_arn: str) -> None:
    """Write the container's config file: the request, with missing options as null."""
    config = {
        "ProcessingJobArn": job_arn,
        "ProcessingJobName": request["ProcessingJobName"],
        "AppSpecification": {
            "ImageUri": request["AppSpecification"]["ImageUri"],
            "ContainerEntrypoint": request["AppSpecification"].get("ContainerEntrypoint"),
            "ContainerArguments": request["AppSpecification"].get("ContainerArguments"),
        },
        "Environment": request.get("Environment"),
        "ProcessingInputs": [
            {**item, "S3Input": {**item["S3Input"], "S3DownloadMode": "StartOfJob"}}
            for item in listed(request, "ProcessingInputs")
        ],
        "ProcessingOutputConfig": request.get("ProcessingOutputConfig"),
        "ProcessingResources": request["ProcessingResources"],
        "RoleArn": request["RoleArn"],
        "StoppingCondition": request.get("StoppingCondition"),
    }
    folder = job.root / "config"
    folder.mkdir()
    (folder / "processingjobconfig.json").write_text(json.dumps(config), "utf-8")
    hosts = {"current_host": "algo-1", "hosts": ["algo-1"]}
    (folder / "resourceconfig.json").write_text(json.dumps(hosts), "utf-8")


def _exit_message(job: Job) -> str | None:
    path = job.root / "output" / "message"
    if not path.is_file():
        return None
    try:
        text = path.read_bytes().decode("utf-8")
    except UnicodeDecodeError as error:
        raise JobFault(f"ClientError: /opt/ml/output/message is not UTF-8: {error}") from error
    return text.encode()[:_MAX_MESSAGE_BYTES].decode("utf-8", "ignore")
