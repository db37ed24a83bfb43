"""The problems of a definition, one diagnostic for each, with its location."""

import json
import re
from collections.abc import Callable
from typing import Any

from moto.stepfunctions.parser.api import InvalidDefinition

from emulator.aws.stepfunctions.definitions.problems import find_problems
from emulator.aws.stepfunctions.tasks.task_parameters import NOT_RUN_HERE

_PROBLEM = re.compile(r"(?P<code>[A-Z_]+): (?P<message>.*?)(?: at (?P<location>/.*))?", re.DOTALL)
_PREFIX = "Invalid State Machine Definition: "
_TERMINAL = ("Succeed", "Fail", "Choice")
_UNKNOWN = (
    f"{NOT_RUN_HERE}: The emulator's interpreter does not read this, and AWS may; write it "
    "in another way at {path}"
)


def diagnose(definition: Any, parse: Callable[[str], Any]) -> list[str]:
    """Return the problems of a definition's text, each as ``CODE: message at /location``.

    Parameters
    ----------
    definition : str
        The JSON of the request.
    parse : callable
        The interpreter's parser; raises `InvalidDefinition`.
    """
    if not definition or not isinstance(definition, str):
        return ["MISSING_DESCRIPTION: The definition is empty at /"]
    try:
        document = json.loads(definition)
    except ValueError as error:
        return [f"INVALID_JSON_DESCRIPTION: {error} at /"]
    problems = find_problems(document)
    if problems:
        return problems
    try:
        parse(definition)
    except InvalidDefinition as error:
        return [_explain(document, str(error.message), parse)]
    return []


def _explain(document: dict[str, Any], message: str, parse: Callable[[str], Any]) -> str:
    """Return the state and the field that the interpreter cannot parse."""

    def reads(program: dict[str, Any]) -> bool:
        try:
            parse(json.dumps(program))
        except InvalidDefinition:
            return False
        return True

    return _in_words(message, _place(document, "JSONPath", "", reads) or "/")


def _place(
    program: dict[str, Any], language: str, path: str, reads: Callable[[dict[str, Any]], bool]
) -> str | None:
    """Return the innermost state or field without which the rest can be parsed."""
    language = program.get("QueryLanguage", language)
    around = {"QueryLanguage": language, "StartAt": "S"}
    for name, state in program["States"].items():
        alone = {key: value for key, value in state.items() if key != "Next"}
        if state["Type"] not in _TERMINAL:
            alone["End"] = True
        if reads({**around, "States": {"S": alone}}):
            continue
        where = f"{path}/States/{name}"
        inner = state.get("QueryLanguage", language)
        nested = [(f"Branches[{i}]", b) for i, b in enumerate(state.get("Branches", []))]
        nested += [(f, state[f]) for f in ("ItemProcessor", "Iterator") if f in state]
        for field, branch in nested:
            place = _place(branch, inner, f"{where}/{field}", reads)
            if place:
                return place
        for field in alone:
            less = {key: value for key, value in alone.items() if key != field}
            if field not in ("Type", "End") and reads({**around, "States": {"S": less}}):
                return f"{where}/{field}"
        return where
    return None


def _in_words(message: str, path: str) -> str:
    # Messages of our own checks of expressions are readable; those of moto's parser are not.
    found = re.search(r"Invalid JSONata expression .*?(?=(\"|')\] in definition|$)", message, re.S)
    if found:
        return f"SCHEMA_VALIDATION_FAILED: {found[0]} at {path}"
    return _UNKNOWN.format(path=path)


def refusal(problems: list[str]) -> str:
    """Return the message of a refused creation or update."""
    # A valid definition that cannot run here is not called invalid.
    ours = all(problem.startswith(NOT_RUN_HERE) for problem in problems)
    prefix = "The emulator cannot run this: " if ours else _PREFIX
    return f"{prefix}'{', '.join(problems)}'"


def diagnostic(problem: str) -> dict[str, str]:
    """Return a problem in the form of ValidateStateMachineDefinition."""
    found = _PROBLEM.fullmatch(problem)
    if found is None:
        return {"severity": "ERROR", "code": "SCHEMA_VALIDATION_FAILED", "message": problem}
    parts = {key: value for key, value in found.groupdict().items() if value}
    return {"severity": "ERROR", **parts}
