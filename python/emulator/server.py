"""The HTTP server: moto's services and the control paths ``/_emulator``."""

import contextlib
import errno
import json
import logging
import socket
import threading
from collections.abc import Callable, Iterable, Mapping
from typing import Any, Protocol

from werkzeug.serving import BaseWSGIServer, ThreadedWSGIServer
from werkzeug.wrappers import Request, Response

from emulator.aws.faults import FaultRuleError, Faults
from emulator.aws.protocol.wire import refused
from emulator.aws.requests.unknown_operations import moto_services
from emulator.front.admission import Admission
from emulator.front.errors import RefusedError
from emulator.http_handler import Handler

LOG = logging.getLogger("emulator")

HOST = "127.0.0.1"
MAX_CONNECTIONS = 4096
"""Maximum number, each with a thread; a rehearsal's traffic needs 2000."""
_BACKLOG = 128
_TOO_MANY = (
    b"HTTP/1.1 503 Slow Down\r\nContent-Type: application/json\r\nContent-Length: 76\r\n"
    b"Connection: close\r\n\r\n"
    b'{"__type": "ServiceUnavailable", "message": "Too many connections are open"}'
)


class PortTakenError(Exception):
    """Another program listens on the requested port."""


def bind(port: int) -> socket.socket:
    """Return a socket that listens on loopback, on a free port if `port` is 0.

    Raises
    ------
    PortTakenError
        If another program has the port.
    """
    listener = socket.socket()
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((HOST, port))
        listener.listen(_BACKLOG)
    except OSError as error:
        listener.close()
        if error.errno not in (errno.EADDRINUSE, errno.EACCES):
            raise
        raise PortTakenError(
            f"port {port} of {HOST} is taken or not allowed ({error.strerror}); choose another "
            "with --port, or leave it out for a free one"
        ) from error
    return listener


class Kept(Protocol):
    """Records that users can read and remove."""

    def describe(self) -> dict[str, Any]:
        """Return the records as a JSON object."""
        ...

    def clear(self) -> None:
        """Remove the records."""
        ...


class Application:
    """WSGI application: handles control paths, and passes other requests to moto.

    Parameters
    ----------
    describe : callable
        Returns the response of ``GET /_emulator``.
    faults : Faults
        The rules that ``/_emulator/faults`` replaces and removes.
    kept : mapping of str to Kept
        Records for users, by name: ``/_emulator/<name>`` returns and removes them.
    admission : Admission
        Checks whether requests are admitted.
    """

    def __init__(
        self,
        describe: Callable[[], dict[str, Any]],
        faults: Faults,
        kept: Mapping[str, Kept],
        admission: Admission,
    ) -> None:
        self._moto = moto_services()
        self._describe = describe
        self._faults = faults
        self._kept = kept
        self._admission = admission

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        """Answer one request."""
        path = environ.get("PATH_INFO", "")
        is_control = path == "/_emulator" or path.startswith("/_emulator/")
        try:
            self._admit(environ, path, is_control)
            if is_control:
                return self._control(Request(environ))(environ, start_response)
            if path.startswith("/moto-api"):
                # moto's own control paths would remove the records of running jobs and endpoints.
                problem = "moto's own control paths are disabled; stop the emulator instead"
                return _json({"error": problem}, 404)(environ, start_response)
            return self._moto(environ, start_response)
        except RefusedError as error:
            LOG.warning("refused: %s %s: %s", environ["REQUEST_METHOD"], path, error)
            answer = (
                _json({"error": str(error)}, 403)
                if is_control
                else refused(environ, error.code, str(error))
            )
            return answer(environ, start_response)

    def _admit(self, environ: dict[str, Any], path: str, is_control: bool) -> None:
        self._admission.check_sender(environ)
        if not is_control:
            self._admission.check_signature(environ)
        elif (environ["REQUEST_METHOD"], path) != ("GET", "/_emulator"):  # contains no secret
            self._admission.check_control(environ)
        environ["emulator.let_in"] = True

    def _control(self, request: Request) -> Response:
        if request.path == "/_emulator" and request.method == "GET":
            return _json(self._describe())
        if request.path == "/_emulator/faults" and request.method == "POST":
            try:
                self._faults.load(json.loads(request.get_data()))
            except RecursionError:
                return _json({"error": "the rules are nested too deeply"}, 400)
            except (FaultRuleError, ValueError) as error:
                return _json({"error": str(error)}, 400)
            return _json({})
        if request.path == "/_emulator/faults" and request.method == "DELETE":
            self._faults.clear()
            return _json({})
        kept = self._kept.get(request.path.removeprefix("/_emulator/"))
        if kept is not None and request.method == "GET":
            return _json(kept.describe())
        if kept is not None and request.method == "DELETE":
            kept.clear()
            return _json({})
        known = "GET /_emulator, POST and DELETE /_emulator/faults" + "".join(
            f", GET and DELETE /_emulator/{name}" for name in self._kept
        )
        return _json({"error": f"{request.method} {request.path} does not exist; use {known}"}, 404)


def _json(document: dict[str, Any], status: int = 200) -> Response:
    return Response(json.dumps(document), status, content_type="application/json")


def serve_on(
    listener: socket.socket, application: Callable[..., Iterable[bytes]]
) -> BaseWSGIServer:
    """Return a server for the listening socket; the caller runs and closes it."""
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    port = listener.getsockname()[1]
    return _Server(HOST, port, application, handler=Handler, fd=listener.fileno())


class _Server(ThreadedWSGIServer):
    """A server with a thread for each connection, up to a limit."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self._free = threading.BoundedSemaphore(MAX_CONNECTIONS)
        self._told = False

    def process_request(self, request: Any, client_address: Any) -> None:
        """Start the thread of a connection, or refuse it if there are too many."""
        if self._free.acquire(blocking=False):
            super().process_request(request, client_address)
            return
        if not self._told:
            self._told = True
            LOG.warning("%s connections are open: further ones are refused", MAX_CONNECTIONS)
        with contextlib.suppress(OSError):
            request.sendall(_TOO_MANY)
        self.shutdown_request(request)

    def process_request_thread(self, request: Any, client_address: Any) -> None:
        """Handle the requests of a connection."""
        try:
            super().process_request_thread(request, client_address)
        finally:
            self._free.release()
