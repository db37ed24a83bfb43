"""Parts of a request that may be left out."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


def part(request: Mapping[str, Any], *names: str) -> dict[str, Any]:
    """Return the structure at the end of a path of members; an empty one where there is none."""
    found: Any = request
    for name in names:
        found = found.get(name) or {}
    return found


def listed(request: Mapping[str, Any], name: str) -> list[Any]:
    """Return the list in a member; an empty one where there is none."""
    return request.get(name) or []
