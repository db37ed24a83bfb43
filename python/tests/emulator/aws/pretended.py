"""Pretended jobs, functions and model servers, whose names determine their outcomes."""

import datetime
import json
import threading
import time

from emulator.runtime.errors import UnsupportedError
from emulator.runtime.functions.function import FunctionResult
from emulator.runtime.jobs.runner import JobOutcome, Metric
from emulator.runtime.model_servers.server import ModelServerError, ServerResponse
from tests.patience import FOR_EVER


def pretended_image_check(uri):
    if "unmapped" in uri:
        raise UnsupportedError(f"no Python environment is mapped to the image {uri}")


class PretendedJobs:
    """Jobs that fail (`...-fails`), run until stopped (`...-endless`), or succeed.

    A training job whose name begins with a key of `scripts` runs that: a function of its request,
    of one that takes the next value of its objective, and of its stop event. It may return an
    outcome.
    """

    def __init__(self):
        self.transforms = []
        self.scripts = {}

    def run_processing(self, request, job_arn, stop):
        return self._end(request["ProcessingJobName"], stop)

    def run_training(self, request, job_arn, stop, on_phase, on_metric=print, spot=None):
        on_phase("Downloading", "Downloading input data")
        on_phase("Training", "Training in progress")
        name = request["TrainingJobName"]
        if spot is not None and spot.interruption is not None:
            return JobOutcome("Stopped", secondary_status="Interrupted")
        script = next((self.scripts[key] for key in self.scripts if name.startswith(key)), None)
        if script is None:
            return self._end(name, stop)

        def log(value):
            on_metric(Metric("score", value, datetime.datetime.now(tz=datetime.timezone.utc)))

        ended = script(request, log, stop)
        return ended or JobOutcome("Stopped" if stop.is_set() else "Completed")

    def run_transform(self, request, container, role_arn, stop):
        self.transforms.append((request, container, role_arn))
        return self._end(request["TransformJobName"], stop)

    def _end(self, name, stop):
        if name.endswith("-endless"):
            assert stop.wait(FOR_EVER), f"nobody stopped {name}"
            return JobOutcome(status="Stopped")
        if name.endswith("-fails"):
            return JobOutcome(status="Failed", failure_reason="AlgorithmError: it broke")
        now = datetime.datetime.now(tz=datetime.timezone.utc)
        return JobOutcome(status="Completed", metrics=(Metric("test_r2", 0.77, now),))


class PretendedFunctions:
    """Functions that return the results of a test's `handlers`, by name."""

    def __init__(self):
        self.handlers = {}
        self.specs = {}

    def invoke(self, spec, event):
        self.specs[spec.name] = spec
        try:
            payload, errored = json.dumps(self.handlers[spec.name](json.loads(event))), False
        except Exception as error:
            failure = {"errorType": type(error).__name__, "errorMessage": str(error)}
            payload, errored = json.dumps(failure), True
        return FunctionResult(payload=payload, errored=errored, log="START\nEND\n")


class PretendedServer:
    """Responds with its model's variable ANSWER after DELAY seconds, with status STATUS.

    With status 0, it does not respond. Its content type is ANSWER_TYPE.
    """

    def __init__(self, container):
        self._environment = container.get("Environment", {})
        self.stopped = threading.Event()
        self._counting = threading.Lock()
        self.asked = self.under_way = self.most_at_once = 0
        self.used = None

    def invoke(self, body, headers, timeout_seconds=60.0):
        with self._counting:
            self.asked += 1
            self.under_way += 1
            self.most_at_once = max(self.most_at_once, self.under_way)
        time.sleep(float(self._environment.get("DELAY", 0)))
        with self._counting:
            self.under_way -= 1
        assert not self.stopped.is_set(), "a request came to a stopped server"
        status = int(self._environment.get("STATUS", 200))
        if status == 0:
            raise ModelServerError("the container is not responding")
        answer = self._environment.get("ANSWER", "").encode() or body
        content_type = self._environment.get("ANSWER_TYPE", "text/csv")
        return ServerResponse(status, {"Content-Type": content_type}, answer)

    def usage(self):
        return self.used

    def stop(self):
        self.stopped.set()

    kill = stop


class PretendedServers:
    """Starts servers, or fails with the reason in the model's variable BROKEN."""

    def __init__(self):
        self.started = []
        self.may_start = threading.Event()
        self.may_start.set()

    def __call__(self, name, container, role_arn, *, log_group, log_stream):
        assert self.may_start.wait(FOR_EVER)
        reason = container.get("Environment", {}).get("BROKEN")
        if reason:
            raise ModelServerError(reason)
        self.started.append(PretendedServer(container))
        return self.started[-1]
