"""The requests to an endpoint, and their distribution to its one or two fleets."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Iterator
from dataclasses import dataclass

from emulator.aws.runners import ModelServer
from emulator.aws.sagemaker.data_capture import CaptureWriter
from emulator.aws.sagemaker.fleet import Fleet, VariantPlan

# Multiples of it, modulo 1, are evenly distributed without a period that clients could match: of
# n requests, the new fleet gets its share of n, plus or minus two.
_GOLDEN_RATIO = 0.618033988749895


class NoTrafficError(Exception):
    """The endpoint is being deleted."""


@dataclass(frozen=True)
class Assignment:
    """The server that was chosen for a request."""

    config: str
    plan: VariantPlan
    server: ModelServer
    writer: CaptureWriter | None = None


class Traffic:
    """Distributes requests to the current fleet and, in an update, a share of them to the next.

    Attributes
    ----------
    kind : str
        The kind of the endpoint, as in `endpoint_kinds`.
    """

    def __init__(self, fleet: Fleet, kind: str) -> None:
        self.kind = kind
        self._lock = threading.Lock()
        self._fleet = fleet
        self._next: Fleet | None = None
        self._share = 0.0
        self._position = 0.0
        self._closed = False
        self._retiring: list[Fleet] = []

    @property
    def fleet(self) -> Fleet:
        """The current fleet; in an update, the old one."""
        return self._fleet

    def shift(self, fleet: Fleet, share: float) -> None:
        """Send a share of the requests, up to 1, to the next fleet."""
        with self._lock:
            self._next, self._share = fleet, share

    def restore(self, fleet: Fleet) -> None:
        """Send every request to the old fleet again."""
        with self._lock:
            self._next, self._share = None, 0.0
            self._retire(fleet)

    def complete(self, fleet: Fleet) -> Fleet:
        """Make the next fleet the current one, and return the old one.

        Raises
        ------
        NoTrafficError
            If the endpoint is being deleted.
        """
        with self._lock:
            if self._closed:
                raise NoTrafficError
            old, self._fleet = self._fleet, fleet
            self._next, self._share = None, 0.0
            self._retire(old)
            return old

    def _retire(self, fleet: Fleet) -> None:
        self._retiring = [one for one in self._retiring if not one.stopped.is_set()] + [fleet]

    def wait_for_retired(self) -> None:
        """Wait until the fleets of earlier updates have stopped: they write into the log."""
        for fleet in self._retiring:
            fleet.stopped.wait()

    def close(self) -> list[Fleet]:
        """Accept no more requests, and return the running fleets."""
        with self._lock:
            self._closed = True
            return [fleet for fleet in (self._fleet, self._next) if fleet is not None]

    @contextlib.contextmanager
    def serving(self, variant: str | None) -> Iterator[Assignment]:
        """Choose the server for a request, and keep it running until the request has ended.

        Parameters
        ----------
        variant : str, optional
            The production variant; one is chosen by weight if none is given.

        Raises
        ------
        NoTrafficError
            If the endpoint is being deleted.
        UnknownVariantError, ThrottledError
            As `Fleet.hold`.
        """
        with self._lock:  # choosing and holding must be atomic: a fleet could retire in between
            if self._closed:
                raise NoTrafficError
            fleet = self._choose()
            held = fleet.hold(variant)
        try:
            yield Assignment(fleet.config, held.plan, held.server, held.writer)
        finally:
            fleet.release(held)

    def _choose(self) -> Fleet:
        if self._next is None:
            return self._fleet
        self._position = (self._position + _GOLDEN_RATIO) % 1.0
        return self._next if self._position < self._share else self._fleet
