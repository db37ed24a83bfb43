"""How traffic is shifted to new servers: the DeploymentConfig of an update.

Source: https://docs.aws.amazon.com/sagemaker/latest/dg/deployment-guardrails.html
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from moto.sagemaker.exceptions import ValidationError

_CANARY, _LINEAR = "CANARY", "LINEAR"
_SIZES = {_CANARY: "CanarySize", _LINEAR: "LinearStepSize"}
_SMALLEST_PERCENT = {_CANARY: 1, _LINEAR: 10}
_LARGEST_PERCENT = 50


@dataclass(frozen=True)
class Stage:
    """A step of an update, and how long alarms are monitored after it.

    Attributes
    ----------
    capacities : dict
        Instances of each variant that receive traffic.
    share : float
        Share of the requests that go to the new servers.
    wait_seconds : int
        How long to monitor alarms.
    wait_name : str
        The member of the DeploymentConfig that sets it.
    """

    capacities: dict[str, int]
    share: float
    wait_seconds: int
    wait_name: str

    @property
    def is_full(self) -> bool:
        """Whether the new servers receive every request."""
        return self.share == 1.0


@dataclass(frozen=True)
class DeploymentPolicy:
    """A DeploymentConfig, or its defaults: all at once, without monitoring."""

    kind: str = "ALL_AT_ONCE"
    size: Mapping[str, Any] | None = None
    wait_seconds: int = 0
    termination_wait_seconds: int = 0
    maximum_seconds: int | None = None
    alarms: tuple[str, ...] = ()

    def stages(self, instance_counts: Mapping[str, int]) -> list[Stage]:
        """Return the steps for variants with these numbers of instances."""
        stages = []
        step = {name: _capacity(self.size, n) for name, n in instance_counts.items()}
        for number in range(1, self._partial_steps(instance_counts) + 1):
            capacities = {name: step[name] * number for name in step}
            # The smallest of the variants' shares, so that no variant exceeds its own.
            share = min(capacities[name] / n for name, n in instance_counts.items())
            stages.append(Stage(capacities, share, self.wait_seconds, "WaitIntervalInSeconds"))
        full = (self.termination_wait_seconds, "TerminationWaitInSeconds")
        return [*stages, Stage(dict(instance_counts), 1.0, *full)]

    def _partial_steps(self, instance_counts: Mapping[str, int]) -> int:
        if self.kind == _CANARY:
            return 1
        if self.kind == _LINEAR:
            return min((n - 1) // _capacity(self.size, n) for n in instance_counts.values())
        return 0


def parse_policy(
    config: Mapping[str, Any] | None, instance_counts: Mapping[str, int | None] | None = None
) -> DeploymentPolicy:
    """Return the policy of a DeploymentConfig.

    Parameters
    ----------
    instance_counts : mapping, optional
        Instances of each variant of the new configuration, None for serverless ones; without it,
        sizes are not checked.

    Raises
    ------
    ValidationError
        If SageMaker would refuse it.
    """
    if not config:
        return DeploymentPolicy()
    blue_green = config.get("BlueGreenUpdatePolicy") or {}
    routing: Mapping[str, Any] = blue_green.get("TrafficRoutingConfiguration") or {
        "Type": "ALL_AT_ONCE"
    }
    kind = routing["Type"]
    for other, name in _SIZES.items():
        if (kind == other) != (name in routing):
            problem = "needs" if kind == other else "does not take"
            raise ValidationError(
                message=f"TrafficRoutingConfiguration of Type {kind} {problem} {name}."
            )
    alarms = (config.get("AutoRollbackConfiguration") or {}).get("Alarms") or []
    policy = DeploymentPolicy(
        kind=kind,
        size=routing.get(_SIZES.get(kind, "")),
        wait_seconds=int(routing.get("WaitIntervalInSeconds") or 0),
        termination_wait_seconds=int(blue_green.get("TerminationWaitInSeconds") or 0),
        maximum_seconds=blue_green.get("MaximumExecutionTimeoutInSeconds"),
        alarms=tuple(alarm["AlarmName"] for alarm in alarms),
    )
    if instance_counts is not None:
        _check_sizes(policy, instance_counts)
    return policy


def _check_sizes(policy: DeploymentPolicy, instance_counts: Mapping[str, int | None]) -> None:
    counts: dict[str, int] = {}
    for name, count in instance_counts.items():
        if count is None:
            raise ValidationError(
                message=f"DeploymentConfig is not supported for serverless variants, and {name} is "
                "one: leave it out."
            )
        counts[name] = count
        if policy.size is not None:
            _check_size(policy.kind, policy.size, name, count)
    waits = sum(stage.wait_seconds for stage in policy.stages(counts))
    if policy.maximum_seconds is not None and policy.maximum_seconds <= waits:
        raise ValidationError(
            message=f"MaximumExecutionTimeoutInSeconds ({policy.maximum_seconds}) must be larger "
            f"than all waits of the deployment, which take {waits} seconds."
        )


def _check_size(kind: str, size: Mapping[str, Any], variant: str, count: int) -> None:
    name, value = _SIZES[kind], size["Value"]
    if count < 2:
        raise ValidationError(
            message=f"{name} must be at most {_LARGEST_PERCENT} % of a variant's instances, and "
            f"variant {variant} has {count}: use 2 instances or more, or Type ALL_AT_ONCE."
        )
    in_instances = size["Type"] == "INSTANCE_COUNT"
    percent = 100 * value / count if in_instances else value
    if not _SMALLEST_PERCENT[kind] <= percent <= _LARGEST_PERCENT:
        given = f"{value} of {count} instances" if in_instances else f"{value} %"
        raise ValidationError(
            message=f"{name} must be from {_SMALLEST_PERCENT[kind]} to {_LARGEST_PERCENT} % of the "
            f"instances of variant {variant}, got {given}."
        )


def _capacity(size: Mapping[str, Any] | None, count: int) -> int:
    """Return a size as a number of instances, at least one."""
    if size is None:
        return count
    if size["Type"] == "INSTANCE_COUNT":
        return int(size["Value"])
    return max(1, int(count * size["Value"] / 100))
