"""Definitions checked before they are accepted: fields, transitions, parameters of tasks."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from emulator.aws.stepfunctions.task_parameters import parameter_problems

_EVERY_STATE = {"Type", "Comment", "QueryLanguage"}
_JSONPATH_FILTERS = {"InputPath", "OutputPath", "Parameters", "ResultPath", "ResultSelector"}


@dataclass(frozen=True)
class _Fields:
    both: frozenset[str]
    jsonpath: frozenset[str]
    jsonata: frozenset[str]


def _fields(both: str, jsonpath: set[str], jsonata: str) -> _Fields:
    return _Fields(frozenset(both.split()), frozenset(jsonpath), frozenset(jsonata.split()))


_STATE_FIELDS = {
    "Task": _fields(
        "Resource Next End Assign Retry Catch TimeoutSeconds HeartbeatSeconds Credentials",
        _JSONPATH_FILTERS | {"TimeoutSecondsPath", "HeartbeatSecondsPath"},
        "Arguments Output",
    ),
    "Pass": _fields(
        "Next End Assign",
        {"InputPath", "OutputPath", "Parameters", "ResultPath", "Result"},
        "Output",
    ),
    "Choice": _fields("Choices Default Assign", {"InputPath", "OutputPath"}, "Output"),
    "Wait": _fields(
        "Next End Seconds Timestamp Assign",
        {"InputPath", "OutputPath", "SecondsPath", "TimestampPath"},
        "Output",
    ),
    "Succeed": _fields("", {"InputPath", "OutputPath"}, "Output"),
    "Fail": _fields("Error Cause", {"ErrorPath", "CausePath"}, ""),
    "Parallel": _fields(
        "Branches Next End Assign Retry Catch", _JSONPATH_FILTERS, "Arguments Output"
    ),
    "Map": _fields(
        "ItemProcessor Iterator ItemReader ItemBatcher ResultWriter ItemSelector MaxConcurrency "
        "Label ToleratedFailurePercentage ToleratedFailureCount Next End Assign Retry Catch",
        _JSONPATH_FILTERS
        | {
            "ItemsPath",
            "MaxConcurrencyPath",
            "ToleratedFailurePercentagePath",
            "ToleratedFailureCountPath",
        },
        "Items Output",
    ),
}
_PROGRAM_FIELDS = {
    *("Comment", "QueryLanguage", "StartAt", "States", "TimeoutSeconds", "Version"),
    "ProcessorConfig",
}
_RETRIER_FIELDS = {
    *("ErrorEquals", "IntervalSeconds", "MaxAttempts", "BackoffRate", "MaxDelaySeconds"),
    *("JitterStrategy", "Comment"),
}
_CATCHER_FIELDS = {"ErrorEquals", "Next", "Assign", "Comment"}
_JSONATA_RULE_FIELDS = {"Condition", "Next", "Assign", "Output", "Comment"}

# What an expression may read depends on where it stands.
_RESULT = re.compile(r"\$states\.result\b")
_ERROR_OUTPUT = re.compile(r"\$states\.errorOutput\b")


def find_problems(definition: Any) -> list[str]:
    """Return what Step Functions would not accept in a definition, as it says it."""
    if not isinstance(definition, dict):
        return ["SCHEMA_VALIDATION_FAILED: The definition must be an object"]
    return list(_program_problems(definition, "JSONPath", ""))


def _program_problems(program: dict[str, Any], language: str, path: str) -> Iterator[str]:
    language = program.get("QueryLanguage", language)
    states = program.get("States") or {}
    yield from _unknown_fields(program, _PROGRAM_FIELDS, path)
    if not states:
        yield f"SCHEMA_VALIDATION_FAILED: The field 'States' is required but was missing at {path}/"
        return
    if program.get("StartAt") not in states:
        yield _missing_target("StartAt", program.get("StartAt"), path)
    for name, state in states.items():
        yield from _state_problems(state, states, language, f"{path}/States/{name}")


def _state_problems(
    state: dict[str, Any], states: dict[str, Any], language: str, path: str
) -> Iterator[str]:
    fields = _STATE_FIELDS.get(state.get("Type", ""))
    if fields is None:
        yield (
            f"SCHEMA_VALIDATION_FAILED: Value '{state.get('Type')}' is not one of the state types "
            f"{', '.join(_STATE_FIELDS)} at {path}/Type"
        )
        return
    language = state.get("QueryLanguage", language)
    jsonata = language == "JSONata"
    allowed = _EVERY_STATE | fields.both | (fields.jsonata if jsonata else fields.jsonpath)
    yield from _unknown_fields(state, allowed, path)
    yield from _transition_problems(state, states, path)
    if jsonata:
        yield from _reference_problems(state, path)
    rules = {
        "Retry": _RETRIER_FIELDS,
        "Catch": _CATCHER_FIELDS | ({"Output"} if jsonata else {"ResultPath"}),
        **({"Choices": _JSONATA_RULE_FIELDS} if jsonata else {}),
    }
    for field, known in rules.items():
        for i, rule in enumerate(state.get(field) or []):
            yield from _unknown_fields(rule, known, f"{path}/{field}[{i}]")
    if state["Type"] == "Task":
        yield from parameter_problems(state, path)
    for i, branch in enumerate(state.get("Branches") or []):
        yield from _program_problems(branch, language, f"{path}/Branches[{i}]")
    for field in ("ItemProcessor", "Iterator"):
        if field in state:
            yield from _program_problems(state[field], language, f"{path}/{field}")


def _unknown_fields(value: dict[str, Any], known: set[str], path: str) -> Iterator[str]:
    for field in value:
        if field not in known:
            yield f"SCHEMA_VALIDATION_FAILED: Field is not supported at {path}/{field}"


def _transition_problems(state: dict[str, Any], states: dict[str, Any], path: str) -> Iterator[str]:
    ends = state["Type"] in ("Succeed", "Fail", "Choice")
    if not ends and "Next" not in state and state.get("End") is not True:
        yield f"SCHEMA_VALIDATION_FAILED: One of 'Next' or 'End' is required at {path}"
    rules = [*(state.get("Choices") or []), *(state.get("Catch") or [])]
    targets = [("Next", state.get("Next")), ("Default", state.get("Default"))]
    for field, target in [*targets, *(("Next", rule.get("Next")) for rule in rules)]:
        if target is not None and target not in states:
            yield _missing_target(field, target, path)


def _missing_target(field: str, target: Any, path: str) -> str:
    return f"MISSING_TRANSITION_TARGET: Missing '{field}' target: {target} at {path}/{field}"


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
    return f"SCHEMA_VALIDATION_FAILED: {reference} can only be used in {place}, not at {where}"
