"""The bodies of requests: their maximum length, and whether they are complete."""

import io
from typing import Any

from emulator.front.errors import RefusedError

MIB = 1024 * 1024
MAX_OBJECT_BYTES = 5 * 1024 * MIB
"""One upload to S3. Source: https://docs.aws.amazon.com/AmazonS3/latest/userguide/qfacts.html"""
MAX_BODY_BYTES = 128 * MIB
"""Any other request; AWS's longest is a function's zip, 50 MB in base64."""


def declared_length(text: str | None) -> int:
    """Return ``Content-Length``, or 0 without one.

    Raises
    ------
    RefusedError
        If it is not a length.
    """
    if text is None or text == "":
        return 0
    if not (text.isascii() and text.isdigit() and len(text) < 20):
        raise RefusedError(
            "InvalidRequest", f"Content-Length must be a number of bytes, got {text[:40]!r}"
        )
    return int(text)


def check_length(length: int, is_object: bool) -> None:
    """Refuse a body that is longer than its service accepts.

    Raises
    ------
    RefusedError
        If it is too long.
    """
    longest = MAX_OBJECT_BYTES if is_object else MAX_BODY_BYTES
    if length > longest:
        raise RefusedError(
            "EntityTooLarge",
            f"The body has {length} bytes; the emulator accepts {longest} at most"
            + (": upload it in parts" if is_object else ""),
        )


class Body(io.RawIOBase):
    """A request's body, up to the start of the next request."""

    def __init__(self, stream: Any, length: int) -> None:
        self._stream = stream
        self.left = length

    def readable(self) -> bool:
        """Whether it can be read."""
        return True

    def readinto(self, buffer: Any) -> int:
        """Read some bytes.

        Raises
        ------
        RefusedError
            If the client stopped before the end: an incomplete object must not be stored.
        """
        if not self.left:
            return 0
        data = self._stream.read1(min(len(buffer), self.left))
        if not data:
            self.left = 0
            raise RefusedError(
                "IncompleteBody",
                "The request's body is shorter than its Content-Length",
            )
        buffer[: len(data)] = data
        self.left -= len(data)
        return len(data)

    def skip(self) -> None:
        """Read and discard the rest."""
        while self.left and self.read(self.left):
            pass


class ChunkedBody(io.RawIOBase):
    """A body in HTTP chunks, whose length is known only after reading."""

    def __init__(self, stream: Any, is_object: bool) -> None:
        self._stream = stream
        self._is_object = is_object
        self._read = 0

    def readable(self) -> bool:
        """Whether it can be read."""
        return True

    def readinto(self, buffer: Any) -> int:
        """Read some bytes.

        Raises
        ------
        RefusedError
            If the chunks are malformed, or longer than the service accepts.
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
