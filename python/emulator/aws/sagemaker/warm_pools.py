"""Managed warm pools: which job's instances are kept, and which job takes them.

Only the records say so: a job starts as fast here whether or not it takes a warm pool.
Source: AWS's developer guide, "Train Using SageMaker AI Managed Warm Pools".
"""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from moto.sagemaker.exceptions import ValidationError

from emulator.runtime.requests.parts import part

LONGEST_SECONDS = 3600
# A failure for another reason may have harmed the instances.
_HARMLESS = ("AlgorithmError", "ClientError")


def check_warm_pool(request: Mapping[str, Any]) -> None:
    """Refuse what AWS refuses."""
    keep_alive = part(request, "ResourceConfig").get("KeepAlivePeriodInSeconds") or 0
    if keep_alive > LONGEST_SECONDS:
        raise ValidationError(
            message=f"Invalid KeepAlivePeriodInSeconds. It must be at most {LONGEST_SECONDS}, "
            f"got {keep_alive}."
        )
    if keep_alive and request.get("EnableManagedSpotTraining"):
        raise ValidationError(
            message="Invalid KeepAlivePeriodInSeconds. Warm pools cannot be used with managed "
            "spot training."
        )


@dataclass
class _Pool:
    record: Any
    configuration: str
    since: float
    seconds: float


class WarmPools:
    """The instances that are kept for another job. Thread-safe."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._available: list[_Pool] = []

    def enter(self, record: Any, request: Mapping[str, Any]) -> None:
        """Let a job that starts take the instances of one that ended, if they are the same."""
        self.refresh()
        wanted = _configuration(request)
        with self._lock:
            pool = next((one for one in self._available if one.configuration == wanted), None)
            if pool is not None:
                self._available.remove(pool)
                _set(pool.record, "Reused", pool, ReusedByJob=record.training_job_name)
        if pool is not None or _keep_alive(request):
            _set(record, "InUse")

    def leave(self, record: Any, request: Mapping[str, Any], failure_reason: str | None) -> None:
        """Keep the instances of a job that has ended, or return them."""
        seconds = _keep_alive(request)
        if seconds and (failure_reason is None or failure_reason.startswith(_HARMLESS)):
            pool = _Pool(record, _configuration(request), time.monotonic(), seconds)
            with self._lock:
                self._available.append(pool)
                _set(record, "Available")
        elif hasattr(record, "warm_pool_status"):
            _set(record, "Terminated")

    def refresh(self) -> None:
        """Return the instances whose time is over."""
        with self._lock:
            for pool in list(self._available):
                if time.monotonic() - pool.since >= pool.seconds:
                    self._available.remove(pool)
                    _set(pool.record, "Terminated", pool)


WARM_POOLS = WarmPools()


def _set(record: Any, status: str, pool: _Pool | None = None, **more: str) -> None:
    billed: dict[str, Any] = {}
    if pool is not None:
        kept = min(time.monotonic() - pool.since, pool.seconds)
        billed = {"ResourceRetainedBillableTimeInSeconds": round(kept)}
    record.warm_pool_status = {"Status": status, **billed, **more}


def _keep_alive(request: Mapping[str, Any]) -> int:
    return part(request, "ResourceConfig").get("KeepAlivePeriodInSeconds") or 0


def _configuration(request: Mapping[str, Any]) -> str:
    """Return what must be the same for a job to take the instances of another."""
    resources, vpc = part(request, "ResourceConfig"), part(request, "VpcConfig")
    members = ("InstanceCount", "InstanceType", "VolumeKmsKeyId", "VolumeSizeInGB")
    return json.dumps(
        [
            request["RoleArn"],
            [resources.get(name) for name in members],
            [sorted(vpc.get(name) or []) for name in ("SecurityGroupIds", "Subnets")],
            bool(request.get("EnableInterContainerTrafficEncryption")),
            bool(request.get("EnableManagedSpotTraining")),
        ]
    )
