"""The folders of an emulator process in the state directory."""

from __future__ import annotations

import fcntl
import functools
import os
import shutil
import tempfile
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

FAILED_JOBS = "failed-jobs"
_RUN_PREFIX = "run-"
_LOCK = "lock"
_KEPT_FAILED_JOBS = 3


@functools.cache
def run_directory(state_dir: Path) -> Path:
    """Return this process's folder; on first use, remove the folders of dead processes.

    Several emulators may share a state directory: each holds a lock on its folder while it runs.
    """
    state_dir.mkdir(parents=True, exist_ok=True)
    with _guarded(state_dir):
        others_live = False
        for other in state_dir.glob(f"{_RUN_PREFIX}*"):
            if _is_locked(other / _LOCK):
                others_live = True
            else:
                shutil.rmtree(other, ignore_errors=True)
        if not others_live:
            shutil.rmtree(state_dir / FAILED_JOBS, ignore_errors=True)
        own = Path(tempfile.mkdtemp(prefix=f"{_RUN_PREFIX}{os.getpid()}-", dir=state_dir))
        # Never closed: the lock is released when the process ends.
        fcntl.flock(os.open(own / _LOCK, os.O_CREAT | os.O_RDWR), fcntl.LOCK_EX)
    return own.resolve()


def remove_run_directory(state_dir: Path) -> None:
    """Remove this process's folder when it ends."""
    shutil.rmtree(run_directory(state_dir), ignore_errors=True)


def new_directory(state_dir: Path, kind: str, name: str) -> Path:
    """Return a new folder for one job, function or model server."""
    parent = run_directory(state_dir) / kind
    parent.mkdir(exist_ok=True)
    return Path(tempfile.mkdtemp(prefix=f"{name[:80]}-", dir=parent))


def keep_failed(state_dir: Path, directory: Path, job: str) -> None:
    """Move a failed job's folder to ``failed-jobs``; the last three are kept."""
    failed = state_dir / FAILED_JOBS
    with _guarded(state_dir):
        failed.mkdir(exist_ok=True)
        kept = failed / job
        shutil.rmtree(kept, ignore_errors=True)
        directory.rename(kept)
        os.utime(kept)
        by_age = sorted(failed.iterdir(), key=lambda path: path.stat().st_mtime_ns)
        for old in by_age[:-_KEPT_FAILED_JOBS]:
            shutil.rmtree(old, ignore_errors=True)


@contextmanager
def _guarded(state_dir: Path) -> Generator[None]:
    """Keep threads and other emulators from removing folders at the same time."""
    with (state_dir / _LOCK).open("w") as guard:
        fcntl.flock(guard, fcntl.LOCK_EX)
        yield


def _is_locked(lock: Path) -> bool:
    try:
        with lock.open() as file:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    except OSError:
        return False
    return False
