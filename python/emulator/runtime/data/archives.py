"""The tar.gz archives of jobs, models and source folders."""

from __future__ import annotations

import shutil
import tarfile
from collections.abc import Iterator
from pathlib import Path

from emulator.runtime.errors import JobFault

MAX_UNPACKED_BYTES = 5 * 1024**3
MAX_MEMBERS = 100_000
# Disk space that is kept free.
_SPARE_BYTES = 1024**3


def pack(folder: Path, archive: Path) -> None:
    """Write a folder's contents to the root of an archive; links are kept as links."""
    # The fastest level: higher ones hardly make models smaller.
    with tarfile.open(archive, "w:gz", compresslevel=1) as tar:
        for entry in sorted(folder.iterdir()):
            tar.add(entry, arcname=entry.name)


def unpack(archive: Path, folder: Path, address: str) -> None:
    """Unpack an untrusted archive into a folder.

    Raises
    ------
    JobFault
        If it is not a gzip tar archive, if a member would be outside the folder, or if it exceeds
        `MAX_UNPACKED_BYTES`, `MAX_MEMBERS` or the free disk space; names `address`.
    """
    folder.mkdir(parents=True, exist_ok=True)
    try:
        with tarfile.open(archive, "r:gz") as tar:
            if hasattr(tarfile, "data_filter"):
                tar.extractall(folder, members=_within_limits(tar, folder), filter="data")
            else:  # Python before 3.10.12 and 3.11.4
                members = map(_check_member, _within_limits(tar, folder))
                tar.extractall(folder, members=members)  # noqa: S202
    except (tarfile.TarError, EOFError, OSError) as error:
        raise JobFault(f"ClientError: cannot unpack {address}: {error}") from error


def _within_limits(tar: tarfile.TarFile, folder: Path) -> Iterator[tarfile.TarInfo]:
    """Yield the members; fail if there are too many, or if they are too large."""
    room = min(MAX_UNPACKED_BYTES, shutil.disk_usage(folder).free - _SPARE_BYTES)
    total = 0
    for count, member in enumerate(tar, start=1):
        total += member.size
        if count > MAX_MEMBERS:
            raise tarfile.TarError(f"it has more than {MAX_MEMBERS} members")
        if total > room:
            raise tarfile.TarError(
                f"it would unpack to more than {max(room, 0) // 1024**2} MiB, which is the "
                f"{'limit here' if room == MAX_UNPACKED_BYTES else 'room on the disk'}"
            )
        yield member


def _check_member(member: tarfile.TarInfo) -> tarfile.TarInfo:
    path = Path(member.name)
    if path.is_absolute() or ".." in path.parts or not (member.isfile() or member.isdir()):
        raise tarfile.TarError(f"{member.name!r} is not a file or folder inside the archive")
    member.mode = 0o755
    return member
