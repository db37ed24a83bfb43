"""The statements of a policy's text, with their positions."""

from __future__ import annotations

import functools
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

_DECODER = json.JSONDecoder()
_BLANK = re.compile(r"[\s,:]*")


@dataclass(frozen=True)
class Found:
    """A statement; its start and end are ``{"Line": …, "Column": …}``, counted from 1."""

    statement: Mapping[str, Any]
    start: Mapping[str, int]
    end: Mapping[str, int]


@functools.lru_cache(maxsize=256)
def statements(text: str) -> tuple[Found, ...]:
    """Return the statements of a policy document in order.

    Raises
    ------
    ValueError
        If the text is not JSON, or has no statements.
    """
    document = json.loads(text)
    if not isinstance(document, dict) or "Statement" not in document:
        raise ValueError("it has no Statement")
    found = tuple(
        Found(statement, _position(text, start), _position(text, end))
        for statement, start, end in _values(text)
    )
    if not all(isinstance(one.statement, dict) and "Effect" in one.statement for one in found):
        raise ValueError("one of its statements is not an object with an Effect")
    return found


def _values(text: str) -> Iterator[tuple[Any, int, int]]:
    at = _after_blank(text, 0) + 1  # after the brace
    while text[at := _after_blank(text, at)] != "}":
        key, at = _DECODER.raw_decode(text, at)
        at = _after_blank(text, at)
        if key != "Statement":
            _, at = _DECODER.raw_decode(text, at)
            continue
        if text[at] != "[":
            value, end = _DECODER.raw_decode(text, at)
            yield value, at, end
            return
        at += 1
        while text[at := _after_blank(text, at)] != "]":
            value, end = _DECODER.raw_decode(text, at)
            yield value, at, end
            at = end
        return


def _after_blank(text: str, at: int) -> int:
    blank = _BLANK.match(text, at)
    return blank.end() if blank else at


def _position(text: str, at: int) -> dict[str, int]:
    line_start = text.rfind("\n", 0, at) + 1
    return {"Line": text.count("\n", 0, at) + 1, "Column": at - line_start + 1}
