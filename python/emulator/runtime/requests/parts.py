"""Optional parts of a request."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


def part(request: Mapping[str, Any], *names: str) -> dict[str, Any]:
    """Return the structure at the end of a path of members, or an empty one."""
    found: Any = request
    for name in names:
        found = found.get(name) or {}
    return found


def listed(request: Mapping[str, Any], name: str) -> list[Any]:
    """Return the list in a member, or an empty one."""
    return request.get(name) or []
