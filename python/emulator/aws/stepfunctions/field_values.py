"""The valid values of the language's fields; in JSONata, each may be an expression."""

from collections.abc import Callable, Iterator
from typing import Any

_MOST_SECONDS = 99_999_999


def is_expression(value: Any) -> bool:
    """Whether a value is a JSONata expression."""
    return isinstance(value, str) and value.startswith("{%") and value.endswith("%}")


def _whole(least: int, most: float = float("inf")) -> tuple[str, Callable[[Any], bool]]:
    span = f"from {least}" + (f" to {most}" if most != float("inf") else "")
    return f"a whole number {span}", lambda value: is_whole(value) and least <= value <= most


def is_whole(value: Any) -> bool:
    """Whether a value is a whole number and not a boolean."""
    return isinstance(value, int) and not isinstance(value, bool)


def is_number(value: Any) -> bool:
    """Whether a value is a number and not a boolean."""
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def _filled(value: Any) -> bool:
    return isinstance(value, list) and bool(value)


def _kind(name: str, *types: type) -> tuple[str, Callable[[Any], bool]]:
    return name, lambda value: isinstance(value, types)


_TEXT, _OBJECT, _ARRAY = _kind("a string", str), _kind("an object", dict), _kind("an array", list)
_VALUES = {
    **dict.fromkeys(("Comment", "StartAt", "Next", "Default", "Resource"), _TEXT),
    **dict.fromkeys(("Error", "Cause", "Timestamp", "Label", "Version"), _TEXT),
    **dict.fromkeys(("ItemReader", "ItemBatcher", "ResultWriter", "Assign"), _OBJECT),
    **dict.fromkeys(("ItemProcessor", "Iterator", "ProcessorConfig", "Credentials"), _OBJECT),
    **dict.fromkeys(("Choices", "Branches"), ("an array that is not empty", _filled)),
    **dict.fromkeys(("Retry", "Catch", "Items"), _ARRAY),
    "End": _kind("true or false", bool),
    "TimeoutSeconds": _whole(1, _MOST_SECONDS),
    "HeartbeatSeconds": _whole(1, _MOST_SECONDS),
    "Seconds": _whole(0, _MOST_SECONDS),
    "MaxConcurrency": _whole(0),
    "ToleratedFailureCount": _whole(0),
    "ToleratedFailurePercentage": (
        "a number from 0 to 100",
        lambda value: is_number(value) and 0 <= value <= 100,
    ),
    "IntervalSeconds": _whole(1, _MOST_SECONDS),
    "MaxAttempts": _whole(0, _MOST_SECONDS),
    "MaxDelaySeconds": _whole(1, 31_622_400),
    "BackoffRate": ("a number from 1.0", lambda value: is_number(value) and value >= 1),
    "JitterStrategy": ("'FULL' or 'NONE'", lambda value: value in ("FULL", "NONE")),
}


def value_problems(fields: dict[str, Any], path: str) -> Iterator[str]:
    """Return the problems of fields with invalid values."""
    for field, value in fields.items():
        wanted, fits = _VALUES.get(field, ("", None))
        if fits is not None and not fits(value) and not is_expression(value):
            yield (
                f"SCHEMA_VALIDATION_FAILED: The value of '{field}' must be {wanted}, got "
                f"{value!r} at {path}/{field}"
            )
