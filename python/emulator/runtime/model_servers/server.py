"""Model servers: one per production variant of an endpoint, from its model.tar.gz."""

from __future__ import annotations

import os
import secrets
import shutil
import socket
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from emulator.runtime.environments import EnvironmentBuildError, UnmappedImageError
from emulator.runtime.errors import MAX_REASON_LENGTH, JobFault
from emulator.runtime.host import Host
from emulator.runtime.logs.job_log import JobLog
from emulator.runtime.model_servers.connections import Connections, ServerResponse
from emulator.runtime.model_servers.container import Container
from emulator.runtime.processes.supervised import SupervisedProcess
from emulator.runtime.processes.usage import Usage
from emulator.runtime.state_dir import new_directory

__all__ = ["ModelServer", "ModelServerError", "ServerResponse"]

_CHILD = Path(__file__).with_name("child.py")
_GRACE_SECONDS = 30
_INVOCATION_SECONDS = 60
_LONGEST_PAUSE_SECONDS = 30


class ModelServerError(Exception):
    """A model cannot be served; the message is a failure reason."""


@dataclass(frozen=True)
class _Served:
    """A server's process, and the connections to it."""

    process: SupervisedProcess
    connections: Connections


class ModelServer:
    """A running model server, created by `start`; one that ends is started again."""

    def __init__(self, serve: Callable[[], _Served], served: _Served, directory: Path, log: JobLog):
        self._serve = serve
        self._served = served
        self._directory = directory
        self._log = log
        self._lock = threading.Lock()
        self._restarts = threading.Event()
        self._ending = threading.Event()
        self._logger = threading.Thread(target=self._follow_log, daemon=True)
        self._logger.start()

    @classmethod
    def start(
        cls,
        host: Host,
        name: str,
        container: Mapping[str, Any],
        role_arn: str,
        *,
        log_group: str,
        log_stream: str,
        startup_seconds: float = 240,
    ) -> ModelServer:
        """Start a server for a checked container definition, and wait until it is healthy.

        Parameters
        ----------
        name : str
            Name of the production variant.
        startup_seconds : float
            Time within which GET /ping must return 200.

        Raises
        ------
        ModelServerError
            If the model cannot be fetched, or the server does not become healthy.
        """
        try:
            python = host.environments.python_for_image(container["Image"])
        except (UnmappedImageError, EnvironmentBuildError) as error:
            raise ModelServerError(str(error)) from error
        directory = new_directory(host.state_dir, "model-servers", name)
        log = JobLog(host.aws, log_group, log_stream, directory / "log.txt")
        try:
            filled = Container(host, directory, python, container, role_arn)
            filled.fill()
            filled.install_requirements(log)
            served = _serve(filled)
        except BaseException as error:
            log.close()
            shutil.rmtree(directory, ignore_errors=True)
            if isinstance(error, JobFault):
                raise ModelServerError(str(error)) from error
            raise
        server = cls(lambda: _serve(filled), served, directory, log)
        try:
            server._wait_until_healthy(name, startup_seconds)
        except BaseException:
            server.kill()
            raise
        server._restarts.set()
        return server

    def invoke(
        self,
        body: bytes,
        headers: Mapping[str, str],
        timeout_seconds: float = _INVOCATION_SECONDS,
    ) -> ServerResponse:
        """Send a request to /invocations.

        Raises
        ------
        ModelServerError
            If the server does not respond in time, or has ended.
        """
        try:
            connections = self._served.connections
            return connections.request("POST", "/invocations", headers, body, timeout_seconds)
        except TimeoutError as error:
            text = f"no response from the container within {timeout_seconds:g} seconds"
            raise ModelServerError(text) from error
        except OSError as error:
            raise ModelServerError(f"the container is not responding: {error}") from error

    def usage(self) -> Usage | None:
        """Return what the server's processes use; None if this machine does not tell."""
        return self._served.process.usage()

    def no_restarts(self) -> None:
        """Let the server stay ended once it ends by itself."""
        self._restarts.clear()

    def stop(self) -> None:
        """Let running requests finish, end the server, and delete its files."""
        served = self._last()
        served.connections.close()
        served.process.terminate()
        served.process.wait()
        self.kill()

    def kill(self) -> None:
        """Kill the server, and delete its files."""
        served = self._last()
        served.connections.close()
        served.process.kill()
        self._logger.join()
        shutil.rmtree(self._directory, ignore_errors=True)

    def _last(self) -> _Served:
        """Return what serves, after which nothing else will."""
        self._ending.set()
        with self._lock:
            return self._served

    def _wait_until_healthy(self, name: str, startup_seconds: float) -> None:
        try:
            response = self._served.connections.request("GET", "/ping", {}, b"", startup_seconds)
            healthy = response.status == 200
        except OSError:
            healthy = False
        if not healthy:
            self._served.process.kill()
            self._logger.join()  # so that the log is complete
            reason = (
                f"The primary container for production variant {name} did not pass the ping "
                "health check. Please check CloudWatch logs for this endpoint. "
                f"{self._log.reason()}"
            )
            raise ModelServerError(reason[:MAX_REASON_LENGTH])

    def _follow_log(self) -> None:
        pause = 0
        while True:
            process = self._served.process
            while data := os.read(process.stdout.fileno(), 1 << 16):
                self._log.feed(data)
                self._log.flush(force=True)
            process.stdout.close()
            if not self._restarts.is_set() or self._ending.wait(pause):
                break
            process.kill()
            # A server that ends again and again is started less and less often.
            pause = min(2 * pause or 1, _LONGEST_PAUSE_SECONDS)
            if not self._start_again():
                break
        self._log.close()

    def _start_again(self) -> bool:
        with self._lock:
            if self._ending.is_set():
                return False
            self._served.connections.close()
            self._log.feed(b"The container has ended; it is started again\n")
            self._log.flush(force=True)
            self._served = self._serve()
            return True


def _serve(container: Container) -> _Served:
    """Start the server of a container that is filled."""
    command = container.command(str(_CHILD))
    # Bound here, so that the port is known, and early requests wait instead of being refused.
    with socket.create_server(("127.0.0.1", 0), backlog=2048) as listener:
        # Inherited by accepted connections: the server responds in two packets.
        listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        # Every user of the machine can reach the port, and the container's handlers load pickles.
        token = secrets.token_urlsafe()
        fd = listener.fileno()
        process = SupervisedProcess(
            replace(
                command,
                arguments=[*command.arguments, str(fd)],
                environment={**command.environment, "EMULATOR_MODEL_SERVER_TOKEN": token},
            ),
            grace_seconds=_GRACE_SECONDS,
            pass_fds=[fd],
        )
        port = listener.getsockname()[1]
    return _Served(process, Connections(port, {"X-Emulator-Token": token}))
