"""Definitions that fail until a redrive, and the events after one."""

COUNT = "$states.context.Execution.RedriveCount"


def works_after(redrives, result="'done'"):
    """Return an expression that fails until the given number of redrives."""
    return f"{{% {COUNT} >= {redrives} ? {result} : $error('not yet') %}}"


def entered(events):
    return [
        event["stateEnteredEventDetails"]["name"]
        for event in events
        if "stateEnteredEventDetails" in event
    ]


def after_redrive(events):
    kinds = [event["type"] for event in events]
    last = len(kinds) - 1 - kinds[::-1].index("ExecutionRedriven")
    return events[last:]
