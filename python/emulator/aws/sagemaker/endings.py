"""Tells when jobs end, so that who waits for one need not call the service again and again."""

import threading


class Endings:
    """A count of the jobs that have ended."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self.count = 0

    def add(self) -> None:
        """Count one more."""
        with self._lock:
            self.count += 1


ENDINGS = Endings()
