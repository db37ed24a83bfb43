"""The outcome of an ended execution: the event's detail, derived from its description."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from plain import is_number, one_line, read_object

# Errors with an outcome of their own; docs/execution-input.md lists all errors.
GATE_REFUSED = "ModelPerformanceInsufficient"
ROLLED_BACK = "RolledBack"
ROLLBACK_FAILED = "RollbackFailed"

_FAILED = {
    GATE_REFUSED: "gateRefused",
    ROLLED_BACK: "rolledBack",
    ROLLBACK_FAILED: "rolledBack",
}
_BY_STATUS = {"TIMED_OUT": "timedOut", "ABORTED": "aborted"}

# Events and messages may have at most 256 KB.
_MAX_REASON = 4000
_MAX_METRICS = 50
_MAX_WARNINGS = 10
_MAX_WARNING = 1000
# More than a name or an ARN may have.
_MAX_NAME = 512


class ExecutionRunning(Exception):
    """The description is older than the event; Lambda's retry reads a newer one."""


def outcome_detail(
    description: Mapping[str, Any], environment: str, workflow: str
) -> dict[str, Any]:
    """Return how an execution ended.

    A cause may come from the user who stopped the execution or contain a job's data. Parts that are
    not in the workflow's format are omitted, so that every execution has a report.

    Parameters
    ----------
    description : mapping
        The response of DescribeExecution.
    environment : str
        Name of the environment.
    workflow : str
        Prefix of the workflow's names.

    Returns
    -------
    dict
        ``Outcome``, ``Environment``, ``Workflow`` and ``ExecutionArn``; if they are known,
        ``ModelPackageArn``, ``EndpointName``, ``Metrics``, ``Gate``, ``Warnings``, ``Error`` and
        ``Reason``.

    Raises
    ------
    ExecutionRunning
        If the execution has not ended according to this description.
    """
    status = description["status"]
    if status == "RUNNING":
        raise ExecutionRunning(f"{description['executionArn']} is RUNNING in its description")
    output = read_object(description.get("output"))
    cause = read_object(description.get("cause"))
    given = read_object(description.get("input"))
    error = _text(description.get("error"))
    known = {
        # A release gets the version as input; a training execution creates it.
        "ModelPackageArn": _text(output.get("ModelPackageArn"))
        or _text(given.get("ModelPackageArn")),
        "EndpointName": _text(output.get("EndpointName")) or _text(cause.get("endpoint")),
        "Metrics": _metrics(output.get("Metrics")) or _metrics(cause.get("metrics")),
        "Gate": _gate(output.get("Gate")),
        "Warnings": _warnings(output.get("Warnings")),
        "Error": error,
        "Reason": _text(cause.get("reason"), _MAX_REASON)
        or _text(description.get("cause"), _MAX_REASON),
    }
    return {
        "Outcome": _outcome(status, output, error),
        "Environment": environment,
        "Workflow": workflow,
        "ExecutionArn": description["executionArn"],
        **{key: value for key, value in known.items() if value},
    }


def _outcome(status: str, output: Mapping[str, Any], error: str | None) -> str:
    if status == "SUCCEEDED":
        if "EndpointName" not in output:
            return "waitingForApproval"
        return "superseded" if output.get("Superseded") else "released"
    return _BY_STATUS.get(status) or _FAILED.get(error or "", "failed")


def _text(value: Any, limit: int = _MAX_NAME) -> str:
    return one_line(value, limit) if isinstance(value, str) else ""


def _metrics(value: Any) -> dict[str, float]:
    if not isinstance(value, dict):
        return {}
    numbers = [(_text(name), number) for name, number in value.items() if is_number(number)]
    return dict(numbers[:_MAX_METRICS])


def _gate(value: Any) -> dict[str, Any]:
    if not isinstance(value, dict):
        return {}
    fields = {
        **{key: _text(value.get(key)) for key in ("Metric", "Better")},
        **{key: value[key] for key in ("Value", "Threshold") if is_number(value.get(key))},
        "Reason": _text(value.get("Reason"), _MAX_REASON),
    }
    return {key: value for key, value in fields.items() if value != ""}


def _warnings(value: Any) -> list[str]:
    texts = [_text(one, _MAX_WARNING) for one in value] if isinstance(value, list) else []
    return [text for text in texts if text][:_MAX_WARNINGS]
