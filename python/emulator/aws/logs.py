"""CloudWatch Logs: a search by the beginning of the streams' names, which moto ignores."""

import json
from typing import Any

from moto.logs.responses import LogsResponse

from emulator.aws.patching import wrap
from emulator.aws.protocol.errors import EmulatorError


def install() -> None:
    """Search in the streams whose names begin as requested."""
    wrap(LogsResponse, "filter_log_events", _filter_log_events)


def _filter_log_events(original: Any, self: Any) -> Any:
    # https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_FilterLogEvents.html
    prefix = self._get_param("logStreamNamePrefix")
    if prefix is None:
        return original(self)
    if self._get_param("logStreamNames"):
        raise EmulatorError(
            "InvalidParameterException",
            "LogStreamNamePrefix and LogStreamNames are mutually exclusive; specify one of them",
        )
    group = self.logs_backend.groups.get(self._get_param("logGroupName"))
    streams = [name for name in group.streams if name.startswith(prefix)] if group else []
    # Without names, moto searches all streams; no stream has an empty name.
    self.body = json.dumps({**json.loads(self.body), "logStreamNames": streams or [""]})
    return original(self)
