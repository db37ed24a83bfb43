"""The supervisor of every child process of the emulator.

It runs a command in a new process group and ends with the command's exit code. On its control pipe,
it reads

- ``T``: stop the group (SIGTERM), and kill it after the grace period;
- end of file: the emulator has ended in any way, or requests a kill: kill the group at once.

No process of the command outlives it, as in a container whose first process ends. A mount namespace
can show a folder to the command as ``/opt/ml``.

Usage: ``supervisor.py CONTROL_FD SPECIFICATION``, the latter a JSON object of ``command``,
``cwd``, ``grace`` (seconds), ``nice``, and ``root`` (folder to mount on /opt/ml, or null).
"""
# Importing pathlib takes longer than the rest of the start.
# ruff: noqa: PTH102, PTH112, PTH115, PTH123, PTH211

from __future__ import annotations

import contextlib
import ctypes
import json
import os
import select
import signal
import sys
import time
from typing import Any

_CLONE_NEWNS, _CLONE_NEWUSER = 0x00020000, 0x10000000
_MS_BIND, _MS_REC, _MS_PRIVATE = 0x1000, 0x4000, 0x40000
_PR_SET_PDEATHSIG, _PR_SET_CHILD_SUBREAPER = 1, 36


def _libc(function: str, *arguments: object) -> None:
    library = ctypes.CDLL(None, use_errno=True)
    if getattr(library, function)(*arguments) != 0:
        number = ctypes.get_errno()
        raise OSError(number, f"{function}: {os.strerror(number)}")


def _mount(source: str, target: str, kind: bytes, flags: int, data: bytes = b"") -> None:
    _libc("mount", os.fsencode(source), os.fsencode(target), kind, ctypes.c_ulong(flags), data)


def _bind(source: str, target: str) -> None:
    # Recursive: without privileges, mounts below the source cannot be excluded.
    _mount(source, target, b"", _MS_BIND | _MS_REC)


def mount_on_opt_ml(root: str) -> None:
    """Mount a folder as /opt/ml, for this process and its children only."""
    user, group = os.getuid(), os.getgid()
    try:
        _libc("unshare", _CLONE_NEWNS)
    except OSError:
        _libc("unshare", _CLONE_NEWUSER | _CLONE_NEWNS)
        for name, text in (
            ("setgroups", "deny"),
            ("uid_map", f"{user} {user} 1"),
            ("gid_map", f"{group} {group} 1"),
        ):
            with open(f"/proc/self/{name}", "w") as file:
                file.write(text)
    _mount("none", "/", b"", _MS_REC | _MS_PRIVATE)
    if not os.path.isdir("/opt/ml"):
        _cover_opt()
    _bind(root, "/opt/ml")


def _cover_opt() -> None:
    """Mount a writable folder over /opt, with its contents and an empty ``ml``."""
    below = f"/proc/self/fd/{os.open('/opt', os.O_PATH | os.O_DIRECTORY)}"
    _mount("tmpfs", "/opt", b"tmpfs", 0, b"mode=755")
    for entry in os.scandir(below):
        target = f"/opt/{entry.name}"
        if entry.is_symlink():
            os.symlink(os.readlink(entry.path), target)
            continue
        if entry.is_dir():
            os.mkdir(target)
        else:
            os.close(os.open(target, os.O_CREAT, 0o644))
        _bind(entry.path, target)
    os.mkdir("/opt/ml")


def _end_with(supervisor: int) -> None:
    """End this process when the supervisor is killed, which cannot end it any more (Linux)."""
    if sys.platform == "linux":
        _libc("prctl", _PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
        if os.getppid() != supervisor:
            os._exit(128 + signal.SIGKILL)


def _become(specification: dict[str, Any], supervisor: int) -> None:
    """Replace this process with the command; returns only with an exception."""
    os.setpgid(0, 0)
    for number in (signal.SIGPIPE, signal.SIGCHLD, signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(number, signal.SIG_DFL)
    if specification["root"]:
        mount_on_opt_ml(specification["root"])
    os.nice(specification["nice"])
    os.chdir(specification["cwd"])
    command = specification["command"]
    _end_with(supervisor)  # last: a change of credentials, as by a mount, would undo it
    os.execvp(command[0], command)  # noqa: S606 - there is no shell to avoid


def _fork(specification: dict[str, Any]) -> int:
    supervisor = os.getpid()
    child = os.fork()
    if child:
        with contextlib.suppress(OSError):  # the child does the same, in case it is first
            os.setpgid(child, child)
        return child
    try:
        _become(specification, supervisor)
    except BaseException as error:  # never return into the parent's code
        missing = isinstance(error, FileNotFoundError)
        sys.stderr.write(f"cannot start {specification['command'][0]}: {error}\n")
        sys.stderr.flush()
        os._exit(127 if missing else 126)
    raise AssertionError


def _signal_group(group: int, number: int) -> None:
    # macOS reports "not permitted" for a group of zombies.
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(group, number)


def _reap(child: int) -> int | None:
    """Reap ended processes; return the wait status of the child if it is among them."""
    found = None
    while True:
        try:
            process, status = os.waitpid(-1, os.WNOHANG)
        except ChildProcessError:
            return found
        if process == 0:
            return found
        if process == child:
            found = status


def _kill_descendants() -> None:
    """Kill processes that left the group: a subreaper is the parent of every orphan (Linux)."""
    own_children = f"/proc/self/task/{os.getpid()}/children"
    with contextlib.suppress(OSError):
        while True:
            with open(own_children) as file:
                children = file.read().split()
            if not children:
                return
            for child in children:
                os.kill(int(child), signal.SIGKILL)
            os.waitpid(-1, 0)


def _wake(_number: int, _frame: object) -> None:
    """Do nothing: the signal's number is written to the pipe that ends the wait."""


def supervise(specification: dict[str, Any], control: int) -> int:
    """Run the command until it ends; return its exit code, or 128 plus the signal's number."""
    os.set_inheritable(control, False)
    if sys.platform == "linux":
        _libc("prctl", _PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
    wakeup, wakeup_end = os.pipe()
    os.set_blocking(wakeup_end, False)
    signal.set_wakeup_fd(wakeup_end)
    for number in (signal.SIGCHLD, signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(number, _wake)
    group = _fork(specification)
    watched, kill_at, status = [control, wakeup], None, None
    while status is None:
        remaining = None if kill_at is None else max(0, kill_at - time.monotonic())
        readable, _, _ = select.select(watched, [], [], remaining)
        if wakeup in readable:
            numbers = os.read(wakeup, 64)
            if set(numbers) - {signal.SIGCHLD}:
                kill_at = 0
            status = _reap(group)
        if control in readable:
            if os.read(control, 64):
                _signal_group(group, signal.SIGTERM)
                kill_at = time.monotonic() + specification["grace"]
            else:
                watched.remove(control)
                kill_at = 0
        if kill_at is not None and time.monotonic() >= kill_at:
            _signal_group(group, signal.SIGKILL)
            kill_at = None
    _signal_group(group, signal.SIGKILL)
    _kill_descendants()
    code = os.waitstatus_to_exitcode(status)
    return code if code >= 0 else 128 - code


if __name__ == "__main__":
    os._exit(supervise(json.loads(sys.argv[2]), int(sys.argv[1])))
