"""Importing moto's interpreter without AWS Batch, which brings all of EC2.

That is a second of start and 100 MB of memory for one enumeration.
"""

import enum
import sys
import types

_STAND_INS = ("moto.batch", "moto.batch.utils")


class _JobStatus(str, enum.Enum):
    SUCCEEDED = "SUCCEEDED"
    FAILED = "FAILED"


def import_interpreter() -> None:
    """Import the interpreter. Batch itself stays importable for whoever calls it."""
    missing = [name for name in _STAND_INS if name not in sys.modules]
    for name in missing:
        sys.modules[name] = types.ModuleType(name)
    if "moto.batch.utils" in missing:
        vars(sys.modules["moto.batch.utils"])["JobStatus"] = _JobStatus
    try:
        import moto.stepfunctions.parser.models  # noqa: F401
    finally:
        for name in missing:
            del sys.modules[name]
