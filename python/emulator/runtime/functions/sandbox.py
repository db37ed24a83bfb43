"""A process that runs a function, invocation by invocation."""

from __future__ import annotations

import contextlib
import json
import os
import selectors
import signal
import subprocess
import sys
import time
import uuid
from pathlib import Path

from emulator.runtime.aws_access import AwsAccess
from emulator.runtime.functions.function import FunctionResult, FunctionSpec
from emulator.runtime.processes.supervised import Command, SupervisedProcess, base_environment

_CHILD = Path(__file__).with_name("child.py")
MAX_ANSWER_BYTES = 6_291_556
"""AWS's limit for a response's size."""

MAX_OUTPUT_BYTES = 5_000_000
"""Maximum size of the log of one invocation."""

_CUT = (
    f"\n[the log is cut here: the emulator keeps {MAX_OUTPUT_BYTES // 1_000_000} MB of an "
    "invocation's]\n"
)
_INIT_SECONDS = 10  # AWS's limit for the initialization


class Sandbox:
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

    def fits(self, spec: FunctionSpec) -> bool:
        """Whether it can run the next invocation of a function with its current configuration."""
        return self.usable and self._process.poll() is None and spec.identity == self.spec.identity

    def invoke(self, event: str) -> FunctionResult:
        """Run the handler with an event (JSON text), and wait for its result."""
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
            with contextlib.suppress(BrokenPipeError):  # the process has died
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
            # If the import fails, the next call retries it in a new process.
            self.usable = answer["initialized"]
        note = f"{json.loads(payload)['errorMessage']}\n" if line is None else ""
        log = self._report(request_id, output, note, milliseconds)
        return FunctionResult(payload, errored, log)

    def close(self) -> None:
        """End the process."""
        self.usable = False
        self._process.kill()
        for pipe in (self._process.stdin, self._process.stdout, self._answers):
            with contextlib.suppress(BrokenPipeError):
                pipe.close()

    def _await_line(self, output: bytearray, seconds: float) -> bytearray | None:
        """Return the next line from the sandbox, or None if it died or timed out."""
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
        """Return the function's output before its response."""
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
            status = f"signal: {_signal_name(code - 128)}" if code > 128 else f"exit status {code}"
            name, text = "Runtime.ExitError", f"Runtime exited with error: {status}"
        message = f"RequestId: {request_id} Error: {text}"
        return json.dumps({"errorType": name, "errorMessage": message})

    def _report(self, request_id: str, output: bytearray, note: str, milliseconds: float) -> str:
        """Return the log of an invocation."""
        text = output.decode("utf-8", "replace")
        newline = "" if not text or text.endswith("\n") else "\n"
        return (
            f"START RequestId: {request_id} Version: {self.spec.version}\n{text}{newline}{note}"
            f"END RequestId: {request_id}\n"
            f"REPORT RequestId: {request_id}\tDuration: {milliseconds:.2f} ms\t"
            f"Billed Duration: {int(milliseconds) + 1} ms\tMemory Size: {self.spec.memory_mb} MB\n"
        )


def _keep(output: bytearray, data: bytes) -> None:
    """Append to the log of an invocation, up to its maximum size."""
    room = MAX_OUTPUT_BYTES - len(output)
    if room >= len(data):
        output += data
    elif room > 0:
        output += data[:room] + _CUT.encode()


def _signal_name(number: int) -> str:
    """Return a signal's name as Lambda writes it: "killed"."""
    return (signal.strsignal(number) or str(number)).lower()


def _too_large(size: int) -> str:
    message = (
        f"Response payload size ({size} bytes) exceeded maximum allowed payload size "
        f"({MAX_ANSWER_BYTES} bytes)."
    )
    return json.dumps({"errorType": "Function.ResponseSizeTooLarge", "errorMessage": message})
