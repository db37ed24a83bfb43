"""Replacing names in moto, with an error at start if one of them does not exist."""

import functools
import importlib.metadata
import sys
from collections.abc import Callable
from typing import Any

MOTO_VERSION = "5.2.5"


class MotoMismatchError(RuntimeError):
    """The corrections were written for another version of moto than the installed one."""


def check_moto_version() -> None:
    """Refuse any moto but the pinned one.

    Raises
    ------
    MotoMismatchError
        If another version is installed: the corrections use private names.
    """
    installed = importlib.metadata.version("moto")
    if installed != MOTO_VERSION:
        raise MotoMismatchError(
            f"the emulator corrects moto {MOTO_VERSION}, but moto {installed} is installed; "
            f"install moto=={MOTO_VERSION} or build the environment 'emulator' again"
        )


def replace(owner: Any, name: str, replacement: Any) -> Any:
    """Replace an attribute of a class or module of moto, and return the original.

    Raises
    ------
    MotoMismatchError
        If `owner` has no such attribute.
    """
    original = getattr(owner, name, None)
    if original is None:
        raise MotoMismatchError(
            f"moto {MOTO_VERSION} should have {owner.__name__}.{name}, but this installation does "
            "not; reinstall moto, or adapt the correction that needs the name"
        )
    setattr(owner, name, replacement)
    return original


def wrap(owner: type, name: str, wrapper: Callable[..., Any]) -> None:
    """Replace a method of moto by `wrapper`, called with the original and the arguments."""
    original = replace(owner, name, None)

    @functools.wraps(original)
    def method(*args: Any, **kwargs: Any) -> Any:
        return wrapper(original, *args, **kwargs)

    setattr(owner, name, method)


def method(function: Callable[..., Any], *given: Any) -> Callable[..., Any]:
    """Return a method that calls `function` with `given` before the object and its arguments."""

    @functools.wraps(function)
    def bound(*args: Any, **kwargs: Any) -> Any:
        return function(*given, *args, **kwargs)

    return bound


def add(owner: Any, name: str, addition: Any) -> None:
    """Add an operation that moto lacks.

    Raises
    ------
    MotoMismatchError
        If moto has it, so that ours is no longer needed.
    """
    if hasattr(owner, name):
        raise MotoMismatchError(f"moto now has {owner.__name__}.{name}: remove ours")
    setattr(owner, name, addition)


def replace_everywhere(original: Any, replacement: Any) -> None:
    """Replace an object in every module of moto that imported it by name.

    Raises
    ------
    MotoMismatchError
        If no module has it.
    """
    found = False
    for module_name, module in list(sys.modules.items()):
        if module is None or not module_name.startswith("moto."):
            continue
        for name, value in list(vars(module).items()):
            if value is original:
                setattr(module, name, replacement)
                found = True
    if not found:
        raise MotoMismatchError(f"no module of moto holds {original!r}; adapt the correction")
