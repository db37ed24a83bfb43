"""Transitions: their targets, and whether every state and an end can be reached."""

from collections.abc import Iterator
from typing import Any


def state_transitions(state: dict[str, Any], states: dict[str, Any], path: str) -> Iterator[str]:
    """Return the problems of one state's transitions among the `states` of its program."""
    ends = state["Type"] in ("Succeed", "Fail", "Choice")
    if not ends and "Next" not in state and state.get("End") is not True:
        yield f"SCHEMA_VALIDATION_FAILED: One of 'Next' or 'End' is required at {path}"
    if not ends and "Next" in state and state.get("End") is True:
        yield f"SCHEMA_VALIDATION_FAILED: Only one of 'Next' or 'End' may be given at {path}"
    for field, target, where in _targets(state, path):
        if isinstance(target, str) and target not in states:
            yield missing_target(field, target, where)


def program_transitions(
    program: dict[str, Any], states: dict[str, Any], path: str
) -> Iterator[str]:
    """Return the problems of the transitions through a program."""
    start = program.get("StartAt")
    if start is None:
        yield (
            f"SCHEMA_VALIDATION_FAILED: The field 'StartAt' is required but was missing at {path}/"
        )
        return
    if not isinstance(start, str) or start not in states:
        yield missing_target("StartAt", start, f"{path}/StartAt")
        return
    reached, waiting = {start}, [start]
    while waiting:
        for _, target, _ in _targets(states[waiting.pop()], path):
            if isinstance(target, str) and target in states and target not in reached:
                reached.add(target)
                waiting.append(target)
    for name in states:
        if name not in reached:
            yield (
                f'MISSING_TRANSITION_TARGET: State "{name}" is not reachable. at '
                f"{path}/States/{name}"
            )
    if not any(_is_end(states[name]) for name in reached):
        yield f"MISSING_END_STATE: No state that ends the workflow is reached at {path}/States"


def missing_target(field: str, target: Any, where: str) -> str:
    """Return the problem of a transition to a state that does not exist."""
    return f"MISSING_TRANSITION_TARGET: Missing '{field}' target: {target} at {where}"


def _is_end(state: dict[str, Any]) -> bool:
    return state.get("Type") in ("Succeed", "Fail") or state.get("End") is True


def _targets(state: dict[str, Any], path: str) -> Iterator[tuple[str, Any, str]]:
    for field in ("Next", "Default"):
        if field in state:
            yield field, state[field], f"{path}/{field}"
    for field in ("Choices", "Catch"):
        rules = state.get(field)
        for i, rule in enumerate(rules if isinstance(rules, list) else []):
            if isinstance(rule, dict) and "Next" in rule:
                yield "Next", rule["Next"], f"{path}/{field}[{i}]/Next"
