"""Records of moto's backends, which requests at the same time read and change.

moto looks through its dictionaries while other requests add to them, at which Python raises
``RuntimeError: dictionary changed size during iteration``.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterator
from typing import Any

from moto.core.base_backend import BaseBackend

from emulator.aws.patching import wrap


class Records(dict[Any, Any]):
    """A dictionary that is looked through as it was at the beginning."""

    def __iter__(self) -> Iterator[Any]:
        return iter(list(super().__iter__()))

    def keys(self) -> Any:
        """Return the keys that there are now."""
        return dict.fromkeys(super().keys()).keys()

    def values(self) -> Any:
        """Return the values that there are now."""
        return self.copy().values()

    def items(self) -> Any:
        """Return the items that there are now."""
        return self.copy().items()


def install() -> None:
    """Make records of the dictionaries of all backends."""
    wrap(BaseBackend, "__setattr__", _set)


def _set(original: Any, self: Any, name: str, value: Any) -> None:
    is_records = type(value) in (dict, OrderedDict) and not name.startswith("__")
    original(self, name, Records(value) if is_records else value)
