"""Make texts from data harmless: one line, of limited length, without invisible characters."""

from __future__ import annotations

import json
import math
import unicodedata
from typing import Any, TypeGuard

# Control characters, bidirectional and joining marks, surrogates, line separators.
_DROPPED = frozenset({"Cc", "Cf", "Cs", "Zl", "Zp"})


def one_line(text: str, limit: int) -> str:
    """Return a text as one line of at most `limit` characters."""
    # Only as much as can be shown is processed.
    shown = (" " if unicodedata.category(c) in _DROPPED else c for c in text[: 4 * limit])
    return " ".join("".join(shown).split())[:limit]


def is_number(value: Any) -> TypeGuard[float]:
    """Return whether a JSON value is a finite number; true and false are not."""
    try:
        return type(value) in (int, float) and math.isfinite(value)
    except OverflowError:
        return False


def read_object(text: Any) -> dict[str, Any]:
    """Return a JSON object; an empty one for anything else, because causes need not be JSON."""
    try:
        value = json.loads(text or "{}")
    except (ValueError, TypeError, RecursionError):
        return {}
    return value if isinstance(value, dict) else {}
