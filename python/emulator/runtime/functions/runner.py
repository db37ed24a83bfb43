"""Lambda functions, run from their zip in processes that are reused."""

from __future__ import annotations

import io
import logging
import threading
import zipfile
from pathlib import Path

from emulator.runtime.functions.function import (
    FunctionResult,
    FunctionSpec,
    check_code,
    check_function,
)
from emulator.runtime.functions.sandbox import Sandbox
from emulator.runtime.host import Host
from emulator.runtime.processes.supervised import all_at_once
from emulator.runtime.state_dir import new_directory

LOG = logging.getLogger(__name__)


class FunctionRunner:
    """Invokes functions; idle processes are kept for later invocations."""

    def __init__(self, host: Host):
        self._host = host
        self._lock = threading.Lock()
        self._code: dict[str, Path] = {}
        self._idle: dict[str, list[Sandbox]] = {}

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
            self._host.aws.write_log(spec.log_group, process.log_stream, lines)
        except Exception:
            LOG.exception("cannot write the log of the function %s", spec.name)
        return result

    def close(self) -> None:
        """End all idle processes."""
        with self._lock:
            idle = [process for processes in self._idle.values() for process in processes]
            self._idle.clear()
        all_at_once(process.close for process in idle)

    def _take(self, spec: FunctionSpec) -> Sandbox:
        with self._lock:
            idle = self._idle.get(spec.arn, [])
            stale = [process for process in idle if not process.fits(spec)]
            fitting = [process for process in idle if process.fits(spec)]
            found = fitting.pop() if fitting else None
            self._idle[spec.arn] = fitting
        for process in stale:
            process.close()
        return found or Sandbox(spec, self._unpacked(spec), self._host.aws)

    def _give_back(self, process: Sandbox) -> None:
        if not process.usable:
            process.close()
            return
        with self._lock:
            self._idle.setdefault(process.spec.arn, []).append(process)

    def _unpacked(self, spec: FunctionSpec) -> Path:
        with self._lock:
            if spec.code_sha256 not in self._code:
                check_code(spec.code_zip)
                folder = new_directory(self._host.state_dir, "functions", spec.name)
                with zipfile.ZipFile(io.BytesIO(spec.code_zip)) as archive:
                    archive.extractall(folder)  # zipfile extracts no member outside the folder
                self._code[spec.code_sha256] = folder
            return self._code[spec.code_sha256]
