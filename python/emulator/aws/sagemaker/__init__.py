"""SageMaker: moto's records, connected to jobs and model servers that run."""

import functools
from dataclasses import replace

from emulator.aws.clients import EmulatedAws
from emulator.aws.cloudwatch.alarms import tick_seconds
from emulator.aws.faults import Faults
from emulator.aws.permissions.checks import Permissions
from emulator.aws.runners import Runners
from emulator.aws.sagemaker import (
    async_invocations,
    data_capture,
    descriptions,
    endpoint_kinds,
    endpoint_requests,
    endpoints,
    invocations,
    jobs,
    model_registry,
    records,
    search,
    tuning,
)
from emulator.aws.sagemaker.image_registries import check_registry
from emulator.aws.sagemaker.instance_metrics import InstanceMetrics
from emulator.aws.sagemaker.invocation_metrics import InvocationMetrics
from emulator.aws.sagemaker.running_jobs import RunningJobs


class SageMaker:
    """The running jobs and endpoints."""

    def __init__(
        self, runners: Runners, aws: EmulatedAws, faults: Faults, time_scale: float
    ) -> None:
        self.jobs = RunningJobs(runners, faults, aws)
        captures = data_capture.Captures(aws, time_scale)
        self.endpoints = endpoints.Endpoints(
            runners.start_model_server, faults, time_scale, captures
        )
        self.instance_metrics = InstanceMetrics(self.endpoints, time_scale)
        self.async_invocations = async_invocations.AsyncInvocations(aws, self.endpoints)

    def close(self) -> None:
        """Stop all of them."""
        self.jobs.close()
        self.async_invocations.close()
        self.instance_metrics.close()
        self.endpoints.close()


def install(
    runners: Runners, aws: EmulatedAws, faults: Faults, permissions: Permissions, time_scale: float
) -> SageMaker:
    """Install every correction; return the running part, which the caller closes."""
    runners = replace(runners, check_image=functools.partial(_check_image, runners))
    sagemaker = SageMaker(runners, aws, faults, time_scale)
    descriptions.install()
    endpoint_kinds.install()
    records.install(aws, runners.check_image)
    model_registry.install(aws, runners.check_image, faults)
    search.install()
    jobs.install(sagemaker.jobs)
    tuning.install(sagemaker.jobs)
    endpoint_requests.install(sagemaker.endpoints, permissions)
    async_invocations.install(sagemaker.async_invocations, sagemaker.endpoints)
    invocations.install(sagemaker.endpoints, InvocationMetrics(tick_seconds(time_scale)))
    sagemaker.instance_metrics.start()
    return sagemaker


def _check_image(runners: Runners, uri: str) -> None:
    check_registry(uri)
    runners.check_image(uri)
