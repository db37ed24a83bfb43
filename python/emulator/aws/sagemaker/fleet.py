"""The model servers of one endpoint configuration, and their requests in flight."""

from __future__ import annotations

import random
import threading
import uuid
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from emulator.aws.runners import ModelServer, StartModelServer
from emulator.aws.sagemaker.capture_plan import CapturePlan
from emulator.aws.sagemaker.data_capture import CapturedVariant, Captures, CaptureWriter

_DRAINING_SECONDS = 65.0  # an invocation may take 60 s


class UnknownVariantError(LookupError):
    """The request names a variant that the endpoint does not have."""


class ThrottledError(Exception):
    """A serverless variant has reached its maximum concurrency."""


@dataclass(frozen=True)
class VariantPlan:
    """A production variant and its model, as they were when the endpoint was created or updated.

    Attributes
    ----------
    instance_count : int or None
        None for a serverless variant. One server represents all instances.
    serverless : dict or None
        Its ``ServerlessConfig``.
    capture : CapturePlan or None
        What is captured of its requests and responses.
    """

    name: str
    weight: float
    container: dict[str, Any]
    role_arn: str
    instance_count: int | None = 1
    serverless: dict[str, Any] | None = None
    capture: CapturePlan | None = None

    def describe(self) -> dict[str, Any]:
        """Return the variant in the form of DescribeEndpoint."""
        described: dict[str, Any] = {
            "VariantName": self.name,
            "CurrentWeight": self.weight,
            "DesiredWeight": self.weight,
        }
        if self.instance_count is not None:
            described["CurrentInstanceCount"] = self.instance_count
            described["DesiredInstanceCount"] = self.instance_count
        if self.serverless is not None:
            described["CurrentServerlessConfig"] = self.serverless
        return described


@dataclass
class Variant:
    """A variant in service."""

    plan: VariantPlan
    server: ModelServer
    writer: CaptureWriter | None = None
    in_flight: int = 0


class Fleet:
    """Model servers by variant. They run until their requests in flight have ended.

    Attributes
    ----------
    stopped : threading.Event
        Set when the servers have stopped.
    """

    def __init__(self, config: str, variants: Iterable[Variant]) -> None:
        self.config = config
        self._variants = {variant.plan.name: variant for variant in variants}
        self._idle = threading.Condition()
        self.stopped = threading.Event()

    @classmethod
    def start(
        cls,
        endpoint: str,
        config: str,
        plans: Iterable[VariantPlan],
        start: StartModelServer,
        captures: Captures | None = None,
    ) -> Fleet:
        """Start a server for each variant and wait until all are healthy.

        Raises
        ------
        ModelServerError
            If one of them is not healthy; the others are stopped.
        """
        variants: list[Variant] = []
        try:
            for plan in plans:
                log_stream = f"{plan.name}/i-{uuid.uuid4().hex[:17]}"
                server = start(
                    plan.name,
                    plan.container,
                    plan.role_arn,
                    log_group=f"/aws/sagemaker/Endpoints/{endpoint}",
                    log_stream=log_stream,
                )
                captured = CapturedVariant(endpoint, plan.name, plan.role_arn, log_stream)
                writer = captures and captures.open(captured, plan.capture)
                variants.append(Variant(plan, server, writer))
        except Exception:
            for variant in variants:
                variant.server.stop()
            raise
        return cls(config, variants)

    @property
    def plans(self) -> dict[str, VariantPlan]:
        """The current variants by name."""
        with self._idle:
            return {name: variant.plan for name, variant in self._variants.items()}

    def servers(self) -> list[tuple[VariantPlan, ModelServer]]:
        """Return the current variants and their servers."""
        with self._idle:
            return [(variant.plan, variant.server) for variant in self._variants.values()]

    def adjust(self, changes: Mapping[str, Mapping[str, Any]]) -> None:
        """Change fields of plans by variant; weights are effective from the next request."""
        with self._idle:
            for name, fields in changes.items():
                variant = self._variants[name]
                variant.plan = replace(variant.plan, **fields)

    def hold(self, name: str | None) -> Variant:
        """Choose a variant, by weight unless one is named, and keep it running until `release`.

        Raises
        ------
        UnknownVariantError
            If there is no variant of this name.
        ThrottledError
            If the variant is serverless and at its maximum concurrency.
        """
        with self._idle:
            if name is not None and name not in self._variants:
                raise UnknownVariantError(name)
            variant = self._variants[name or self._choose()]
            serverless = variant.plan.serverless
            if serverless is not None and variant.in_flight >= serverless["MaxConcurrency"]:
                raise ThrottledError
            variant.in_flight += 1
            return variant

    def release(self, variant: Variant) -> None:
        """End a request that began with `hold`."""
        with self._idle:
            variant.in_flight -= 1
            self._idle.notify_all()

    def _choose(self) -> str:
        names = list(self._variants)
        weights = [variant.plan.weight for variant in self._variants.values()]
        return random.choices(names, weights)[0] if any(weights) else names[0]  # noqa: S311

    def retire(self) -> None:
        """Stop the servers once the requests in flight have ended."""
        with self._idle:
            self._idle.wait_for(self._is_idle, _DRAINING_SECONDS)
        self.stop()

    def _is_idle(self) -> bool:
        return not any(variant.in_flight for variant in self._variants.values())

    def stop(self) -> None:
        """Stop the servers; each finishes its running requests, and what it captured is written."""
        try:
            for variant in self._variants.values():
                variant.server.stop()
        finally:
            self._close_writers()
            self.stopped.set()

    def kill(self) -> None:
        """Kill the servers; what they captured is written."""
        for variant in self._variants.values():
            variant.server.kill()
        self._close_writers()

    def _close_writers(self) -> None:
        for variant in self._variants.values():
            if variant.writer is not None:
                variant.writer.close()
