"""Unpack a tar.gz that came from elsewhere, without letting it write anywhere else."""

from __future__ import annotations

import shutil
import tarfile
import zlib
from pathlib import Path, PurePosixPath

from job import JobError

# A model of 5 GiB, or so much code, is a mistake or an attack.
MAX_UNPACKED_BYTES = 5 * 1024**3


def unpack(archive: Path, target: Path) -> None:
    """Write an archive's files below a folder; their modes and owners are left behind.

    The `filter` of tarfile's own extraction is not in every Python 3.9 that a container may have.

    Raises
    ------
    JobError
        If the archive cannot be read, has a member that is not a plain file or folder inside, or
        holds more than `MAX_UNPACKED_BYTES`.
    """
    try:
        with tarfile.open(archive) as tar:
            total = 0
            for member in tar:
                total += member.size
                if total > MAX_UNPACKED_BYTES:
                    raise JobError(
                        f"{archive}: it would unpack to more than {MAX_UNPACKED_BYTES} bytes; pack "
                        "only what is needed"
                    )
                name = PurePosixPath(member.name)
                if (
                    name.is_absolute()
                    or ".." in name.parts
                    or not (member.isfile() or member.isdir())
                ):
                    raise JobError(
                        f"{archive}: '{member.name}' is not a plain file inside the archive"
                    )
                content = tar.extractfile(member)
                if content is not None:
                    path = target / name
                    path.parent.mkdir(parents=True, exist_ok=True)
                    with content, path.open("wb") as file:
                        shutil.copyfileobj(content, file)
    except (tarfile.TarError, EOFError, OSError, zlib.error) as error:
        raise JobError(f"{archive}: not a readable tar.gz: {error}") from error
