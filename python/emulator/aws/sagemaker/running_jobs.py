"""Running jobs: each in a thread that updates moto's record."""

import copy
import json
import logging
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from moto.core.responses import ActionResult, EmptyResult
from moto.sagemaker.exceptions import ResourceInUseException, ValidationError

from emulator.aws.clients import EmulatedAws
from emulator.aws.faults import Faults
from emulator.aws.runners import Runners
from emulator.aws.sagemaker.descriptions import keep_requested_members
from emulator.aws.sagemaker.endings import ENDINGS
from emulator.runtime.jobs.runner import JobOutcome

LOG = logging.getLogger("emulator")

_CLOSING_SECONDS = 5.0
_TAKEN = (
    "Job name must be unique within an AWS account and region, and a job with this name already "
    "exists ({arn})"
)


class RunningJobs:
    """The running jobs, each in its own thread."""

    def __init__(
        self,
        runners: Runners,
        faults: Faults,
        aws: EmulatedAws,
    ) -> None:
        self.runner = runners.jobs
        self.faults = faults
        self.check_image = runners.check_image
        self.start_study = runners.start_study
        self.aws = aws
        self._running: dict[str, tuple[threading.Thread, threading.Event]] = {}
        self._lock = threading.Lock()

    def start(self, arn: str, run: Callable[[threading.Event], None]) -> None:
        """Run a job in its own thread; `run` receives the event that stops it."""
        stop = threading.Event()

        def run_and_remove() -> None:
            try:
                run(stop)
            finally:
                with self._lock:
                    self._running.pop(arn, None)
                ENDINGS.add()

        thread = threading.Thread(target=run_and_remove, name=arn, daemon=True)
        with self._lock:
            self._running[arn] = (thread, stop)
        thread.start()

    def stop(self, arn: str) -> None:
        """Stop a job."""
        with self._lock:
            running = self._running.get(arn)
        if running:
            running[1].set()

    def close(self) -> None:
        """Stop every job, and wait briefly; remaining threads end with this process."""
        with self._lock:
            running = list(self._running.values())
        for _, stop in running:
            stop.set()
        deadline = time.monotonic() + _CLOSING_SECONDS
        for thread, _ in running:
            thread.join(max(0.0, deadline - time.monotonic()))


@dataclass(frozen=True)
class JobKind:
    """A kind of job.

    Attributes
    ----------
    name : str
        As in messages.
    noun : str
        As in the API: ``<noun>Name``, ``<noun>Status``.
    records : str
        Name of moto's dictionary of these jobs.
    status : str
        moto's attribute of the status.
    check : callable
        Refuses invalid requests; called with the running jobs, moto's backend and the request.
    begin : callable
        Turns moto's record, which starts as Completed, into that of a starting job.
    run : callable
        Runs the job until it ends, in its thread.
    taken : str
        What is said of a name that another job has.
    """

    name: str
    noun: str
    records: str
    status: str
    check: Callable[[RunningJobs, Any, dict[str, Any]], None]
    begin: Callable[[Any, dict[str, Any]], None]
    run: Callable[[RunningJobs, Any, dict[str, Any], threading.Event], None]
    taken: str = _TAKEN


def creator(jobs: RunningJobs, kind: JobKind) -> Callable[..., ActionResult]:
    """Return the wrapper of moto's operation that creates a job."""

    def create(original: Any, self: Any) -> ActionResult:
        request = json.loads(self.body)
        name = request[f"{kind.noun}Name"]
        records = getattr(self.sagemaker_backend, kind.records)
        if name in records:
            raise ResourceInUseException(
                message=kind.taken.format(name=name, arn=records[name].arn)
            )
        kind.check(jobs, self.sagemaker_backend, request)
        response = original(self)
        record = records[name]
        keep_requested_members(record, kind.noun, request)
        kind.begin(record, request)
        jobs.start(record.arn, lambda stop: kind.run(jobs, record, copy.deepcopy(request), stop))
        return response

    return create


def stopper(jobs: RunningJobs, kind: JobKind) -> Callable[[Any], EmptyResult]:
    """Return the operation that stops a job."""

    def stop(self: Any) -> EmptyResult:
        name = self._get_param(f"{kind.noun}Name")
        record = getattr(self.sagemaker_backend, kind.records).get(name)
        if record is None:
            raise ValidationError(message="Requested resource not found.")
        status = getattr(record, kind.status)
        if status not in ("InProgress", "Stopping"):
            raise ValidationError(
                message=f"The request was rejected because the {kind.name} is in status {status}."
            )
        setattr(record, kind.status, "Stopping")
        jobs.stop(record.arn)
        return EmptyResult()

    return stop


def outcome_of(
    jobs: RunningJobs, operation: str, name: str, run: Callable[[], JobOutcome]
) -> JobOutcome:
    """Return the outcome of a job: that of `run`, or the failure set by a fault rule."""
    reason = jobs.faults.failure_reason(operation, name)
    if reason is not None:
        return JobOutcome(status="Failed", failure_reason=reason)
    try:
        return run()
    except Exception as error:
        LOG.exception("%s of %s failed inside the emulator", operation, name)
        reason = f"InternalServerError: the emulator failed: {type(error).__name__}: {error}"
        return JobOutcome(status="Failed", failure_reason=reason)
