"""Wrap a model's inference module, to rehearse a bad release.

The wrapper gets the entry point's name; the original module becomes ``rehearsed_inference.py``.
"""

from __future__ import annotations

import argparse
import io
import tarfile
from pathlib import Path
from typing import IO, cast

REHEARSED = "code/rehearsed_inference.py"


def spoil(model: Path, entry_point: str, wrapper: Path, spoiled: Path) -> None:
    """Write a copy of a model artifact with `wrapper` as its inference module.

    Parameters
    ----------
    model, spoiled : Path
        A model.tar.gz, and the path of its copy.
    entry_point : str
        File name of the inference module in ``code/``.
    wrapper : Path
        A module that imports ``rehearsed_inference``.

    Raises
    ------
    ValueError
        If the artifact does not contain the entry point.
    """
    entry = f"code/{entry_point}"
    with tarfile.open(model) as source, tarfile.open(spoiled, "w:gz") as target:
        names = {member.name.removeprefix("./") for member in source}
        if entry not in names:
            raise ValueError(f"{model} must contain {entry}, got {', '.join(sorted(names))}")
        for member in source:
            if not member.isfile():
                continue
            name = member.name.removeprefix("./")
            body = cast("IO[bytes]", source.extractfile(member))
            _add(target, REHEARSED if name == entry else name, body.read())
        _add(target, entry, wrapper.read_bytes())


def _add(target: tarfile.TarFile, name: str, body: bytes) -> None:
    member = tarfile.TarInfo(name)
    member.size = len(body)
    member.mode = 0o644
    target.addfile(member, io.BytesIO(body))


def main() -> None:
    """Parse the command line and run."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("model", type=Path)
    parser.add_argument("entry_point")
    parser.add_argument("wrapper", type=Path)
    parser.add_argument("spoiled", type=Path)
    arguments = parser.parse_args()
    spoil(arguments.model, arguments.entry_point, arguments.wrapper, arguments.spoiled)


if __name__ == "__main__":
    main()
