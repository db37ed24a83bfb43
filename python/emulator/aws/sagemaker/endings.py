"""A signal that jobs have ended, so that waiting tasks need not poll the service."""

import threading


class Endings:
    """A count of the jobs that have ended."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self.count = 0

    def add(self) -> None:
        """Count one more job."""
        with self._lock:
            self.count += 1


ENDINGS = Endings()
