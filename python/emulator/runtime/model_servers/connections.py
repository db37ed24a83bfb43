"""Persistent connections to one server on this machine."""

from __future__ import annotations

import http.client
import socket
import threading
from collections.abc import Mapping
from dataclasses import dataclass

_HOP_BY_HOP = {"connection", "content-length", "host", "keep-alive", "transfer-encoding"}


@dataclass(frozen=True)
class ServerResponse:
    """A server's response."""

    status: int
    headers: dict[str, str]
    body: bytes


class Connections:
    """A thread-safe pool of connections to 127.0.0.1.

    Requests are built here because http.client sends head and body in two packets.

    Parameters
    ----------
    own_headers : mapping
        Headers of every request; callers cannot override them.
    """

    def __init__(self, port: int, own_headers: Mapping[str, str]):
        self._port = port
        self._own_headers = [f"{name}: {value}" for name, value in own_headers.items()]
        self._not_taken = _HOP_BY_HOP | {name.lower() for name in own_headers}
        self._idle: list[socket.socket] = []
        self._lock = threading.Lock()

    def request(
        self, method: str, path: str, headers: Mapping[str, str], body: bytes, timeout: float
    ) -> ServerResponse:
        """Send a request and return the response.

        Raises
        ------
        OSError
            If there is no response; TimeoutError if it takes longer than `timeout` seconds.
        """
        lines = [f"{method} {path} HTTP/1.1", "Host: 127.0.0.1", f"Content-Length: {len(body)}"]
        lines += self._own_headers
        lines += [
            f"{name}: {value}"
            for name, value in headers.items()
            if name.lower() not in self._not_taken
        ]
        message = "\r\n".join([*lines, "", ""]).encode("latin-1") + body
        while True:
            connection, is_new = self._take(timeout)
            try:
                return self._exchange(connection, method, message)
            except (ConnectionError, http.client.HTTPException) as error:
                connection.close()
                # The server may have closed an idle connection, so retry on a new one.
                if is_new:
                    raise ConnectionError(f"no answer from the server: {error}") from error
            except BaseException:
                connection.close()
                raise

    def close(self) -> None:
        """Close idle connections."""
        with self._lock:
            idle, self._idle = self._idle, []
        for connection in idle:
            connection.close()

    def _take(self, timeout: float) -> tuple[socket.socket, bool]:
        with self._lock:
            connection = self._idle.pop() if self._idle else None
        if connection is not None:
            connection.settimeout(timeout)
            return connection, False
        connection = socket.create_connection(("127.0.0.1", self._port), timeout)
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return connection, True

    def _exchange(self, connection: socket.socket, method: str, message: bytes) -> ServerResponse:
        connection.sendall(message)
        response = http.client.HTTPResponse(connection, method=method)
        response.begin()
        body = response.read()
        answer = ServerResponse(response.status, dict(response.getheaders()), body)
        if response.will_close:
            connection.close()
        else:
            with self._lock:
                self._idle.append(connection)
        return answer
