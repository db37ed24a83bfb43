"""The model servers of one endpoint configuration, and the requests that they still answer."""

import contextlib
import random
import threading
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from emulator.aws.work import ModelServer, StartModelServer

_DRAINING_SECONDS = 65.0  # an invocation may take 60 s


class UnknownVariantError(LookupError):
    """The caller asked for a variant that the endpoint does not have."""


@dataclass(frozen=True)
class VariantPlan:
    """A production variant and the model behind it, as they were when the endpoint asked."""

    name: str
    weight: float
    container: dict[str, Any]
    role_arn: str


class Fleet:
    """Model servers by variant. Requests in flight keep them up until they are answered."""

    def __init__(self, servers: dict[str, tuple[ModelServer, float]]) -> None:
        self._servers = servers
        self._in_flight = 0
        self._idle = threading.Condition()

    @classmethod
    def start(cls, endpoint: str, variants: list[VariantPlan], start: StartModelServer) -> "Fleet":
        """Start a server for each variant and wait until all are healthy.

        Raises
        ------
        ModelServerError
            If one of them is not; the others are stopped then.
        """
        servers: dict[str, tuple[ModelServer, float]] = {}
        try:
            for variant in variants:
                server = start(
                    variant.name,
                    variant.container,
                    variant.role_arn,
                    log_group=f"/aws/sagemaker/Endpoints/{endpoint}",
                    log_stream=f"{variant.name}/i-{uuid.uuid4().hex[:17]}",
                )
                servers[variant.name] = (server, variant.weight)
        except Exception:
            for server, _ in servers.values():
                server.stop()
            raise
        return cls(servers)

    @contextlib.contextmanager
    def serving(self, variant: str | None) -> Iterator[tuple[str, ModelServer]]:
        """Choose a variant, by weight unless one is given, and hold its server for a request."""
        if variant is not None and variant not in self._servers:
            raise UnknownVariantError(variant)
        name = variant or self._choose()
        with self._idle:
            self._in_flight += 1
        try:
            yield name, self._servers[name][0]
        finally:
            with self._idle:
                self._in_flight -= 1
                self._idle.notify_all()

    def _choose(self) -> str:
        names, weights = list(self._servers), [weight for _, weight in self._servers.values()]
        return random.choices(names, weights)[0] if any(weights) else names[0]  # noqa: S311

    def retire(self) -> None:
        """Stop the servers once the requests in flight are answered."""
        with self._idle:
            self._idle.wait_for(lambda: self._in_flight == 0, _DRAINING_SECONDS)
        self.stop()

    def stop(self) -> None:
        """Stop the servers; each lets its running requests end."""
        for server, _ in self._servers.values():
            server.stop()

    def kill(self) -> None:
        """End the servers now."""
        for server, _ in self._servers.values():
            server.kill()
