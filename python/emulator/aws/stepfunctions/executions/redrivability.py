"""Whether an execution can be redriven, and its redrive fields in responses.

Sources:
https://docs.aws.amazon.com/step-functions/latest/dg/redrive-executions.html
https://docs.aws.amazon.com/step-functions/latest/apireference/API_DescribeExecution.html
"""

import datetime
from typing import Any

REDRIVABLE_FOR = datetime.timedelta(days=14)
LONGEST_EXECUTION = datetime.timedelta(days=365)
MOST_EVENTS = 24_999
"""A redrive adds ExecutionRedriven and at least one more event, of 25,000 that are allowed."""
MOST_REDRIVES = 1000


def refusal(execution: Any, now: datetime.datetime) -> str | None:
    """Return why an execution cannot be redriven, or None if it can."""
    if execution.status in ("RUNNING", "SUCCEEDED"):
        return f"Execution is {execution.status} and cannot be redriven"
    if execution.redrive_count >= MOST_REDRIVES:
        return f"Execution was redriven {MOST_REDRIVES} times and cannot be redriven"
    if now - execution.start_date > LONGEST_EXECUTION:
        return "Execution has exceeded the max execution time"
    if now - execution.stop_date > REDRIVABLE_FOR:
        return "Execution redrivable period exceeded"
    if event_count(execution) >= MOST_EVENTS:
        return "Execution history event limit exceeded"
    return None


def event_count(execution: Any) -> int:
    """Return the number of events in an execution's history."""
    env = execution.exec_worker and execution.exec_worker.env
    return len(env.event_manager._history_event_list) if env else 0


def redrive_fields(execution: Any) -> dict[str, Any]:
    """Return DescribeExecution's fields on an execution's redrives."""
    reason = refusal(execution, datetime.datetime.now(tz=datetime.timezone.utc))
    return {
        "redriveCount": execution.redrive_count,
        **({"redriveDate": execution.redrive_date} if execution.redrive_date else {}),
        "redriveStatus": "NOT_REDRIVABLE" if reason else "REDRIVABLE",
        **({"redriveStatusReason": reason} if reason else {}),
    }
