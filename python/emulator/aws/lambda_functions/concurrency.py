"""The reserved concurrency of functions: further calls are refused while that many run."""

from __future__ import annotations

import contextlib
import threading
from collections import Counter
from collections.abc import Iterator
from typing import Any

from moto.awslambda.models import lambda_backends

from emulator.aws.account import ACCOUNT, REGION
from emulator.aws.protocol.errors import EmulatorError


class ThrottledError(EmulatorError):
    """A function runs as often as it may."""

    code = "TooManyRequestsException"


class Concurrency:
    """Counts the running calls of each function, over all of its versions. Thread-safe."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._running: Counter[str] = Counter()

    @contextlib.contextmanager
    def call(self, name: str) -> Iterator[None]:
        """Hold a place for a call.

        Raises
        ------
        ThrottledError
            If the function has reserved concurrency, and all of it is in use.
        """
        reserved = _reserved(name)
        with self._lock:
            if reserved is not None and self._running[name] >= reserved:
                raise ThrottledError("TooManyRequestsException", "Rate Exceeded.")
            self._running[name] += 1
        try:
            yield
        finally:
            with self._lock:
                self._running[name] -= 1


def _reserved(name: str) -> int | None:
    function: Any = lambda_backends[ACCOUNT][REGION].get_function(name)
    return None if function.reserved_concurrency is None else int(function.reserved_concurrency)
