"""Asynchronous invocations of functions: one that fails is tried again.

Source: https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-error-handling.html
"""

import threading
from collections.abc import Callable

WAITS_SECONDS = (60, 120)
"""AWS's waits before the second and the third attempt, which is the last one."""


class AsynchronousInvocations:
    """Invokes functions in the background.

    Parameters
    ----------
    time_scale : float
        Factor of the waits.
    """

    def __init__(self, time_scale: float) -> None:
        self._time_scale = time_scale
        self._closed = threading.Event()

    def submit(self, invoke: Callable[[], bool]) -> None:
        """Invoke a function until it succeeds, three times at most; `invoke` says whether it did.

        The caller does not wait; the handler's output and errors are in its log.
        """
        threading.Thread(target=self._run, args=[invoke], daemon=True).start()

    def close(self) -> None:
        """End the waits: what would be tried again is not."""
        self._closed.set()

    def _run(self, invoke: Callable[[], bool]) -> None:
        for wait in WAITS_SECONDS:
            if invoke() or self._closed.wait(wait * self._time_scale):
                return
        invoke()
