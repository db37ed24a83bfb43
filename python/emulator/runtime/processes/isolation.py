"""Showing a job its own folder as /opt/ml.

On Linux, a mount namespace does this for every program and library. Elsewhere, and if namespaces
are disabled, paths are rewritten in arguments and variables, and a shim in the job's Python
redirects file calls.
"""

from __future__ import annotations

import logging
import re
import sys
import tempfile
from dataclasses import replace
from pathlib import Path
from typing import Protocol

from emulator.runtime.processes.path_shim import ROOT_VARIABLE
from emulator.runtime.processes.supervised import Command, SupervisedProcess, base_environment

LOG = logging.getLogger(__name__)
_OPT_ML = Path("/opt/ml")
_OPT_ML_IN_TEXT = re.compile(r"(?<![\w.-])/opt/ml(?![\w.-])")


class IsolationError(Exception):
    """Jobs cannot be isolated on this machine; the message has the remedy."""


class Isolation(Protocol):
    """A way to show a folder as /opt/ml to a command."""

    name: str

    def apply(self, command: Command, root: Path) -> Command:
        """Return the command, changed so that it sees the folder as /opt/ml."""
        ...


class MountNamespace:
    """The folder is mounted on /opt/ml, for the command and its children only."""

    name = "mount namespace"

    def apply(self, command: Command, root: Path) -> Command:
        """Return the command, changed so that it sees the folder as /opt/ml."""
        return replace(command, root=str(root))


class PathShim:
    """Paths below /opt/ml are rewritten, and file calls of the job's Python redirected."""

    name = "path shim"

    def apply(self, command: Command, root: Path) -> Command:
        """Return the command, changed so that it sees the folder as /opt/ml."""

        def rewrite(text: str) -> str:
            return _OPT_ML_IN_TEXT.sub(lambda _: str(root), text)

        variables = {name: rewrite(value) for name, value in command.environment.items()}
        return Command(
            arguments=[rewrite(argument) for argument in command.arguments],
            environment={**variables, ROOT_VARIABLE: str(root)},
            cwd=rewrite(command.cwd),
        )


def detect_isolation(opt_ml: Path = _OPT_ML) -> Isolation:
    """Determine the isolation that works on this machine.

    Raises
    ------
    IsolationError
        If only the path shim works and a real /opt/ml exists: calls that the shim does not
        redirect would read and write there.
    """
    if sys.platform == "linux" and _mount_namespace_works():
        return MountNamespace()
    if opt_ml.exists():
        raise IsolationError(
            f"{opt_ml} exists, and jobs cannot have their own (mount namespaces do not work "
            f"here): a job would read and write the real one. Remove or rename {opt_ml}, or allow "
            "user namespaces (sysctl user.max_user_namespaces, kernel.unprivileged_userns_clone, "
            "kernel.apparmor_restrict_unprivileged_userns)"
        )
    LOG.warning(
        "jobs see /opt/ml by rewritten paths, because mount namespaces do not work here: not "
        "redirected are programs other than Python, and libraries that open files in C "
        "(sqlite3, parquet writers); use the SM_* variables and arguments for these"
    )
    return PathShim()


def _mount_namespace_works() -> bool:
    with tempfile.TemporaryDirectory() as root:
        Path(root, "probe").touch()
        command = Command(["test", "-f", "/opt/ml/probe"], base_environment(), "/", root)
        process = SupervisedProcess(command, grace_seconds=0)
        output = process.stdout.read().decode(errors="replace").strip()
        code = process.wait()
    if code:
        LOG.info("mount namespaces do not work here: %s", output or f"exit code {code}")
    return code == 0
