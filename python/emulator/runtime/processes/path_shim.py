"""Redirects file calls below /opt/ml to a job's own folder, inside the job's Python.

A copy of this file is imported first when a job's interpreter starts; it does nothing unless the
variable below names a folder. It must be valid on Python 3.8.
"""

from __future__ import annotations

import builtins
import io
import os
import sys
from collections.abc import Callable
from typing import Any

ROOT_VARIABLE = "EMULATOR_OPT_ML"

_ONE_PATH = (
    *("open", "stat", "lstat", "listdir", "scandir", "mkdir", "rmdir", "remove", "unlink"),
    *("access", "chmod", "chown", "lchown", "chdir", "readlink", "utime", "truncate", "mkfifo"),
    *("statvfs", "listxattr", "getxattr", "setxattr", "removexattr"),
)
_TWO_PATHS = ("rename", "replace", "link", "symlink")


def _redirect(path: Any, root: str) -> Any:
    """Return the job's path for a path below /opt/ml; other values are returned unchanged."""
    text = path if isinstance(path, (str, bytes)) else getattr(path, "__fspath__", lambda: None)()
    if isinstance(text, bytes):
        redirected = _redirect(os.fsdecode(text), root)
        return path if redirected == os.fsdecode(text) else os.fsencode(redirected)
    if isinstance(text, str) and (text == "/opt/ml" or text.startswith("/opt/ml/")):
        return root + text[len("/opt/ml") :]
    return path


class _Redirected:
    """A function whose first arguments are paths.

    Not a function itself: pathlib stores these as class attributes, where a function would become
    a method. Equal to the original, because shutil searches for it in ``os.supports_dir_fd``.
    """

    def __init__(self, function: Callable[..., Any], root: str, n_paths: int) -> None:
        self._function, self._root, self._n_paths = function, root, n_paths
        self.__name__, self.__doc__ = function.__name__, function.__doc__

    def __call__(self, *arguments: Any, **options: Any) -> Any:
        paths = [_redirect(path, self._root) for path in arguments[: self._n_paths]]
        for name in ("path", "file", "src", "dst"):
            if name in options:
                options[name] = _redirect(options[name], self._root)
        return self._function(*paths, *arguments[self._n_paths :], **options)

    def __eq__(self, other: object) -> bool:
        return other is self or other == self._function

    def __hash__(self) -> int:
        return hash(self._function)


def _find_modules(root: str) -> Callable[[str], Any]:
    """Return a path hook for entries of ``sys.path``: imports do not use the redirected calls."""

    def hook(path: str) -> Any:
        redirected = _redirect(path, root)
        if redirected == path:
            raise ImportError(path)
        for other in sys.path_hooks:
            if other is not hook:
                try:
                    return other(redirected)
                except ImportError:
                    continue
        raise ImportError(path)

    return hook


def install(root: str) -> None:
    """Redirect file calls of this interpreter below /opt/ml to a folder."""
    builtins.open = io.open = _Redirected(io.open, root, 1)
    for names, n_paths in ((_ONE_PATH, 1), (_TWO_PATHS, 2)):
        for name in names:
            if hasattr(os, name):
                setattr(os, name, _Redirected(getattr(os, name), root, n_paths))
    sys.path_hooks.insert(0, _find_modules(root))


if __name__ == "opt_ml_shim" and os.environ.get(ROOT_VARIABLE):
    install(os.environ[ROOT_VARIABLE])
