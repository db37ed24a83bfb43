"""What an execution that has ended means: the event's detail, told from its description."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

# Failure names that are an outcome of their own; docs/execution-input.md has all of them.
GATE_REFUSED = "ModelPerformanceInsufficient"
ROLLED_BACK = "RolledBack"
ROLLBACK_FAILED = "RollbackFailed"

_FAILED = {
    GATE_REFUSED: "gateRefused",
    ROLLED_BACK: "rolledBack",
    ROLLBACK_FAILED: "rolledBack",
}
_BY_STATUS = {"TIMED_OUT": "timedOut", "ABORTED": "aborted"}

# An event has 256 KB at most, a message, too.
_MAX_REASON = 4000
_MAX_METRICS = 50


class ExecutionRunning(Exception):  # noqa: N818
    """The description is older than the event; Lambda's next attempt reads a newer one."""


def outcome_detail(
    description: Mapping[str, Any], environment: str, workflow: str
) -> dict[str, Any]:
    """Tell what an execution has ended in.

    Parameters
    ----------
    description : mapping
        What DescribeExecution returns.
    environment : str
        Name of the environment.
    workflow : str
        What names of the workflow start with.

    Returns
    -------
    dict
        ``Outcome``, ``Environment``, ``Workflow`` and ``ExecutionArn``; where they are known
        ``ModelPackageArn``, ``EndpointName``, ``Metrics``, ``Gate``, ``Warnings``, ``Error`` and
        ``Reason``.

    Raises
    ------
    ExecutionRunning
        If the execution has not ended by this description.
    """
    status = description["status"]
    if status == "RUNNING":
        raise ExecutionRunning(f"{description['executionArn']} is RUNNING in its description")
    output = _object(description.get("output"))
    cause = _object(description.get("cause"))
    given = _object(description.get("input"))
    error = description.get("error")
    metrics = output.get("Metrics") or cause.get("metrics")
    known = {
        # A release is asked for one version; what trains a model makes it.
        "ModelPackageArn": output.get("ModelPackageArn") or given.get("ModelPackageArn"),
        "EndpointName": output.get("EndpointName") or cause.get("endpoint"),
        "Metrics": dict(list(metrics.items())[:_MAX_METRICS]) if metrics else None,
        "Gate": output.get("Gate"),
        "Warnings": output.get("Warnings"),
        "Error": error,
        "Reason": str(cause.get("reason") or description.get("cause") or "")[:_MAX_REASON],
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


def _object(text: str | None) -> dict[str, Any]:
    """Return a JSON object, or an empty one for any other text: causes need not be JSON."""
    try:
        value = json.loads(text or "{}")
    except ValueError:
        return {}
    return value if isinstance(value, dict) else {}
