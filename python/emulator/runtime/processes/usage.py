"""What processes use of the machine, as Linux counts it."""

from __future__ import annotations

import contextlib
import os
from dataclasses import dataclass
from pathlib import Path

_PROC = Path("/proc")
# Fields of /proc/<pid>/stat after the command's name, which may contain blanks: proc(5).
_SESSION = 3
_TIMES = slice(11, 15)  # user and system, and those of children that have ended
_RESIDENT_PAGES = 21


@dataclass(frozen=True)
class Usage:
    """The processor time and the resident memory of processes.

    Attributes
    ----------
    cpu_seconds : float
        Since they began, with their children that have ended.
    memory_bytes : int
        Pages that they share count for each.
    """

    cpu_seconds: float
    memory_bytes: int


def usage_of_session(leader: int) -> Usage | None:
    """Return what the processes of a session use; None if nothing is known of them."""
    ticks, pages, found = 0, 0, False
    for entry in _PROC.glob("[0-9]*"):
        with contextlib.suppress(OSError):
            fields = (entry / "stat").read_text().rpartition(")")[2].split()
            if int(fields[_SESSION]) != leader:
                continue
            found = True
            ticks += sum(int(time) for time in fields[_TIMES])
            pages += int(fields[_RESIDENT_PAGES])
    if not found:
        return None
    return Usage(ticks / os.sysconf("SC_CLK_TCK"), pages * os.sysconf("SC_PAGE_SIZE"))


def machine_memory_bytes() -> int:
    """Return the size of this machine's memory."""
    return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
