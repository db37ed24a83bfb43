"""Model servers: one per production variant of an endpoint, from its model.tar.gz."""

from __future__ import annotations

import os
import secrets
import shutil
import socket
import threading
from collections.abc import Mapping
from pathlib import Path

from emulator.runtime.aws_access import AwsAccess
from emulator.runtime.data.archives import unpack
from emulator.runtime.data.s3 import download_object
from emulator.runtime.data.source import get_source
from emulator.runtime.environments import EnvironmentBuildError, Environments, UnmappedImageError
from emulator.runtime.errors import MAX_REASON_LENGTH, JobFault
from emulator.runtime.logs.job_log import JobLog
from emulator.runtime.model_servers.connections import Connections, ServerResponse
from emulator.runtime.processes.isolation import Isolation
from emulator.runtime.processes.overlay import make_overlay
from emulator.runtime.processes.supervised import Command, SupervisedProcess, base_environment
from emulator.runtime.state_dir import new_directory

__all__ = ["ModelServer", "ModelServerError", "ServerResponse"]

_CHILD = Path(__file__).with_name("child.py")
_CODE_DIR = "/opt/ml/code"
_GRACE_SECONDS = 30
_INVOCATION_SECONDS = 60


class ModelServerError(Exception):
    """A model cannot be served; the message is a failure reason."""


class ModelServer:
    """A running model server. Make one with `start`."""

    def __init__(
        self, process: SupervisedProcess, port: int, token: str, directory: Path, log: JobLog
    ):
        self._process = process
        self._connections = Connections(port, {"X-Emulator-Token": token})
        self._directory = directory
        self._log = log
        self._logger = threading.Thread(target=self._follow_log, daemon=True)
        self._logger.start()

    @classmethod
    def start(
        cls,
        name: str,
        container: dict,
        role_arn: str,
        *,
        state_dir: Path,
        aws: AwsAccess,
        environments: Environments,
        isolation: Isolation,
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
            Until when GET /ping has to answer 200.

        Raises
        ------
        ModelServerError
            When the model cannot be fetched, or the server does not get healthy.
        """
        try:
            python = environments.python_for_image(container["Image"])
        except (UnmappedImageError, EnvironmentBuildError) as error:
            raise ModelServerError(str(error)) from error
        directory = new_directory(state_dir, "model-servers", name)
        log = JobLog(aws, log_group, log_stream, directory / "log.txt")
        server = None
        try:
            command = _prepare(directory, python, container, role_arn, aws, isolation, log)
            # Bound here, so that the port is known and requests wait instead of being refused.
            with socket.create_server(("127.0.0.1", 0), backlog=2048) as listener:
                # Inherited by what it accepts: the server answers in two packets.
                listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                port = listener.getsockname()[1]
                # Every user of the machine reaches the port, and the container's own handlers read
                # pickles.
                token = secrets.token_urlsafe()
                environment = {**command.environment, "EMULATOR_MODEL_SERVER_TOKEN": token}
                fd = listener.fileno()
                arguments = [*command.arguments, str(fd)]
                process = SupervisedProcess(
                    Command(arguments, environment, command.cwd, command.root),
                    grace_seconds=_GRACE_SECONDS,
                    pass_fds=[fd],
                )
            server = cls(process, port, token, directory, log)
            server._wait_until_healthy(name, startup_seconds)
            return server
        except BaseException as error:
            if server is None:
                log.close()
                shutil.rmtree(directory, ignore_errors=True)
            else:
                server._process.kill()
                server.stop()
            if isinstance(error, JobFault):
                raise ModelServerError(str(error)) from error
            raise

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
            When the server does not answer in time, or is gone.
        """
        try:
            return self._connections.request("POST", "/invocations", headers, body, timeout_seconds)
        except TimeoutError as error:
            text = f"no response from the container within {timeout_seconds:g} seconds"
            raise ModelServerError(text) from error
        except OSError as error:
            raise ModelServerError(f"the container is not responding: {error}") from error

    def stop(self) -> None:
        """Let running requests end, end the server, and delete its files."""
        self._connections.close()
        self._process.terminate()
        self._process.wait()
        self.kill()

    def kill(self) -> None:
        """End the server now, whatever it is doing, and delete its files."""
        self._connections.close()
        self._process.kill()
        self._logger.join()
        shutil.rmtree(self._directory, ignore_errors=True)

    def _wait_until_healthy(self, name: str, startup_seconds: float) -> None:
        try:
            response = self._connections.request("GET", "/ping", {}, b"", startup_seconds)
            healthy = response.status == 200
        except OSError:
            healthy = False
        if not healthy:
            self._process.kill()
            self._logger.join()  # so that the log is complete
            reason = (
                f"The primary container for production variant {name} did not pass the ping "
                "health check. Please check CloudWatch logs for this endpoint. "
                f"{self._log.reason()}"
            )
            raise ModelServerError(reason[:MAX_REASON_LENGTH])

    def _follow_log(self) -> None:
        while data := os.read(self._process.stdout.fileno(), 1 << 16):
            self._log.feed(data)
            self._log.flush(force=True)
        self._process.stdout.close()
        self._log.close()


def _prepare(
    directory: Path,
    python: Path,
    container: dict,
    role_arn: str,
    aws: AwsAccess,
    isolation: Isolation,
    log: JobLog,
) -> Command:
    """Fill the container's /opt/ml, install its requirements, and return what to run."""
    root = directory / "ml"
    (root / "model").mkdir(parents=True)
    s3 = aws.client("s3", role_arn)
    model_url = container.get("ModelDataUrl")
    if model_url:
        archive = directory / "model.tar.gz"
        download_object(s3, model_url, archive)
        unpack(archive, root / "model", model_url)
        archive.unlink()
    overlay_python = make_overlay(python, directory / "python")
    container_environment = container.get("Environment") or {}
    get_source(s3, container_environment.get("SAGEMAKER_SUBMIT_DIRECTORY") or _CODE_DIR, root)
    own_environment = {
        **aws.environment(role_arn),
        **container_environment,
        "SM_MODEL_DIR": "/opt/ml/model",
    }

    home = directory / "home"
    home.mkdir()

    def command(*arguments: str, installs_packages: bool = False) -> Command:
        programs = (overlay_python.parent, python.parent)
        base = base_environment(*programs, home=str(home), installs_packages=installs_packages)
        line = [str(overlay_python), *arguments]
        return isolation.apply(Command(line, {**base, **own_environment}, _CODE_DIR), root)

    names = {path.name for path in (root / "code").iterdir()}
    package = ["."] if "setup.py" in names else []
    requirements = ["-r", "requirements.txt"] if "requirements.txt" in names else []
    if package or requirements:
        install = SupervisedProcess(
            command("-m", "pip", "install", *package, *requirements, installs_packages=True),
            grace_seconds=0,
        )
        with install.stdout as output:
            while data := os.read(output.fileno(), 1 << 16):
                log.feed(data)
        if install.wait():
            raise ModelServerError(f"cannot install {' '.join(requirements)}: {log.tail()}")
    return command(str(_CHILD))
