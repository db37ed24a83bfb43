"""An HTTP connection that is kept open for further requests.

Werkzeug's own handler closes every connection after one request.
"""

import contextlib
import io
import logging
import socket
import time
from typing import Any

from moto.moto_server.werkzeug_app import MotoRequestHandler

from emulator.aws.protocol.wire import refused, scope
from emulator.front.bodies import Body, ChunkedBody, check_length, declared_length
from emulator.front.errors import RefusedError
from emulator.front.memory import Tidier

LOG = logging.getLogger("emulator.requests")

_STRANGERS_IDLE_SECONDS = 60
_IDLE_SECONDS = 3600  # must be open when an SDK reuses it from its pool
_WORTH_READING_BYTES = 1_000_000
_LINGER_SECONDS = 5
_TIDIER = Tidier()


class Handler(MotoRequestHandler):
    """Passes requests to the server's WSGI application."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = -1  # sends head and body together
    timeout = _STRANGERS_IDLE_SECONDS  # until a request is admitted

    def handle_expect_100(self) -> bool:
        """Let the client send its body; it waits for this response."""
        allowed = super().handle_expect_100()
        self.wfile.flush()
        return allowed

    def run_wsgi(self) -> None:
        """Handle one request."""
        try:
            environ = self.make_environ()
        except ValueError as error:  # raised by urlsplit
            self.close_connection = True
            self.send_error(400, f"The address of the request cannot be read: {error}")
            return
        try:
            body = self._body(environ)
        except RefusedError as error:
            # The start of the next request is unknown.
            self.close_connection = True
            environ["CONTENT_LENGTH"] = "0"
            self._send(*_call(refused(environ, error.code, str(error)), environ))
            self._linger()
            return
        length = body.left
        answer = _call(self.server.app, environ)
        if environ.get("emulator.let_in"):
            self.connection.settimeout(_IDLE_SECONDS)
        if body.left > _WORTH_READING_BYTES:
            self.close_connection = True
        self._send(*answer)
        LOG.debug("%s %s", self.requestline, answer[0])
        if not self.close_connection:
            _skip(body)
        elif body.left or "wsgi.input_terminated" in environ:
            self._linger()
        _TIDIER.after(max(length, len(answer[2])))

    def _body(self, environ: dict[str, Any]) -> Body:
        """Put the body into the WSGI environment, and return it."""
        is_object = scope(environ) in ("s3", "")
        length = declared_length(environ.get("CONTENT_LENGTH"))
        chunked = environ.pop("wsgi.input_terminated", False)
        if chunked:
            self.close_connection = True  # the start of the next request is unknown
            if "CONTENT_LENGTH" in environ:
                raise RefusedError(
                    "InvalidRequest",
                    "A request must not have both a Content-Length and a Transfer-Encoding",
                )
            environ["wsgi.input_terminated"] = True
            stream = ChunkedBody(environ["wsgi.input"], is_object)
            environ["wsgi.input"] = io.BufferedReader(stream)
            return Body(self.rfile, 0)
        check_length(length, is_object)
        body = Body(self.rfile, length)
        environ["wsgi.input"] = io.BufferedReader(body)
        return body

    def _send(self, status: str, headers: list[tuple[str, str]], answer: bytes) -> None:
        code, _, reason = status.partition(" ")
        names = {name.lower() for name, _ in headers}
        self.send_response_only(int(code), reason)
        for name, value in headers:
            self.send_header(name, value)
        if "date" not in names:
            self.send_header("Date", self.date_time_string())
        if "content-length" not in names and int(code) != 204:
            self.send_header("Content-Length", str(len(answer)))
        if self.close_connection:
            self.send_header("Connection", "close")
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(answer)
        self.wfile.flush()

    def _linger(self) -> None:
        # Closing a socket with unread bytes discards the response.
        self.connection.shutdown(socket.SHUT_WR)
        self.connection.settimeout(_LINGER_SECONDS)
        end = time.monotonic() + _LINGER_SECONDS
        while time.monotonic() < end and self.rfile.read1(1 << 16):
            pass


def _skip(body: Body) -> None:
    with contextlib.suppress(RefusedError):  # the client has closed the connection
        body.skip()


def _call(application: Any, environ: dict[str, Any]) -> tuple[str, list[tuple[str, str]], bytes]:
    answered: list[Any] = []

    def start_response(status: str, headers: list[tuple[str, str]], _: Any = None) -> Any:
        answered[:] = [status, headers]
        return None

    chunks = application(environ, start_response)
    try:
        body = b"".join(chunks)
    finally:
        if hasattr(chunks, "close"):
            chunks.close()
    return answered[0], answered[1], body
