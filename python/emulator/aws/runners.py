"""The interfaces that run jobs, functions and model servers behind the records."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from threading import Event
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from emulator.runtime.aws_access import Metric
    from emulator.runtime.functions.function import FunctionResult, FunctionSpec
    from emulator.runtime.jobs.runner import JobOutcome
    from emulator.runtime.jobs.spot import SpotRun
    from emulator.runtime.model_servers.server import ServerResponse
    from emulator.runtime.processes.usage import Usage
    from emulator.runtime.tuning.proposers import Proposer
    from emulator.runtime.tuning.study import StudyPlan


class JobRunner(Protocol):
    """Runs jobs; each call blocks until the job has ended."""

    def run_processing(self, request: dict, job_arn: str, stop: Event) -> JobOutcome:
        """Run a processing job."""
        ...

    def run_training(
        self,
        request: dict,
        job_arn: str,
        stop: Event,
        on_phase: Callable[[str, str], None],
        on_metric: Callable[[Metric], None] | None = None,
        spot: SpotRun | None = None,
    ) -> JobOutcome:
        """Run a training job.

        `on_phase` gets each secondary status with its message, `on_metric` each value of a metric;
        `spot` says what ends the run of a spot job.
        """
        ...

    def run_transform(
        self, request: dict, container: dict, role_arn: str, stop: Event
    ) -> JobOutcome:
        """Run a batch transform job with a model's container and execution role."""
        ...


class FunctionRunner(Protocol):
    """Runs Lambda functions."""

    def invoke(self, spec: FunctionSpec, event: str) -> FunctionResult:
        """Run the handler with a JSON event."""
        ...


class ModelServer(Protocol):
    """Serves one model until it is stopped."""

    def invoke(
        self, body: bytes, headers: Mapping[str, str], timeout_seconds: float = 60
    ) -> ServerResponse:
        """Forward a request to ``/invocations``."""
        ...

    def usage(self) -> Usage | None:
        """Return what the server's processes use; None if the machine does not tell."""
        ...

    def stop(self) -> None:
        """Let running requests finish, then end the server's processes."""
        ...

    def kill(self) -> None:
        """Kill the server's processes."""
        ...


class StartModelServer(Protocol):
    """Starts a model server and returns when it is healthy."""

    def __call__(
        self,
        name: str,
        container: dict[str, Any],
        role_arn: str,
        *,
        log_group: str,
        log_stream: str,
    ) -> ModelServer:
        """Raise `ModelServerError` if the server does not become healthy."""
        ...


@dataclass(frozen=True)
class Runners:
    """All runners, and the checks that refuse work that they cannot run."""

    jobs: JobRunner
    functions: FunctionRunner
    start_model_server: StartModelServer
    check_image: Callable[[str], object]
    start_study: Callable[[StudyPlan], Proposer]
    image_manifest: Callable[[str], str]
