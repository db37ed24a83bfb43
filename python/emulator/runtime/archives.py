"""The tar.gz archives that jobs, models and source folders travel in."""

from __future__ import annotations

import tarfile
from pathlib import Path

from emulator.runtime.errors import JobFault


def pack(folder: Path, archive: Path) -> None:
    """Write a folder's contents into an archive, at its root; links stay links."""
    # The fastest level: models are hardly smaller at a higher one, and are read back soon.
    with tarfile.open(archive, "w:gz", compresslevel=1) as tar:
        for entry in sorted(folder.iterdir()):
            tar.add(entry, arcname=entry.name)


def unpack(archive: Path, folder: Path, address: str) -> None:
    """Unpack an archive that somebody else wrote into a folder.

    Raises
    ------
    JobFault
        When it is no gzip tar archive, or a member would leave the folder; named by `address`.
    """
    folder.mkdir(parents=True, exist_ok=True)
    try:
        with tarfile.open(archive, "r:gz") as tar:
            if hasattr(tarfile, "data_filter"):
                tar.extractall(folder, filter="data")
            else:  # Python before 3.10.12 and 3.11.4
                tar.extractall(folder, members=map(_check_member, tar))  # noqa: S202
    except (tarfile.TarError, EOFError, OSError) as error:
        raise JobFault(f"ClientError: cannot unpack {address}: {error}") from error


def _check_member(member: tarfile.TarInfo) -> tarfile.TarInfo:
    path = Path(member.name)
    if path.is_absolute() or ".." in path.parts or not (member.isfile() or member.isdir()):
        raise tarfile.TarError(f"{member.name!r} is no file or folder inside the archive")
    member.mode = 0o755
    return member
