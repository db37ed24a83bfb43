"""The context object: fields that moto lacks, and times in AWS's format."""

import datetime
from typing import Any

from moto.stepfunctions.parser.asl.component.state import state
from moto.stepfunctions.parser.backend import execution_worker

from emulator.aws.patching import replace


def install() -> None:
    """Supply Execution.RedriveCount and State.RetryCount.

    In moto, a name built from a missing field is shorter, without an error.
    """
    replace(state, "StateData", _state_data)
    replace(execution_worker, "ExecutionData", _execution_data)


def _state_data(*, EnteredTime: str, Name: str) -> dict[str, Any]:
    entered = datetime.datetime.fromisoformat(EnteredTime)
    return {"EnteredTime": iso_time(entered), "Name": Name, "RetryCount": 0}


def _execution_data(*, StartTime: datetime.datetime, **fields: Any) -> dict[str, Any]:
    return {**fields, "StartTime": iso_time(StartTime), "RedriveCount": 0}


def iso_time(time: datetime.datetime) -> str:
    """Return a time in UTC in AWS's format: ``2026-01-31T12:00:00.000Z``."""
    if time.tzinfo:
        time = time.astimezone(datetime.timezone.utc).replace(tzinfo=None)
    return time.isoformat(timespec="milliseconds") + "Z"
