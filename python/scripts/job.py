"""How every script here fails: one sentence a person can act on, where SageMaker looks for it."""

from __future__ import annotations

import argparse
import sys
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NoReturn

# SageMaker writes the first in every processing job, and reads the second when the job ends.
# Source: https://docs.aws.amazon.com/sagemaker/latest/dg/build-your-own-processing-container.html
PROCESSING_CONFIG = Path("/opt/ml/config/processingjobconfig.json")
EXIT_MESSAGE = Path("/opt/ml/output/message")


class JobError(Exception):
    """A fault of the data or the arguments; its message says what, where and how to mend it."""


class ArgumentParser(argparse.ArgumentParser):
    """A parser that reports a wrong argument like any other fault of the job."""

    def error(self, message: str) -> NoReturn:
        """Raise instead of leaving: argparse's own exit would leave no reason behind."""
        raise JobError(f"{message}; {self.prog} --help lists the arguments")


def whole_number(minimum: int) -> Callable[[str], int]:
    """Give the type of an argument that is a whole number not below `minimum`."""

    def parse(text: str) -> int:
        if not text.lstrip("+-").isdecimal() or int(text) < minimum:
            raise argparse.ArgumentTypeError(
                f"must be a whole number of {minimum} or more, got '{text}'"
            )
        return int(text)

    return parse


def run(main: Callable[[], None], reason_file: Path | None = None) -> int:
    """Run `main`; when it fails, say why on the last line of stderr and in `reason_file`.

    Parameters
    ----------
    main : callable
        The script's work. A `JobError` is told by its message alone, anything else also with
        its traceback.
    reason_file : Path, optional
        Where SageMaker picks up the reason of a failed job. Written whole or not at all.

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
    # Data may hold what moves a terminal's cursor, or turns its text.
    reason = "".join(c for c in " ".join(reason.split()) if c.isprintable())
    if reason_file is not None:
        try:
            _write_whole(reason_file, reason)
        except OSError as error:
            print(f"could not write {reason_file}: {error}", file=sys.stderr)
    print(reason, file=sys.stderr, flush=True)
    return 1


def exit_message() -> Path | None:
    """Give the file whose text SageMaker shows as a processing job's ExitMessage; None outside."""
    return EXIT_MESSAGE if PROCESSING_CONFIG.is_file() else None


def require_file(folder: Path, name: str) -> Path:
    """Give the path of a file in `folder`, or raise a `JobError` that lists what is there."""
    path = folder / name
    if not path.is_file():
        found = sorted(entry.name for entry in folder.iterdir()) if folder.is_dir() else []
        raise JobError(
            f"{path}: no such file; found in {folder}: {', '.join(found[:20]) or 'nothing'}"
        )
    return path


@contextmanager
def written_aside(folder: Path) -> Iterator[Path]:
    """Give an empty folder to write in; its files appear in `folder` once the block ends well.

    After a fault nothing of it is left, so that a job's output is whole or absent.
    """
    folder.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory(prefix=".partial-", dir=folder) as aside:
        yield Path(aside)
        for path in sorted(Path(aside).rglob("*")):
            if path.is_file():
                target = folder / path.relative_to(aside)
                target.parent.mkdir(parents=True, exist_ok=True)
                path.replace(target)


def _write_whole(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    aside = path.with_name(f".{path.name}.partial")
    aside.write_text(text, encoding="utf-8")
    aside.replace(path)
