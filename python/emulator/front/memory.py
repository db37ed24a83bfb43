"""Returning memory to the system after large requests.

moto's objects and the bodies of their requests form reference cycles until Python's garbage
collector runs, and glibc keeps freed memory for the thread that allocated it.
"""

import ctypes
import gc
import sys
import threading
from collections.abc import Callable

_LARGE_BYTES = 4 * 1024 * 1024
_PAUSE_SECONDS = 0.5  # one collection for all parts of an upload


class Tidier:
    """A thread that returns memory to the system after large requests."""

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
    # Other C libraries do not have or need this function.
    if not sys.platform.startswith("linux"):
        return None
    return getattr(ctypes.CDLL(None), "malloc_trim", None)
