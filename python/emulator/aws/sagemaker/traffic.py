"""The requests to an endpoint, and which of its one or two fleets gets each."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Iterator
from dataclasses import dataclass

from emulator.aws.runners import ModelServer
from emulator.aws.sagemaker.fleet import Fleet, VariantPlan

# Multiples of it fill the span from 0 to 1 evenly without a pattern that clients could share: of
# n requests, the new fleet gets its share of n, give or take two.
_GOLDEN_RATIO = 0.618033988749895


class NoTrafficError(Exception):
    """The endpoint is being deleted."""


@dataclass(frozen=True)
class Assignment:
    """The server that answers a request."""

    config: str
    plan: VariantPlan
    server: ModelServer


class Traffic:
    """Passes requests to the fleet that serves and, in an update, a share of them to the next.

    Attributes
    ----------
    kind : str
        The kind of the endpoint, as `endpoint_kinds` names it.
    """

    def __init__(self, fleet: Fleet, kind: str) -> None:
        self.kind = kind
        self._lock = threading.Lock()
        self._fleet = fleet
        self._next: Fleet | None = None
        self._share = 0.0
        self._position = 0.0
        self._closed = False
        self._leaving: list[Fleet] = []

    @property
    def fleet(self) -> Fleet:
        """The fleet that serves, or in an update the old one."""
        return self._fleet

    def shift(self, fleet: Fleet, share: float) -> None:
        """Send a share of the requests, up to 1, to the next fleet."""
        with self._lock:
            self._next, self._share = fleet, share

    def restore(self, fleet: Fleet) -> None:
        """Send every request to the old fleet again; the other one is on its way out."""
        with self._lock:
            self._next, self._share = None, 0.0
            self._leave(fleet)

    def complete(self, fleet: Fleet) -> Fleet:
        """Send every request to the next fleet for good, and return the old one.

        Raises
        ------
        NoTrafficError
            If the endpoint is gone.
        """
        with self._lock:
            if self._closed:
                raise NoTrafficError
            old, self._fleet = self._fleet, fleet
            self._next, self._share = None, 0.0
            self._leave(old)
            return old

    def _leave(self, fleet: Fleet) -> None:
        self._leaving = [one for one in self._leaving if not one.stopped.is_set()] + [fleet]

    def wait_until_left(self) -> None:
        """Wait for the fleets of earlier updates: they write into the endpoint's log until then."""
        for fleet in self._leaving:
            fleet.stopped.wait()

    def close(self) -> list[Fleet]:
        """Take no request any more, and return the fleets that are up."""
        with self._lock:
            self._closed = True
            return [fleet for fleet in (self._fleet, self._next) if fleet is not None]

    @contextlib.contextmanager
    def serving(self, variant: str | None) -> Iterator[Assignment]:
        """Choose who answers a request, and keep the server up until it is answered.

        Parameters
        ----------
        variant : str, optional
            The production variant; one is chosen by weight if none is given.

        Raises
        ------
        NoTrafficError
            If the endpoint is gone.
        UnknownVariantError, ThrottledError
            As `Fleet.hold`.
        """
        with self._lock:  # choosing and holding is one step, or a fleet could retire in between
            if self._closed:
                raise NoTrafficError
            fleet = self._choose()
            held = fleet.hold(variant)
        try:
            yield Assignment(fleet.config, held.plan, held.server)
        finally:
            fleet.release(held)

    def _choose(self) -> Fleet:
        if self._next is None:
            return self._fleet
        self._position = (self._position + _GOLDEN_RATIO) % 1.0
        return self._next if self._position < self._share else self._fleet
