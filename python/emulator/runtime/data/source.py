"""The source code of scripts, for training and serving."""

from __future__ import annotations

import os
import shutil
import tarfile
from pathlib import Path
from typing import Any

from emulator.runtime.data.archives import unpack
from emulator.runtime.data.s3 import download_object
from emulator.runtime.errors import JobFault


def get_source(s3: Any, address: str, root: Path) -> None:
    """Copy the source code from a submit directory to /opt/ml/code.

    Parameters
    ----------
    address : str
        An s3:// address of a .tar.gz, or a folder, .tar.gz or file below /opt/ml.
    root : Path
        The container's /opt/ml.

    Raises
    ------
    JobFault
        If the address is none of these.
    """
    code = root / "code"
    code.mkdir(exist_ok=True)
    if address.startswith("s3://"):
        archive = root.parent / "source.tar.gz"
        download_object(s3, address, archive)
        unpack(archive, code, address)
        return
    source = root / os.path.relpath(address, "/opt/ml")
    if not address.startswith("/opt/ml/") or not source.exists():
        raise JobFault(
            f"AlgorithmError: the submit directory {address!r} is neither an s3:// address of a "
            ".tar.gz nor an existing path below /opt/ml"
        )
    if source.is_dir():
        if source != code:
            shutil.copytree(source, code, dirs_exist_ok=True)
    elif tarfile.is_tarfile(source):
        unpack(source, code, address)
    else:
        shutil.copy(source, code)
