"""The folder of a training job's checkpoints, and its copy in S3."""

from __future__ import annotations

import contextlib
import logging
import os
import threading
from collections.abc import Generator, Iterator
from pathlib import Path
from typing import Any

from emulator.runtime.data.s3 import delete_object, download_prefix, join, upload_file
from emulator.runtime.errors import JobFault

DEFAULT_FOLDER = "/opt/ml/checkpoints"

LOG = logging.getLogger(__name__)

_SYNC_SECONDS = 0.3
_Version = tuple[int, int]


class CheckpointFolder:
    """Keeps S3 equal to the folder while the job runs, as SageMaker does.

    What the job writes is uploaded, what it deletes is deleted in S3; what others add to S3 after
    the start is not downloaded. Sources: AWS's developer guide, "Checkpoints in Amazon SageMaker".

    Parameters
    ----------
    s3 : client
        With the job's role.
    written : threading.Event
        Set when a file that the job wrote is in S3. Hidden files do not count, because many
        scripts write aside and rename.
    """

    def __init__(self, s3: Any, folder: Path, uri: str, written: threading.Event) -> None:
        self._s3 = s3
        self._folder = folder
        self._uri = uri
        self._written = written
        self._in_s3: dict[str, _Version] = {}

    def download(self) -> None:
        """Download what earlier runs have left; a refusal is a `JobFault`."""
        download_prefix(self._s3, join(self._uri, ""), self._folder, required=False)
        self._in_s3 = dict(self._files())

    @contextlib.contextmanager
    def kept_in_s3(self) -> Generator[None]:
        """Copy the folder to S3 all the time, and once more at the end.

        Raises
        ------
        JobFault
            If S3 refuses the copy at the end.
        """
        ended = threading.Event()
        thread = threading.Thread(target=self._sync_until, args=(ended,), daemon=True)
        thread.start()
        try:
            yield
        finally:
            ended.set()
            thread.join()
        self._sync()

    def _sync_until(self, ended: threading.Event) -> None:
        while not ended.wait(_SYNC_SECONDS):
            try:
                self._sync()
            except JobFault as fault:
                # The copy at the end tells the job.
                LOG.debug("checkpoints: %s", fault)

    def _sync(self) -> None:
        files = dict(self._files())
        for name, version in files.items():
            if self._in_s3.get(name) == version:
                continue
            with contextlib.suppress(FileNotFoundError):  # renamed or removed meanwhile
                upload_file(self._s3, self._folder / name, join(self._uri, name))
                self._in_s3[name] = version
                if not Path(name).name.startswith("."):
                    self._written.set()
        for name in self._in_s3.keys() - files.keys():
            delete_object(self._s3, join(self._uri, name))
            del self._in_s3[name]

    def _files(self) -> Iterator[tuple[str, _Version]]:
        for directory, _, names in os.walk(self._folder):
            for path in (Path(directory, name) for name in sorted(names)):
                with contextlib.suppress(FileNotFoundError):
                    stat = path.lstat()
                    if path.is_file() and not path.is_symlink():
                        name = path.relative_to(self._folder).as_posix()
                        yield name, (stat.st_mtime_ns, stat.st_size)
