"""Error handling of all scripts: one sentence with a remedy, where SageMaker reads it."""

from __future__ import annotations

import argparse
import math
import sys
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NoReturn

# SageMaker writes the first file in every processing job, and reads the second when the job ends.
# Source: https://docs.aws.amazon.com/sagemaker/latest/dg/build-your-own-processing-container.html
PROCESSING_CONFIG = Path("/opt/ml/config/processingjobconfig.json")
EXIT_MESSAGE = Path("/opt/ml/output/message")


class JobError(Exception):
    """A fault of the data or the arguments; its message names the location and the fix."""


class ArgumentParser(argparse.ArgumentParser):
    """A parser that reports an invalid argument like any other fault of the job."""

    def error(self, message: str) -> NoReturn:
        """Raise instead of exiting, because argparse's exit would write no reason."""
        raise JobError(f"{message}; list the arguments with {self.prog} --help")


def whole_number(minimum: int) -> Callable[[str], int]:
    """Return the type of an argument that must be a whole number of `minimum` or more."""

    def parse(text: str) -> int:
        if not text.lstrip("+-").isdecimal() or int(text) < minimum:
            raise argparse.ArgumentTypeError(
                f"must be a whole number of {minimum} or more, got '{text}'"
            )
        return int(text)

    return parse


def number(minimum: float, *, exclusive: bool = False) -> Callable[[str], float]:
    """Return the type of an argument that must be a number from `minimum`, or above it."""

    def parse(text: str) -> float:
        try:
            value = float(text)
        except ValueError:
            value = math.nan
        if not math.isfinite(value) or value < minimum or (exclusive and value == minimum):
            limit = f"greater than {minimum:g}" if exclusive else f"of {minimum:g} or more"
            raise argparse.ArgumentTypeError(f"must be a number {limit}, got '{text}'")
        return value

    return parse


def run(main: Callable[[], None], reason_file: Path | None = None) -> int:
    """Run `main`; if it fails, write the reason to the last line of stderr and to `reason_file`.

    Parameters
    ----------
    main : callable
        The script's work. A `JobError` is reported by its message, any other exception also with
        its traceback.
    reason_file : Path, optional
        Where SageMaker reads the reason of a failed job. Written completely or not at all.

    Returns
    -------
    int
        The exit code: 0, or 1 after a failure.
    """
    try:
        main()
    except JobError as error:
        reason = str(error)
    except Exception as error:
        traceback.print_exc()
        reason = f"{type(error).__name__}: {error}"
    else:
        return 0
    # Data may contain characters that move a terminal's cursor or reverse its text.
    reason = "".join(c for c in " ".join(reason.split()) if c.isprintable())
    if reason_file is not None:
        try:
            write_whole(reason_file, reason.encode())
        except OSError as error:
            print(f"cannot write {reason_file}: {error}", file=sys.stderr)
    print(reason, file=sys.stderr, flush=True)
    return 1


def exit_message() -> Path | None:
    """Return the file for a processing job's ExitMessage; None outside a job."""
    return EXIT_MESSAGE if PROCESSING_CONFIG.is_file() else None


def require_file(folder: Path, name: str) -> Path:
    """Return the path of a file in `folder`, or raise a `JobError` that lists the folder."""
    path = folder / name
    if not path.is_file():
        found = sorted(entry.name for entry in folder.iterdir()) if folder.is_dir() else []
        raise JobError(
            f"{path}: does not exist; {folder} contains {', '.join(found[:20]) or 'nothing'}"
        )
    return path


def write_whole(path: Path, content: bytes) -> None:
    """Write a file and its folder; whoever reads the file at any time sees all of it or none."""
    path.parent.mkdir(parents=True, exist_ok=True)
    aside = path.with_name(f".{path.name}.partial")
    aside.write_bytes(content)
    aside.replace(path)


@contextmanager
def written_aside(folder: Path) -> Iterator[Path]:
    """Yield an empty folder; its files move to `folder` when the block succeeds.

    After a fault the files are removed, so that a job's output is complete or absent.
    """
    folder.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory(prefix=".partial-", dir=folder) as aside:
        yield Path(aside)
        for path in sorted(Path(aside).rglob("*")):
            if path.is_file():
                target = folder / path.relative_to(aside)
                target.parent.mkdir(parents=True, exist_ok=True)
                path.replace(target)
