"""Runs the tests of scripts with the packages of a job: the image's and its requirements.

As a program (`python -m emulator.runtime.script_tests FOLDER...`), it runs pytest on the folders,
in a layer over its own Python environment, like a job.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from emulator.runtime.processes.overlay import make_overlay


def main(arguments: Sequence[str] | None = None) -> int:
    """Install the requirements of the scripts, and run pytest."""
    parser = argparse.ArgumentParser(description="Run the tests of scripts.")
    parser.add_argument("folders", nargs="+", help="folders that pytest runs")
    parser.add_argument("--requirements", nargs="*", default=[], help="files to install first")
    options = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory() as directory:
        python = make_overlay(Path(sys.executable), Path(directory, "layer"))
        for requirements in options.requirements:
            file = Path(requirements).resolve()
            # Paths in the file are relative to the folder, as in a job.
            installed = _run(python, "pip", "install", "-q", "-r", file.name, cwd=file.parent)
            if installed:
                return installed
        return _run(python, "pytest", *options.folders)


def _run(python: Path, module: str, *arguments: str, cwd: Path | None = None) -> int:
    # An image does not contain this project's modules.
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    return subprocess.run(
        [python, "-m", module, *arguments], cwd=cwd, env=environment, check=False
    ).returncode


if __name__ == "__main__":
    sys.exit(main())
