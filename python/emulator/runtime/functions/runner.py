"""Lambda functions, run from their zip in warm processes."""

from __future__ import annotations

import contextlib
import io
import json
import logging
import os
import selectors
import subprocess
import sys
import threading
import time
import uuid
import zipfile
from dataclasses import dataclass
from pathlib import Path

from emulator.runtime.aws_access import AwsAccess
from emulator.runtime.errors import UnsupportedError
from emulator.runtime.processes.supervised import (
    Command,
    SupervisedProcess,
    all_at_once,
    base_environment,
)
from emulator.runtime.state_dir import new_directory

LOG = logging.getLogger(__name__)
_CHILD = Path(__file__).with_name("child.py")
# AWS's limits: of the code, and of what a handler returns.
MAX_CODE_BYTES = 262_144_000
MAX_ANSWER_BYTES = 6_291_556
# What is kept of the log of one invocation.
MAX_OUTPUT_BYTES = 5_000_000
_CUT = (
    f"\n[the log is cut here: the emulator keeps {MAX_OUTPUT_BYTES // 1_000_000} MB of an "
    "invocation's]\n"
)
_INIT_SECONDS = 10  # AWS's limit of the time before the first invocation counts


@dataclass(frozen=True)
class FunctionSpec:
    """A function as configured; another configuration or code gets new processes."""

    arn: str
    name: str
    version: str
    runtime: str
    handler: str
    timeout_seconds: float
    memory_mb: int
    environment: dict[str, str]
    code_zip: bytes
    code_sha256: str
    role_arn: str
    log_group: str

    @property
    def identity(self) -> str:
        """Everything but the code itself, which its hash stands for."""
        fields = {name: value for name, value in vars(self).items() if name != "code_zip"}
        return json.dumps(fields, sort_keys=True)


@dataclass(frozen=True)
class FunctionResult:
    """What an invocation gave.

    Attributes
    ----------
    payload : str
        JSON: the handler's result, or ``errorType``, ``errorMessage`` and ``stackTrace``.
    errored : bool
        Whether the function failed.
    log : str
        Everything that it wrote, START to REPORT.
    """

    payload: str
    errored: bool
    log: str


def check_function(runtime: str | None, package_type: str | None = "Zip") -> None:
    """Refuse a function that cannot run here.

    Raises
    ------
    UnsupportedError
        Unless it is a zip for a Python runtime.
    """
    if package_type not in (None, "Zip"):
        raise UnsupportedError(f"PackageType: the emulator cannot run {package_type!r}; use Zip")
    if not (runtime or "").startswith("python3"):
        raise UnsupportedError(
            f"Runtime: the emulator cannot run {runtime!r}; write the function for python3.x"
        )


class CodeTooLargeError(ValueError):
    """A function's code is larger than Lambda takes."""


def check_code(code_zip: bytes) -> None:
    """Refuse code that Lambda would not unpack.

    Raises
    ------
    CodeTooLargeError
        If it unpacks to more than `MAX_CODE_BYTES`; in AWS's words.
    """
    with zipfile.ZipFile(io.BytesIO(code_zip)) as archive:
        # Nothing larger than it says leaves the archive.
        if sum(member.file_size for member in archive.infolist()) >= MAX_CODE_BYTES:
            raise CodeTooLargeError(f"Unzipped size must be smaller than {MAX_CODE_BYTES} bytes")


class FunctionRunner:
    """Invokes functions; idle processes are kept for the next invocation."""

    def __init__(self, state_dir: Path, aws: AwsAccess):
        self._state_dir = state_dir
        self._aws = aws
        self._lock = threading.Lock()
        self._code: dict[str, Path] = {}
        self._idle: dict[str, list[_FunctionProcess]] = {}

    def invoke(self, spec: FunctionSpec, event: str) -> FunctionResult:
        """Run a function with an event (JSON text), and wait for its end."""
        check_function(spec.runtime)
        process = self._take(spec)
        try:
            result = process.invoke(event)
        except BaseException:
            process.close()
            raise
        self._give_back(process)
        try:
            lines = result.log.rstrip("\n").split("\n")
            self._aws.write_log(spec.log_group, process.log_stream, lines)
        except Exception:
            LOG.exception("cannot write the log of the function %s", spec.name)
        return result

    def close(self) -> None:
        """End all idle processes."""
        with self._lock:
            idle = [process for processes in self._idle.values() for process in processes]
            self._idle.clear()
        all_at_once(process.close for process in idle)

    def _take(self, spec: FunctionSpec) -> _FunctionProcess:
        with self._lock:
            idle = self._idle.get(spec.arn, [])
            stale = [process for process in idle if not process.fits(spec)]
            fitting = [process for process in idle if process.fits(spec)]
            found = fitting.pop() if fitting else None
            self._idle[spec.arn] = fitting
        for process in stale:
            process.close()
        return found or _FunctionProcess(spec, self._unpacked(spec), self._aws)

    def _give_back(self, process: _FunctionProcess) -> None:
        if not process.usable:
            process.close()
            return
        with self._lock:
            self._idle.setdefault(process.spec.arn, []).append(process)

    def _unpacked(self, spec: FunctionSpec) -> Path:
        with self._lock:
            if spec.code_sha256 not in self._code:
                check_code(spec.code_zip)
                folder = new_directory(self._state_dir, "functions", spec.name)
                with zipfile.ZipFile(io.BytesIO(spec.code_zip)) as archive:
                    archive.extractall(folder)  # zipfile keeps members inside
                self._code[spec.code_sha256] = folder
            return self._code[spec.code_sha256]


class _FunctionProcess:
    """One sandbox: handles one invocation at a time."""

    def __init__(self, spec: FunctionSpec, code: Path, aws: AwsAccess):
        self.spec = spec
        self.usable = True
        self.log_stream = f"{time.strftime('%Y/%m/%d')}/[{spec.version}]{uuid.uuid4().hex}"
        variables = {
            **base_environment(home=str(code)),
            **spec.environment,
            **aws.environment(spec.role_arn),
            "_HANDLER": spec.handler,
            "AWS_EXECUTION_ENV": f"AWS_Lambda_{spec.runtime}",
            "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": str(spec.memory_mb),
            "AWS_LAMBDA_FUNCTION_NAME": spec.name,
            "AWS_LAMBDA_FUNCTION_VERSION": spec.version,
            "AWS_LAMBDA_LOG_GROUP_NAME": spec.log_group,
            "AWS_LAMBDA_LOG_STREAM_NAME": self.log_stream,
            "LAMBDA_TASK_ROOT": str(code),
            "TZ": ":UTC",
        }
        answers, answers_end = os.pipe()
        try:
            self._process = SupervisedProcess(
                Command([sys.executable, str(_CHILD), str(answers_end)], variables, str(code)),
                grace_seconds=0,
                stdin=subprocess.PIPE,
                pass_fds=[answers_end],
            )
        except BaseException:
            os.close(answers)
            raise
        finally:
            os.close(answers_end)
        self._answers = os.fdopen(answers, "rb", buffering=0)
        self._answered = bytearray()
        self._ready = False
        self._started_at = time.monotonic()

    def fits(self, spec: FunctionSpec) -> bool:
        return self.usable and self._process.poll() is None and spec.identity == self.spec.identity

    def invoke(self, event: str) -> FunctionResult:
        request_id = str(uuid.uuid4())
        invocation = {
            "requestId": request_id,
            "event": event,
            "arn": self.spec.arn,
            "timeoutSeconds": self.spec.timeout_seconds,
            "maxAnswerBytes": MAX_ANSWER_BYTES,
        }
        output = bytearray()
        if not self._ready:
            limit = _INIT_SECONDS + self.spec.timeout_seconds
            self._ready = self._await_line(output, limit) is not None
        started = time.monotonic()
        line = None
        if self._ready:
            with contextlib.suppress(BrokenPipeError):  # it has died: no answer will come
                self._process.stdin.write(json.dumps(invocation).encode() + b"\n")
                self._process.stdin.flush()
            line = self._await_line(output, self.spec.timeout_seconds)
        milliseconds = (time.monotonic() - started) * 1000
        if line is None:
            payload, errored, self.usable = self._fault(request_id), True, False
        else:
            _keep(output, self._rest_of_output())
            answer = json.loads(line)
            payload, errored = answer["payload"], answer["errored"]
            if payload is None:
                payload, errored = _too_large(answer["size"]), True
            # What cannot be imported is tried anew, in a new process.
            self.usable = answer["initialized"]
        text = output.decode("utf-8", "replace")
        newline = "" if not text or text.endswith("\n") else "\n"
        log = (
            f"START RequestId: {request_id} Version: {self.spec.version}\n{text}{newline}"
            f"{self._note(payload) if line is None else ''}"
            f"END RequestId: {request_id}\n"
            f"REPORT RequestId: {request_id}\tDuration: {milliseconds:.2f} ms\t"
            f"Billed Duration: {int(milliseconds) + 1} ms\tMemory Size: {self.spec.memory_mb} MB\n"
        )
        return FunctionResult(payload, errored, log)

    def close(self) -> None:
        self.usable = False
        self._process.kill()
        for pipe in (self._process.stdin, self._process.stdout, self._answers):
            with contextlib.suppress(BrokenPipeError):
                pipe.close()

    def _await_line(self, output: bytearray, seconds: float) -> bytearray | None:
        """Return the next line from the sandbox, or None when it died or takes too long."""
        limit = time.monotonic() + seconds
        with selectors.DefaultSelector() as selector:
            selector.register(self._answers, selectors.EVENT_READ)
            selector.register(self._process.stdout, selectors.EVENT_READ)
            while selector.get_map() and (remaining := limit - time.monotonic()) > 0:
                for key, _ in selector.select(remaining):
                    data = os.read(key.fd, 1 << 16)
                    if key.fileobj is self._answers:
                        self._answered += data
                    else:
                        _keep(output, data)
                    if not data:
                        selector.unregister(key.fileobj)
                if b"\n" in self._answered:
                    line, _, self._answered = self._answered.partition(b"\n")
                    return line
            if not selector.get_map():
                self._process.wait()
        return None

    def _rest_of_output(self) -> bytes:
        """Return what the function wrote before its answer."""
        rest = b""
        with selectors.DefaultSelector() as selector:
            selector.register(self._process.stdout, selectors.EVENT_READ)
            while selector.select(0):
                data = os.read(self._process.stdout.fileno(), 1 << 16)
                rest += data
                if not data:
                    break
        return rest

    def _fault(self, request_id: str) -> str:
        seconds = float(self.spec.timeout_seconds)
        code = self._process.poll()
        if code is None:
            name, text = "Sandbox.Timedout", f"Task timed out after {seconds:.2f} seconds"
        else:
            status = f"signal: {code - 128}" if code > 128 else f"exit status {code}"
            name, text = "Runtime.ExitError", f"Runtime exited with error: {status}"
        message = f"RequestId: {request_id} Error: {text}"
        return json.dumps({"errorType": name, "errorMessage": message})

    def _note(self, payload: str) -> str:
        return f"{json.loads(payload)['errorMessage']}\n"


def _keep(output: bytearray, data: bytes) -> None:
    """Add to the log of an invocation, which is cut once."""
    room = MAX_OUTPUT_BYTES - len(output)
    if room >= len(data):
        output += data
    elif room > 0:
        output += data[:room] + _CUT.encode()


def _too_large(size: int) -> str:
    message = (
        f"Response payload size ({size} bytes) exceeded maximum allowed payload size "
        f"({MAX_ANSWER_BYTES} bytes)."
    )
    return json.dumps({"errorType": "Function.ResponseSizeTooLarge", "errorMessage": message})
