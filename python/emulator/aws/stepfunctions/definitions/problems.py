"""The checks of definitions: fields, transitions, parameters of tasks."""

import re
from collections.abc import Iterator
from typing import Any

from emulator.aws.stepfunctions.definitions.map_definitions import map_problems
from emulator.aws.stepfunctions.definitions.state_fields import (
    EVERY_STATE,
    PROGRAM_FIELDS,
    STATE_FIELDS,
)
from emulator.aws.stepfunctions.definitions.state_rules import rule_problems
from emulator.aws.stepfunctions.definitions.transitions import (
    program_transitions,
    state_transitions,
)
from emulator.aws.stepfunctions.field_values import value_problems
from emulator.aws.stepfunctions.jsonpath.definition_checks import path_problems
from emulator.aws.stepfunctions.tasks.task_parameters import parameter_problems

_LONGEST_NAME = 80

# The variables that an expression may use depend on its field.
_RESULT = re.compile(r"\$states\.result\b")
_ERROR_OUTPUT = re.compile(r"\$states\.errorOutput\b")


def find_problems(definition: Any) -> list[str]:
    """Return the problems for which Step Functions would refuse a definition, in its words.

    Returns
    -------
    list of str
        Each is ``CODE: message at /location``, in the order of the definition; empty if valid.
    """
    if not isinstance(definition, dict):
        return ["SCHEMA_VALIDATION_FAILED: The definition must be an object at /"]
    return [*_program_problems(definition, "JSONPath", ""), *_duplicates(definition)]


def _program_problems(program: Any, language: str, path: str) -> Iterator[str]:
    if not isinstance(program, dict):
        yield f"SCHEMA_VALIDATION_FAILED: Expected value of type Object at {path or '/'}"
        return
    yield from _unknown_fields(program, PROGRAM_FIELDS, path)
    yield from value_problems(program, path)
    yield from _language_problems(program, language, path)
    language = program.get("QueryLanguage", language)
    states = program.get("States")
    if not states:
        yield f"SCHEMA_VALIDATION_FAILED: The field 'States' is required but was missing at {path}/"
        return
    if not isinstance(states, dict):
        yield f"SCHEMA_VALIDATION_FAILED: Expected value of type Object at {path}/States"
        return
    right = {name: state for name, state in states.items() if isinstance(state, dict)}
    for name, state in states.items():
        where = f"{path}/States/{name}"
        if not 0 < len(name) <= _LONGEST_NAME:
            yield (
                f"INVALID_STATE_NAME: A state's name has 1 to {_LONGEST_NAME} characters, this "
                f"one has {len(name)} at {where}"
            )
        if name not in right:
            yield f"SCHEMA_VALIDATION_FAILED: Expected value of type Object at {where}"
        else:
            yield from _state_problems(state, right, language, where)
    if len(right) == len(states):
        yield from program_transitions(program, right, path)


def _state_problems(
    state: dict[str, Any], states: dict[str, Any], language: str, path: str
) -> Iterator[str]:
    kind = state.get("Type")
    fields = STATE_FIELDS.get(kind) if isinstance(kind, str) else None
    if fields is None:
        yield (
            f"SCHEMA_VALIDATION_FAILED: Value '{kind}' is not one of the state types "
            f"{', '.join(STATE_FIELDS)} at {path}/Type"
        )
        return
    yield from _language_problems(state, language, path)
    language = state.get("QueryLanguage", language)
    jsonata = language == "JSONata"
    yield from _unknown_fields(state, EVERY_STATE | fields.of(jsonata), path)
    yield from _missing_fields(state, fields.required, path)
    yield from value_problems(state, path)
    yield from state_transitions(state, states, path)
    yield from rule_problems(state, jsonata, path)
    yield from _reference_problems(state, path) if jsonata else path_problems(state, path)
    if kind == "Task":
        yield from parameter_problems(state, path)
    if kind == "Map":
        yield from map_problems(state, path)
    branches = state.get("Branches")
    for i, branch in enumerate(branches if isinstance(branches, list) else []):
        yield from _program_problems(branch, language, f"{path}/Branches[{i}]")
    for field in ("ItemProcessor", "Iterator"):
        if field in state:
            yield from _program_problems(state[field], language, f"{path}/{field}")


def _unknown_fields(
    value: dict[str, Any], known: set[str] | frozenset[str], path: str
) -> Iterator[str]:
    for field in value:
        if field not in known:
            yield f"SCHEMA_VALIDATION_FAILED: Field is not supported at {path}/{field}"


def _missing_fields(state: dict[str, Any], required: tuple[str, ...], path: str) -> Iterator[str]:
    for field in required:
        choices = field.split("|")
        given = [choice for choice in choices if choice in state]
        if not given:
            wanted = " or ".join(f"'{choice}'" for choice in choices)
            yield (
                f"SCHEMA_VALIDATION_FAILED: The field {wanted} is required but was missing at "
                f"{path}"
            )
        elif len(given) > 1:
            yield (
                f"SCHEMA_VALIDATION_FAILED: Only one of the fields {', '.join(given)} may be "
                f"given at {path}"
            )


def _language_problems(value: dict[str, Any], outer: str, path: str) -> Iterator[str]:
    language = value.get("QueryLanguage", outer)
    if language not in ("JSONPath", "JSONata"):
        yield (
            f"SCHEMA_VALIDATION_FAILED: Value '{language}' is not one of the query languages "
            f"JSONPath, JSONata at {path}/QueryLanguage"
        )
    elif path and outer == "JSONata" and language == "JSONPath":
        yield (
            "SCHEMA_VALIDATION_FAILED: A state in JSONPath cannot be part of a definition in "
            f"JSONata at {path}/QueryLanguage"
        )


def _duplicates(definition: dict[str, Any]) -> Iterator[str]:
    seen = set()
    for name, path in _names(definition, ""):
        if name in seen:
            yield f"DUPLICATE_STATE_NAME: The state '{name}' is defined twice at {path}"
        seen.add(name)


def _names(program: Any, path: str) -> Iterator[tuple[str, str]]:
    states = program.get("States") if isinstance(program, dict) else None
    for name, state in states.items() if isinstance(states, dict) else ():
        where = f"{path}/States/{name}"
        yield name, where
        if not isinstance(state, dict):
            continue
        branches = state.get("Branches")
        for i, branch in enumerate(branches if isinstance(branches, list) else []):
            yield from _names(branch, f"{where}/Branches[{i}]")
        for field in ("ItemProcessor", "Iterator"):
            yield from _names(state.get(field), f"{where}/{field}")


def _reference_problems(state: dict[str, Any], path: str) -> Iterator[str]:
    has_result = state["Type"] in ("Task", "Parallel", "Map")
    for field, value in state.items():
        if field in ("Branches", "ItemProcessor", "Iterator"):
            continue
        text = str(value)
        if _ERROR_OUTPUT.search(text) and field != "Catch":
            yield _misplaced("$states.errorOutput", "a Catch", f"{path}/{field}")
        if _RESULT.search(text) and not (has_result and field in ("Assign", "Output")):
            yield _misplaced(
                "$states.result", "Assign and Output of Task, Parallel and Map", f"{path}/{field}"
            )


def _misplaced(reference: str, place: str, where: str) -> str:
    return f"SCHEMA_VALIDATION_FAILED: {reference} can only be used in {place}, not here at {where}"
