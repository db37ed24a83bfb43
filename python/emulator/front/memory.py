"""Giving memory back after large requests.

Objects of moto hold each other in circles, with the bodies of their requests, until Python looks
for such; and glibc keeps what is freed for the thread that had it.
"""

import ctypes
import gc
import sys
import threading
from collections.abc import Callable

_LARGE_BYTES = 4 * 1024 * 1024
_PAUSE_SECONDS = 0.5  # one collection for all parts of an upload


class Tidier:
    """A thread that gives memory back when large requests have come."""

    def __init__(self) -> None:
        self._due = threading.Event()
        self._trim = _trim_of_libc()
        threading.Thread(target=self._run, name="tidier", daemon=True).start()

    def after(self, length: int) -> None:
        """Record a request whose body or response had `length` bytes."""
        if length >= _LARGE_BYTES:
            self._due.set()

    def _run(self) -> None:
        while self._due.wait():
            threading.Event().wait(_PAUSE_SECONDS)
            self._due.clear()
            gc.collect()
            if self._trim:
                self._trim(0)


def _trim_of_libc() -> Callable[[int], int] | None:
    # Other C libraries have no such function, nor need it.
    if not sys.platform.startswith("linux"):
        return None
    return getattr(ctypes.CDLL(None), "malloc_trim", None)
