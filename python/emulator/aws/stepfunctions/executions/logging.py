"""Execution logging: the history, one JSON line for each event, in a CloudWatch Logs group."""

import datetime
import json
import uuid
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any

from moto.logs.models import logs_backends
from moto.stepfunctions.parser.asl.eval.event.event_manager import EventManager
from moto.stepfunctions.parser.asl.eval.event.logging import (
    CloudWatchLoggingConfiguration,
    is_logging_enabled_for,
)
from moto.stepfunctions.parser.asl.utils.encoding import to_json_str

from emulator.aws.patching import replace

# Without execution data, a line has only the event, without input and output values.
EXECUTION_DATA = (
    *("input", "inputDetails", "output", "outputDetails", "parameters"),
    *("assignedVariables", "assignedVariablesDetails"),
)


def install() -> None:
    """Remove all execution data from lines that must not have it."""
    replace(EventManager, "_remove_data_from_history_log", staticmethod(_remove_data))


def _remove_data(details_body: dict[str, Any]) -> None:
    for key in EXECUTION_DATA:
        details_body.pop(key, None)


@dataclass(frozen=True)
class LogGroup:
    """The log group of a logging configuration."""

    account: str
    region: str
    name: str

    def exists(self) -> bool:
        """Whether the group exists."""
        return self.name in logs_backends[self.account][self.region].groups


def log_group_of(configuration: Any) -> LogGroup | None:
    """Return the group of a logging configuration, or None if it does not name exactly one."""
    parts = CloudWatchLoggingConfiguration.extract_log_arn_parts_from(configuration)
    return LogGroup(*parts) if parts else None


def session_for(execution: Any) -> "LoggingSession | None":
    """Return the log of an execution's history, or None if logging is off."""
    configuration = execution.state_machine.loggingConfiguration or {}
    level = configuration.get("level", "OFF")
    group = log_group_of(configuration)
    if level == "OFF" or group is None:
        return None
    started = datetime.datetime.now(tz=datetime.timezone.utc).strftime("%Y-%m-%d-%H-%M")
    stream = f"states/{execution.state_machine.name}/{started}/{uuid.uuid4().hex[:8]}"
    data = bool(configuration.get("includeExecutionData"))
    return LoggingSession(execution.execution_arn, group, stream, level, data)


class LoggingSession:
    """The log of one execution, with the interface of moto's event manager."""

    def __init__(
        self, execution_arn: str, group: LogGroup, stream: str, level: Any, data: bool
    ) -> None:
        self.execution_arn = execution_arn
        self.configuration = SimpleNamespace(include_execution_data=data)
        self.redrive_count = 0
        self._group = group
        self._stream = stream
        self._level = level

    def log_level_filter(self, history_event_type: Any) -> bool:
        """Whether the level includes events of this type."""
        return is_logging_enabled_for(self._level, history_event_type)

    def publish_history_log(self, history_log: dict[str, Any]) -> None:
        """Write one event, unless the group was deleted."""
        backend = logs_backends[self._group.account][self._group.region]
        group = backend.groups.get(self._group.name)
        if group is None:
            return
        time = datetime.datetime.fromisoformat(
            history_log["event_timestamp"].replace("Z", "+00:00")
        )
        epoch_ms = int(time.timestamp() * 1000)
        line = {
            "id": history_log["id"],
            "type": history_log["type"],
            "details": json.loads(to_json_str(history_log.get("details", {}))),
            "redrive_count": str(self.redrive_count),
            "previous_event_id": history_log["previous_event_id"],
            "event_timestamp": str(epoch_ms),
            "execution_arn": history_log["execution_arn"],
        }
        if self._stream not in group.streams:
            backend.create_log_stream(self._group.name, self._stream)
        message = json.dumps(line, separators=(",", ":"))
        events = [{"timestamp": epoch_ms, "message": message}]
        backend.put_log_events(self._group.name, self._stream, events)
