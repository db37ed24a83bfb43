"""Importing moto's services without EC2, which needs a second and 100 MB of memory.

The interpreter imports Batch for one enumeration, Systems Manager imports EC2 for the instances of
commands, and autoscaling imports ECS for its services: the emulator runs none of these.
"""

import contextlib
import enum
import importlib
import sys
import types
from collections.abc import Callable, Iterator
from typing import Any


class _JobStatus(str, enum.Enum):
    SUCCEEDED = "SUCCEEDED"
    FAILED = "FAILED"


class _Later:
    """A value that is created when it is first used."""

    def __init__(self, find: Callable[[], Any]) -> None:
        self._find = find

    def __getitem__(self, key: Any) -> "_Later":
        return _Later(lambda: self._find()[key])

    def __getattr__(self, name: str) -> Any:
        return getattr(self._find(), name)


def _later(module: str, name: str) -> dict[str, Any]:
    return {name: _Later(lambda: getattr(importlib.import_module(module), name))}


_STAND_INS: dict[str, dict[str, Any]] = {
    "moto.batch": {},
    "moto.batch.utils": {"JobStatus": _JobStatus},
    "moto.ec2": _later("moto.ec2", "ec2_backends"),
    "moto.ecs": _later("moto.ecs", "ecs_backends"),
}


def import_services() -> None:
    """Import the modules that would import EC2, without it. EC2 itself stays importable."""
    with _stand_ins():
        import moto.applicationautoscaling.models
        import moto.ssm.models
        import moto.stepfunctions.parser.models  # noqa: F401


@contextlib.contextmanager
def _stand_ins() -> Iterator[None]:
    missing = [name for name in _STAND_INS if name not in sys.modules]
    for name in missing:
        module = sys.modules[name] = types.ModuleType(name)
        vars(module).update(_STAND_INS[name])
    try:
        yield
    finally:
        for name in missing:
            del sys.modules[name]
