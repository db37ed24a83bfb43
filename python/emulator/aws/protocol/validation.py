"""Validation of requests against botocore's models, with AWS's messages.

moto accepts almost any request; AWS refuses members that are missing, of the wrong type, too long,
or do not match a pattern.
"""

import functools
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

# Members that newer models made optional because other members can replace them; the emulator does
# not have those other members.
_ALSO_REQUIRED = {
    "CreateTable": ("AttributeDefinitions", "KeySchema"),
    "CreateTrainingJob": ("AlgorithmSpecification", "ResourceConfig", "StoppingCondition"),
    "CreateModel": ("ExecutionRoleArn",),
}
_JSON_TYPES = {
    "string": str,
    "integer": int,
    "long": int,
    "float": (int, float),
    "double": (int, float),
    "boolean": bool,
    "structure": dict,
    "map": dict,
    "list": list,
}


class SerializationError(ValueError):
    """A value whose type does not match the operation's model."""


def missing_members(shape: Any, parameters: Mapping[str, Any]) -> list[str]:
    """Return the required members that a request lacks.

    If a member is the request's whole body, it may be empty.
    """
    body = shape.serialization.get("payload")
    given = {name for name, value in parameters.items() if value is not None}
    return [name for name in shape.required_members if name != body and name not in given]


def null_message(names: Iterable[str]) -> str:
    """Return AWS's message about missing required members."""
    return _detected([_null(_lower(name)) for name in names])


def validation_message(operation: str, shape: Any, parameters: Any) -> str | None:
    """Return AWS's message about an invalid request, or None if it is valid.

    Raises
    ------
    SerializationError
        If a value's type does not match the model; AWS reports this before other problems.
    """
    problems = [
        _null(_lower(name))
        for name in _ALSO_REQUIRED.get(operation, ())
        if parameters.get(name) is None
    ]
    problems += _structure_problems(shape, parameters, "")
    return _detected(problems) if problems else None


def _detected(problems: list[str]) -> str:
    errors = "error" if len(problems) == 1 else "errors"
    return f"{len(problems)} validation {errors} detected: {'; '.join(problems)}"


def _null(path: str) -> str:
    return f"Value null at '{path}' failed to satisfy constraint: Member must not be null"


def _problems(shape: Any, value: Any, path: str) -> Iterator[str]:
    _check_type(shape, value, path)
    if shape.type_name == "structure":
        yield from _structure_problems(shape, value, f"{path}.")
    elif shape.type_name == "list":
        yield from _size_problems(shape, len(value), value, path, "length")
        for i, item in enumerate(value, start=1):
            yield from _problems(shape.member, item, f"{path}.{i}.member")
    elif shape.type_name == "map":
        yield from _size_problems(shape, len(value), value, path, "length")
        for key, item in value.items():
            yield from _problems(shape.value, item, f"{path}.{key}.member")
    elif shape.type_name == "string":
        yield from _string_problems(shape, value, path)
    elif shape.type_name in ("integer", "long", "float", "double"):
        yield from _size_problems(shape, value, value, path, "value")


def _check_type(shape: Any, value: Any, path: str) -> None:
    expected = _JSON_TYPES.get(shape.type_name)
    if expected is None:
        return
    if not isinstance(value, expected) or (isinstance(value, bool) and expected is not bool):
        raise SerializationError(
            f"{type(value).__name__} value at '{path}' can not be converted to a {shape.type_name}"
        )


def _structure_problems(shape: Any, value: dict[str, Any], prefix: str) -> Iterator[str]:
    for name, member in shape.members.items():
        path = prefix + _lower(name)
        if value.get(name) is not None:
            yield from _problems(member, value[name], path)
        elif name in shape.required_members:
            yield _null(path)


def _string_problems(shape: Any, value: str, path: str) -> Iterator[str]:
    enum = getattr(shape, "enum", [])
    if enum and value not in enum:
        yield _problem(value, path, f"Member must satisfy enum value set: [{', '.join(enum)}]")
    yield from _size_problems(shape, len(value), value, path, "length")
    pattern = shape.metadata.get("pattern")
    compiled = _pattern(pattern) if pattern else None
    if compiled and not compiled.fullmatch(value):
        yield _problem(value, path, f"Member must satisfy regular expression pattern: {pattern}")


def _size_problems(shape: Any, size: float, value: Any, path: str, noun: str) -> Iterator[str]:
    low, high = shape.metadata.get("min"), shape.metadata.get("max")
    if low is not None and size < low:
        yield _problem(value, path, f"Member must have {noun} greater than or equal to {low}")
    if high is not None and size > high:
        yield _problem(value, path, f"Member must have {noun} less than or equal to {high}")


def _problem(value: Any, path: str, constraint: str) -> str:
    return f"Value '{value}' at '{path}' failed to satisfy constraint: {constraint}"


def _lower(name: str) -> str:
    return name[:1].lower() + name[1:]


@functools.cache
def _pattern(pattern: str) -> re.Pattern[str] | None:
    try:
        return re.compile(pattern, re.DOTALL)
    except re.error:  # a few are valid in Java only
        return None
