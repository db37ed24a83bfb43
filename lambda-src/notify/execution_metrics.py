"""The metrics of an ended execution, for alarms and the dashboard."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from outcomes import GATE_REFUSED
from plain import is_number

_PASSED = frozenset({"released", "superseded", "waitingForApproval"})

# CloudWatch takes numbers up to about 1e108.
_GREATEST = 1e100

# Executions of which one asks, the newest first.
MOST_EXECUTIONS = 20


def execution_metrics(
    detail: Mapping[str, Any], refusals_in_a_row: Callable[[str], int]
) -> list[dict[str, Any]]:
    """Return what CloudWatch gets, in the form of PutMetricData.

    Parameters
    ----------
    detail : mapping
        The result of `outcomes.outcome_detail`.
    refusals_in_a_row : callable
        Counts the gate's newest refusals in a row, of a state machine; it is asked after each
        decision of the gate, so that an event that arrives late or twice changes nothing.
    """
    outcome = detail["Outcome"]
    machine = detail["ExecutionArn"].rsplit(":", 1)[0].replace(":execution:", ":stateMachine:")
    found: dict[str, float] = {}
    if machine.endswith(f":{detail['Workflow']}") and outcome in {*_PASSED, "gateRefused"}:
        found["GateRefusalsInARow"] = refusals_in_a_row(machine)
    if outcome == "released":
        version = detail.get("ModelPackageArn", "").rsplit("/", 1)[-1]
        if version.isdigit():
            found["VersionInService"] = int(version)
        value = detail.get("Gate", {}).get("Value")
        if is_number(value) and abs(value) < _GREATEST:
            found["GateMetric"] = value
    dimensions = [{"Name": "Workflow", "Value": detail["Workflow"]}]
    return [
        {"MetricName": name, "Dimensions": dimensions, "Value": value}
        for name, value in found.items()
    ]


def count_refusals(executions: Iterable[tuple[str, Callable[[], str | None]]]) -> int:
    """Count the gate's refusals until the newest execution that has passed it.

    An execution that runs, was stopped, or failed otherwise says nothing about the gate.

    Parameters
    ----------
    executions : iterable of (str, callable)
        The newest first: their status, and how to get their error.
    """
    refused = 0
    for status, error in executions:
        if status == "SUCCEEDED":
            break
        if status == "FAILED" and error() == GATE_REFUSED:
            refused += 1
    return refused
