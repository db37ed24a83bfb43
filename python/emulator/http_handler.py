"""One HTTP connection, kept open for the next request.

Werkzeug's own handler closes every connection after one request.
"""

import io
import logging
from typing import Any

from moto.moto_server.werkzeug_app import MotoRequestHandler

LOG = logging.getLogger("emulator.requests")

_IDLE_SECONDS = 3600  # an SDK that takes an old connection from its pool must find it open
_WORTH_READING_BYTES = 1_000_000


class Handler(MotoRequestHandler):
    """Answers requests from the server's WSGI application."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = -1  # head and body leave together
    timeout = _IDLE_SECONDS

    def handle_expect_100(self) -> bool:
        """Let the client send its body; it waits for this answer."""
        allowed = super().handle_expect_100()
        self.wfile.flush()
        return allowed

    def run_wsgi(self) -> None:
        """Answer one request."""
        environ = self.make_environ()
        if "wsgi.input_terminated" in environ:
            self.close_connection = True  # chunked: where the next request begins is not known
        body = _Body(self.rfile, int(environ.get("CONTENT_LENGTH") or 0))
        if not self.close_connection:
            environ["wsgi.input"] = io.BufferedReader(body)
        status, headers, answer = _call(self.server.app, environ)
        self._send(status, headers, answer)
        LOG.debug("%s %s", self.requestline, status)
        if body.left > _WORTH_READING_BYTES:
            self.close_connection = True
        elif not self.close_connection:
            body.skip()

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
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(answer)
        self.wfile.flush()


class _Body(io.RawIOBase):
    """A request's body, which ends where the next request begins."""

    def __init__(self, stream: Any, length: int) -> None:
        self._stream = stream
        self.left = length

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        data = self._stream.read1(min(len(buffer), self.left)) if self.left else b""
        buffer[: len(data)] = data
        self.left -= len(data)
        return len(data)

    def skip(self) -> None:
        while self.left and self.read(self.left):
            pass


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
