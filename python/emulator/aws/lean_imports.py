"""Importing moto's services without EC2, which takes a second and 100 MB of memory.

The interpreter wants one enumeration of AWS Batch, Systems Manager the instances that a command
runs on, and the scaling of services those of ECS: nothing that the emulator runs.
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
    """A value that is had when something of it is used."""

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
    """Import what would bring EC2. It stays importable itself for whoever calls it."""
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
