"""Texts that come from data, made harmless: one line, of bounded length, nothing invisible."""

from __future__ import annotations

import json
import math
import unicodedata
from typing import Any, TypeGuard

# Controls, invisible marks that turn or join text, halves of surrogate pairs, line separators.
_DROPPED = frozenset({"Cc", "Cf", "Cs", "Zl", "Zp"})


def one_line(text: str, limit: int) -> str:
    """Return a text as one line of at most `limit` characters."""
    # No more than can be shown is looked at, whatever the text's length.
    shown = (" " if unicodedata.category(c) in _DROPPED else c for c in text[: 4 * limit])
    return " ".join("".join(shown).split())[:limit]


def is_number(value: Any) -> TypeGuard[float]:
    """Tell whether a JSON value is a finite number; true and false are none."""
    try:
        return type(value) in (int, float) and math.isfinite(value)
    except OverflowError:
        return False


def read_object(text: Any) -> dict[str, Any]:
    """Return a JSON object, or an empty one for anything else: causes need not be JSON."""
    try:
        value = json.loads(text or "{}")
    except (ValueError, TypeError, RecursionError):
        return {}
    return value if isinstance(value, dict) else {}
