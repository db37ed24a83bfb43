"""The comparisons of Choice rules.

A comparison of the wrong type is false; a path that matches nothing fails the execution, except for
``IsPresent``.
Source: https://states-language.net/#choice-state
"""

import datetime
import operator
import re
from collections.abc import Callable
from typing import Any

from emulator.aws.stepfunctions.jsonpath.java_values import utf16

_TIMESTAMP = re.compile(
    r"(\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2})(?:\.(\d+))?(Z|[+-]\d{2}:\d{2})", re.ASCII
)
_ORDERS: dict[str, Callable[[Any, Any], bool]] = {
    "Equals": operator.eq,
    "LessThan": operator.lt,
    "LessThanEquals": operator.le,
    "GreaterThan": operator.gt,
    "GreaterThanEquals": operator.ge,
}


def parse_timestamp(value: Any) -> tuple[datetime.datetime, str] | None:
    """Return a key that orders RFC 3339 timestamps to the last digit, or None for anything else.

    The ``T`` and the ``Z`` are upper case, and a zone is required.
    """
    match = _TIMESTAMP.fullmatch(value) if isinstance(value, str) else None
    if not match:
        return None
    try:
        moment = datetime.datetime.fromisoformat(match[1] + match[3].replace("Z", "+00:00"))
        return moment.astimezone(datetime.timezone.utc), (match[2] or "").rstrip("0")
    except (ValueError, OverflowError):
        return None


def _is_number(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)


_TYPES: dict[str, Callable[[Any], Any]] = {
    # The comparable form of a value; None if it has another type.
    "String": lambda value: utf16(value) if isinstance(value, str) else None,
    "Numeric": lambda value: value if _is_number(value) else None,
    "Boolean": lambda value: value if isinstance(value, bool) else None,
    "Timestamp": parse_timestamp,
}
_TESTS: dict[str, Callable[[Any], bool]] = {
    "IsNull": lambda value: value is None,
    "IsString": lambda value: isinstance(value, str),
    "IsNumeric": _is_number,
    "IsBoolean": lambda value: isinstance(value, bool),
    "IsTimestamp": lambda value: parse_timestamp(value) is not None,
}


def compare(name: str, value: Any, wanted: Any) -> bool:
    """Apply a comparison, named without ``Path``, to a present value."""
    if name in _TESTS:
        return _TESTS[name](value) is wanted
    if name == "StringMatches":
        return isinstance(value, str) and bool(wildcard_pattern(wanted).fullmatch(value))
    kind, order = _split(name)
    left, right = _TYPES[kind](value), _TYPES[kind](wanted)
    return left is not None and right is not None and _ORDERS[order](left, right)


def literal_problem(name: str, wanted: Any) -> str | None:
    """Return what a comparison's literal must be, or None if it is valid."""
    if name == "IsPresent" or name in _TESTS:
        return None if isinstance(wanted, bool) else "must be true or false"
    if name == "StringMatches":
        if not isinstance(wanted, str):
            return "must be a string"
        try:
            wildcard_pattern(wanted)
        except ValueError as error:
            return str(error)
        return None
    if not name.startswith(tuple(_TYPES)):
        return "is no comparison"
    kind = _split(name)[0]
    if _TYPES[kind](wanted) is not None:
        return None
    kinds = {"String": "a string", "Numeric": "a number", "Boolean": "true or false"}
    return "must be " + kinds.get(kind, "an RFC 3339 timestamp such as 2026-01-31T12:00:00Z")


def _split(name: str) -> tuple[str, str]:
    kind = next(kind for kind in _TYPES if name.startswith(kind))
    return kind, name.removeprefix(kind)


def wildcard_pattern(text: str) -> re.Pattern[str]:
    r"""Return the pattern of ``StringMatches``: ``*`` matches anything, ``\*`` is an asterisk.

    Raises
    ------
    ValueError
        If a backslash is not followed by an asterisk or a backslash.
    """
    parts, escaped = [], False
    for character in text:
        if escaped and character not in "*\\":
            break
        if escaped:
            parts.append(re.escape(character))
            escaped = False
        elif character == "\\":
            escaped = True
        else:
            parts.append(".*" if character == "*" else re.escape(character))
    if escaped:
        raise ValueError(f"must have an asterisk or a backslash after each backslash: '{text}'")
    return re.compile("".join(parts), re.DOTALL)
