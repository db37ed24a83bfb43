"""Payload templates: JSON in which fields with names ending in ``.$`` are evaluated.

Source: https://states-language.net/#payload-template
"""

import copy
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from emulator.aws.stepfunctions.jsonpath.intrinsic_functions import (
    FUNCTIONS,
    IntrinsicError,
    Literal,
)
from emulator.aws.stepfunctions.jsonpath.intrinsic_syntax import Call, parse_call
from emulator.aws.stepfunctions.jsonpath.path_evaluation import (
    PAST_THE_END,
    PathNotFoundError,
    find,
)
from emulator.aws.stepfunctions.jsonpath.path_syntax import Path, parse_path

SUFFIX = ".$"
"""The suffix of the names of fields that are evaluated."""


class EvaluationError(Exception):
    """A failure that ends an execution with ``States.Runtime``; the text is AWS's."""


class FunctionError(EvaluationError):
    """A failure of a function, unlike a path that matches nothing."""


@dataclass(frozen=True)
class Scope:
    """The data that paths can read: the input ``$``, the context object ``$$``, and variables."""

    data: Any
    context: Mapping[str, Any]
    variables: Mapping[str, Any]

    def root(self, path: Path) -> Any:
        """Return the value at the root of a path.

        Raises
        ------
        PathNotFoundError
            If the path reads a variable that was not assigned.
        """
        if path.root == "$":
            return self.data
        if path.root == "$$":
            return self.context
        if path.root not in self.variables:
            raise PathNotFoundError(f"The variable ${path.root} was not assigned")
        return self.variables[path.root]

    def find(self, path: Path) -> Any:
        """Return a copy of a path's result; see `path_evaluation.find`.

        Raises
        ------
        PathNotFoundError
            If it matches nothing.
        """
        found = find(path, self.root(path))
        return found if found is PAST_THE_END else copy.deepcopy(found)


Expression = Path | Call


def parse_expression(text: str) -> Expression:
    """Parse the value of a field whose name ends in ``.$``.

    Raises
    ------
    ValueError
        If it is neither a path nor a call of an intrinsic function.
    """
    stripped = text.strip()
    return parse_call(stripped) if stripped.startswith("States.") else parse_path(stripped)


def evaluate(expression: Expression, scope: Scope, field: str) -> Any:
    """Return the value of an expression.

    Raises
    ------
    EvaluationError
        If a path matches nothing, or a function fails; `field` is the name in the message.
    """
    if isinstance(expression, Path):
        try:
            found = scope.find(expression)
        except PathNotFoundError as error:
            raise EvaluationError(
                f"The JSONPath '{expression.text}' specified for the field '{field}' could not be "
                f"found in the input '{_json(_root_or_input(expression, scope))}'"
            ) from error
        return None if found is PAST_THE_END else found
    try:
        return _call(expression, scope)
    except IntrinsicError as error:
        raise FunctionError(
            f"The function '{expression.text}' had the following error: {error}"
        ) from error


def _root_or_input(path: Path, scope: Scope) -> Any:
    try:
        return scope.root(path)
    except PathNotFoundError:
        return scope.data


def _call(call: Call, scope: Scope) -> Any:
    arguments = [_argument(argument, scope) for argument in call.arguments]
    if call.name == "Format" and isinstance(call.arguments[0], Literal):
        # Escaped braces are not placeholders.
        raw = call.arguments[0].raw
        arguments[0] = arguments[0] if raw is None else raw
    return FUNCTIONS[call.name].run(*arguments)


def _argument(argument: Call | Path | Literal, scope: Scope) -> Any:
    if isinstance(argument, Literal):
        return argument.value
    if isinstance(argument, Call):
        return _call(argument, scope)
    try:
        found = scope.find(argument)
    except PathNotFoundError:
        found = PAST_THE_END
    if found is PAST_THE_END:
        raise IntrinsicError(
            f"The JsonPath argument for the field '{argument.text}' could not be found in the "
            f"input '{_json(_root_or_input(argument, scope))}'"
        )
    return found


def _json(value: Any) -> str:
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False, default=str)


def fill(template: Any, scope: Scope) -> Any:
    """Return a template with its marked fields evaluated, at any depth and within arrays.

    Raises
    ------
    EvaluationError
        If one of them cannot be evaluated.
    ValueError
        If one of them is not an expression; `expressions` finds these beforehand.
    """
    if isinstance(template, list):
        return [fill(item, scope) for item in template]
    if not isinstance(template, dict):
        return template
    filled = {}
    for key, value in template.items():
        if key.endswith(SUFFIX):
            filled[key.removesuffix(SUFFIX)] = evaluate(parse_expression(value), scope, key)
        else:
            filled[key] = fill(value, scope)
    return filled


def expressions(template: Any, path: str) -> Iterator[tuple[str, str, Any]]:
    """Return location, name and value of every evaluated field of a template."""
    if isinstance(template, list):
        for i, item in enumerate(template):
            yield from expressions(item, f"{path}[{i}]")
    elif isinstance(template, dict):
        for key, value in template.items():
            if key.endswith(SUFFIX):
                yield path, key, value
            else:
                yield from expressions(value, f"{path}/{key}")
