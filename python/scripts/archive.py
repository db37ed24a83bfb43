"""Unpack an untrusted tar.gz without writing outside the target folder."""

from __future__ import annotations

import shutil
import tarfile
import zlib
from pathlib import Path, PurePosixPath

from job import JobError

# A larger model or code archive is a mistake or an attack.
MAX_UNPACKED_BYTES = 5 * 1024**3


def unpack(archive: Path, target: Path) -> None:
    """Write an archive's files to a folder, without their modes and owners.

    Not every Python 3.9 in a container supports the `filter` of tarfile's own extraction.

    Raises
    ------
    JobError
        If the archive cannot be read, has a member that is not a plain file or folder inside the
        target, or unpacks to more than `MAX_UNPACKED_BYTES`.
    """
    try:
        with tarfile.open(archive) as tar:
            total = 0
            for member in tar:
                total += member.size
                if total > MAX_UNPACKED_BYTES:
                    raise JobError(
                        f"{archive}: must unpack to at most {MAX_UNPACKED_BYTES} bytes: pack only "
                        "what is needed"
                    )
                name = PurePosixPath(member.name)
                if (
                    name.is_absolute()
                    or ".." in name.parts
                    or not (member.isfile() or member.isdir())
                ):
                    raise JobError(
                        f"{archive}: '{member.name}' must be a plain file inside the archive"
                    )
                content = tar.extractfile(member)
                if content is not None:
                    path = target / name
                    path.parent.mkdir(parents=True, exist_ok=True)
                    with content, path.open("wb") as file:
                        shutil.copyfileobj(content, file)
    except (tarfile.TarError, EOFError, OSError, zlib.error) as error:
        raise JobError(f"{archive}: must be a readable tar.gz: {error}") from error
