"""The bodies of requests: how long they may be, and that they are whole."""

import io
from typing import Any

from emulator.front.errors import RefusedError

MIB = 1024 * 1024
MAX_OBJECT_BYTES = 5 * 1024 * MIB
"""One upload to S3. Source: https://docs.aws.amazon.com/AmazonS3/latest/userguide/qfacts.html"""
MAX_BODY_BYTES = 128 * MIB
"""Any other request; the longest that AWS takes is a function's zip, 50 MB in base64."""


def declared_length(text: str | None) -> int:
    """Return what ``Content-Length`` says, 0 without one.

    Raises
    ------
    RefusedError
        If it is no length.
    """
    if text is None or text == "":
        return 0
    if not (text.isascii() and text.isdigit() and len(text) < 20):
        raise RefusedError(
            "InvalidRequest", f"Content-Length must be a number of bytes, got {text[:40]!r}"
        )
    return int(text)


def check_length(length: int, is_object: bool) -> None:
    """Refuse a body that is longer than its service takes.

    Raises
    ------
    RefusedError
        If it is.
    """
    longest = MAX_OBJECT_BYTES if is_object else MAX_BODY_BYTES
    if length > longest:
        raise RefusedError(
            "EntityTooLarge",
            f"The body has {length} bytes; the emulator takes {longest} at most"
            + (": upload it in parts" if is_object else ""),
        )


class Body(io.RawIOBase):
    """A request's body, which ends where the next request begins."""

    def __init__(self, stream: Any, length: int) -> None:
        self._stream = stream
        self.left = length

    def readable(self) -> bool:
        """Whether it can be read."""
        return True

    def readinto(self, buffer: Any) -> int:
        """Read some of it.

        Raises
        ------
        RefusedError
            If the client stopped before the end: half an object is none.
        """
        if not self.left:
            return 0
        data = self._stream.read1(min(len(buffer), self.left))
        if not data:
            self.left = 0
            raise RefusedError(
                "IncompleteBody",
                "The request ended before the number of bytes that its Content-Length says",
            )
        buffer[: len(data)] = data
        self.left -= len(data)
        return len(data)

    def skip(self) -> None:
        """Read the rest and forget it."""
        while self.left and self.read(self.left):
            pass


class ChunkedBody(io.RawIOBase):
    """A body in HTTP's chunks, whose length shows while it is read."""

    def __init__(self, stream: Any, is_object: bool) -> None:
        self._stream = stream
        self._is_object = is_object
        self._read = 0

    def readable(self) -> bool:
        """Whether it can be read."""
        return True

    def readinto(self, buffer: Any) -> int:
        """Read some of it.

        Raises
        ------
        RefusedError
            If the chunks are broken, or more than the service takes.
        """
        try:
            count = self._stream.readinto(buffer)
        except OSError as error:
            raise RefusedError(
                "IncompleteBody", f"The request's chunks cannot be read: {error}"
            ) from error
        self._read += count
        check_length(self._read, self._is_object)
        return count
