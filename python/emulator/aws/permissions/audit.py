"""The permissions that each role has used, counted by action and resource."""

import threading
from typing import Any

RESOURCES_PER_ACTION = 100
"""Resources counted separately for each action of a role; further ones are counted together."""

OTHERS = "others"


class Audit:
    """Counts of the actions that roles were allowed and denied. Thread-safe."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._uses: dict[str, dict[str, dict[str, list[int]]]] = {}

    def record(self, role_arn: str, action: str, resource: str, *, allowed: bool) -> None:
        """Count one check."""
        with self._lock:
            counts = self._uses.setdefault(role_arn, {}).setdefault(action, {})
            if resource not in counts and len(counts) >= RESOURCES_PER_ACTION:
                resource = OTHERS
            counts.setdefault(resource, [0, 0])[0 if allowed else 1] += 1

    def clear(self) -> None:
        """Reset all counts."""
        with self._lock:
            self._uses = {}

    def describe(self) -> dict[str, Any]:
        """Return the roles with their uses, in the form of ``GET /_emulator/audit``."""
        with self._lock:
            return {
                "roles": [
                    {"arn": arn, "name": arn.rpartition("/")[2], "uses": _uses(actions)}
                    for arn, actions in sorted(self._uses.items())
                ]
            }


def _uses(actions: dict[str, dict[str, list[int]]]) -> list[dict[str, Any]]:
    return [
        {"action": action, "resource": resource, "allowed": allowed, "denied": denied}
        for action, counts in sorted(actions.items())
        for resource, (allowed, denied) in sorted(counts.items())
    ]
