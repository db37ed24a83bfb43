"""Requests against botocore's models, refused in AWS's words.

moto takes almost any request; AWS refuses what is missing, of another type, too long, or does
not match a pattern.
"""

import functools
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

# Members that newer models do not require any more, because other members may stand for them;
# the emulator has none of those others.
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
    """A value of a type that the operation's model does not allow there."""


def missing_members(shape: Any, parameters: Mapping[str, Any]) -> list[str]:
    """Return the required members of a request that are not given.

    A request's body may be empty where it is a member of its own.
    """
    body = shape.serialization.get("payload")
    given = {name for name, value in parameters.items() if value is not None}
    return [name for name in shape.required_members if name != body and name not in given]


def null_message(names: Iterable[str]) -> str:
    """Return what AWS says about required members that are not given."""
    return _detected([_null(_lower(name)) for name in names])


def validation_message(operation: str, shape: Any, parameters: Any) -> str | None:
    """Return what is wrong with a request as AWS says it, or None if nothing is.

    Raises
    ------
    SerializationError
        If a value has another type than the model says; AWS reports those before anything else.
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
    except re.error:  # a few are written for Java
        return None
