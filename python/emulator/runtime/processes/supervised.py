"""Child processes of the emulator, each under a supervisor that ends with either of them."""

from __future__ import annotations

import contextlib
import json
import os
import re
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Collection, Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from emulator.runtime.processes.usage import Usage, usage_of_session

# An address with credentials may or may not have a scheme.
_ADDRESS = re.compile(r"PROXY|^PIP_", re.IGNORECASE)
_SUPERVISOR = Path(__file__).with_name("supervisor.py")

# Variables that children inherit: never the developer's AWS keys, Python settings or home.
_INHERITED = (
    *("PATH", "TMPDIR", "TZ", "USER"),
    *("HTTP_PROXY", "HTTPS_PROXY", "http_proxy", "https_proxy", "NO_PROXY", "no_proxy"),
    *("SSL_CERT_FILE", "SSL_CERT_DIR", "REQUESTS_CA_BUNDLE"),
    *("PIP_INDEX_URL", "PIP_EXTRA_INDEX_URL", "PIP_FIND_LINKS", "PIP_NO_INDEX", "PIP_CERT"),
    *("PIP_TRUSTED_HOST", "PIP_PROXY", "PIP_DEFAULT_TIMEOUT", "PIP_CACHE_DIR"),
)


def base_environment(
    *programs: Path, home: str = "/", installs_packages: bool = False
) -> dict[str, str]:
    """Return the base environment variables of every child.

    Parameters
    ----------
    *programs : Path
        Folders at the start of the PATH.
    home : str
        The child's own home folder.
    installs_packages : bool
        Whether the child is pip: only pip gets the developer's home, which has its settings, and
        addresses of proxies and package indexes that contain credentials.
    """
    environment = {
        name: os.environ[name]
        for name in _INHERITED
        if name in os.environ and (installs_packages or not _holds_credentials(name))
    }
    environment.update(
        HOME=os.environ.get("HOME", home) if installs_packages else home,
        # As in SageMaker's images.
        LANG="C.UTF-8",
        LC_ALL="C.UTF-8",
        # Threads that wait for each other do not keep the processors of other jobs busy.
        OMP_WAIT_POLICY="passive",
        PYTHONDONTWRITEBYTECODE="1",
        PYTHONIOENCODING="UTF-8",
        PYTHONUNBUFFERED="1",
        PIP_ROOT_USER_ACTION="ignore",
        PIP_DISABLE_PIP_VERSION_CHECK="1",
        # The files under HOME may hold real keys.
        AWS_CONFIG_FILE=os.devnull,
        AWS_SHARED_CREDENTIALS_FILE=os.devnull,
        AWS_EC2_METADATA_DISABLED="true",
    )
    path = [*map(str, programs), environment.get("PATH", os.defpath)]
    return {**environment, "PATH": os.pathsep.join(path)}


def _holds_credentials(name: str) -> bool:
    return _ADDRESS.search(name) is not None and "@" in os.environ[name]


def all_at_once(calls: Iterable[Callable[[], object]]) -> None:
    """Run all calls concurrently and wait for them; each of them waits for a process."""
    calls = list(calls)
    with ThreadPoolExecutor(max_workers=min(32, len(calls)) or 1) as pool:
        for done in [pool.submit(call) for call in calls]:
            done.result()


@dataclass(frozen=True)
class Command:
    """A command: arguments, variables, working directory, and the folder on /opt/ml."""

    arguments: list[str]
    environment: dict[str, str]
    cwd: str
    root: str | None = None


class SupervisedProcess:
    """A running command; all its processes end with it, with the emulator, or by `kill`.

    Parameters
    ----------
    grace_seconds : float
        Time between SIGTERM and SIGKILL when it is stopped.
    nice : int
        Added to the niceness of the command.
    """

    def __init__(
        self,
        command: Command,
        *,
        grace_seconds: float,
        nice: int = 0,
        stdin: int | IO[bytes] | None = subprocess.DEVNULL,
        stdout: int | IO[bytes] | None = subprocess.PIPE,
        pass_fds: Collection[int] = (),
    ):
        specification = {
            "command": command.arguments,
            "cwd": command.cwd,
            "root": command.root,
            "grace": grace_seconds,
            "nice": nice,
        }
        control, self._control = os.pipe()
        self._lock = threading.Lock()
        self._swept = False
        try:
            self._process = subprocess.Popen(
                [sys.executable, "-I", "-S", _SUPERVISOR, str(control), json.dumps(specification)],
                env=command.environment,
                stdin=stdin,
                stdout=stdout,
                stderr=subprocess.STDOUT,
                pass_fds=[control, *pass_fds],
                start_new_session=True,
            )
        except BaseException:
            os.close(self._control)
            raise
        finally:
            os.close(control)

    @property
    def stdin(self) -> IO[bytes]:
        """Pipe to the command's standard input."""
        assert self._process.stdin is not None  # noqa: S101 - for callers that requested a pipe
        return self._process.stdin

    @property
    def stdout(self) -> IO[bytes]:
        """Pipe from the command's standard output and error; it ends after all processes."""
        assert self._process.stdout is not None  # noqa: S101 - for callers that requested a pipe
        return self._process.stdout

    def terminate(self) -> None:
        """Stop the command; it is killed after the grace period."""
        with self._lock, contextlib.suppress(BrokenPipeError):
            if self._control >= 0:
                os.write(self._control, b"T")

    def kill(self) -> None:
        """Kill the command and its processes, and wait for the supervisor."""
        with self._lock:
            if self._control >= 0:
                os.close(self._control)
                self._control = -1
        self._process.wait()
        self.poll()

    def usage(self) -> Usage | None:
        """Return what the command and its processes use; None if this machine does not tell."""
        return usage_of_session(self._process.pid)

    def wait(self, timeout: float | None = None) -> int:
        """Return the exit code; 128 plus the number of the signal that ended the command."""
        code = self._process.wait(timeout)
        self.kill()
        return _exit_code(code)

    def poll(self) -> int | None:
        """Return the exit code, or None while the command runs.

        If the supervisor was killed, what it would have ended is killed here.
        """
        code = self._process.poll()
        if code is None:
            return None
        if code < 0 and not self._swept:
            self._swept = True
            _kill_session(self._process.pid)
        return _exit_code(code)


def _exit_code(code: int) -> int:
    return code if code >= 0 else 128 - code


def _kill_session(leader: int) -> None:
    """Kill the processes of a session whose leader has ended (Linux)."""
    for entry in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            if os.getsid(int(entry.name)) == leader:
                os.kill(int(entry.name), signal.SIGKILL)
