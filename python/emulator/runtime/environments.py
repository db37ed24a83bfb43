"""Python environments: one for the emulator, one per container image, one for development.

As a program (`python3 environments.py NAME...`) it builds missing environments and prints the paths
of their interpreters. It needs only the standard library, and Python 3.9 or newer.

Each environment is built from ``python/locks/<name>.txt``. To add an image, write
``python/locks/<name>.in``, compile it with ``uv pip compile --universal --generate-hashes
--no-header --no-annotate``, and map the image's ``repository:tag`` to the name in
``python/locks/images.json``, with the Python versions to try: the image's own first, then the one
with most of its pins, then the nearest. With each of ``exactPythons``, the lock has the image's own
releases. ``testEnvironment`` names a second lock, with pytest, for the tests of scripts.
"""

from __future__ import annotations

import argparse
import fcntl
import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
import time
from collections import deque
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

PROJECT = Path(__file__).resolve().parents[3]
LOCKS = PROJECT / "python" / "locks"
ENVIRONMENTS = PROJECT / ".emulator" / "environments"

# moto, boto3 and jsonata-python need 3.10 or newer.
_TOOL_PYTHONS = ("3.11", "3.12", "3.13", "3.10")
_MARKER = "ready.json"


class EnvironmentBuildError(Exception):
    """An environment cannot be built; the message has the remedy."""


class UnmappedImageError(ValueError):
    """No Python environment is mapped to a container image."""


@dataclass(frozen=True)
class Image:
    """The substitute for a container image, from ``images.json``."""

    environment: str
    test_environment: str | None
    pythons: tuple[str, ...]
    exact_pythons: tuple[str, ...]

    def has_environment(self, name: str) -> bool:
        """Return whether an environment has this image's packages."""
        return name in (self.environment, self.test_environment)

    def note(self, version: str) -> str | None:
        """Return the differences from the image on a version of Python, or None."""
        if version.rpartition(".")[0] in self.exact_pythons:
            return None
        own = self.pythons[0]
        return (
            f"runs on Python {version}, where the image has {own}: some packages are the nearest "
            f"releases with wheels (python/locks/{self.environment}.in lists them); install Python "
            f"{own} and remove the environment to get the image's own versions"
        )


class Environments:
    """The environments under one directory, built from the locks in another.

    Parameters
    ----------
    directory : Path
        Folder of the environments, one subfolder each.
    locks : Path
        Folder of the lock files and of ``images.json``.
    """

    def __init__(self, directory: Path = ENVIRONMENTS, locks: Path = LOCKS):
        self.directory = directory
        self.locks = locks

    @property
    def images(self) -> dict[str, Image]:
        """The known images, by ``repository:tag``."""
        table = json.loads((self.locks / "images.json").read_text("utf-8"))
        return {
            name: Image(
                environment=image["environment"],
                test_environment=image.get("testEnvironment"),
                pythons=tuple(image["pythons"]),
                exact_pythons=tuple(image["exactPythons"]),
            )
            for name, image in table.items()
        }

    def name_for_image(self, image_uri: str) -> str:
        """Return the name of an image's environment, without building it.

        Raises
        ------
        UnmappedImageError
            If no environment is mapped to the image.
        """
        image = image_uri.rpartition("/")[2]
        images = self.images
        if image not in images:
            raise UnmappedImageError(
                f"no Python environment is mapped to the image {image_uri}; known images: "
                f"{', '.join(sorted(images))}. Use one of them, or map {image!r} to a lock file "
                f"in {self.locks / 'images.json'}"
            )
        return images[image].environment

    def manifest_for_image(self, image_uri: str) -> str:
        """Return a manifest for an image; its hash changes with the packages of its environment.

        Raises
        ------
        UnmappedImageError
            If no environment is mapped to the image.
        """
        name = self.name_for_image(image_uri)
        lock = (self.locks / f"{name}.txt").read_bytes()
        pythons = json.dumps(self.images[image_uri.rpartition("/")[2]].pythons).encode()
        parts = [
            {
                "mediaType": kind,
                "digest": f"sha256:{hashlib.sha256(part).hexdigest()}",
                "size": len(part),
            }
            for kind, part in (("application/json", pythons), ("text/x-requirements", lock))
        ]
        return json.dumps(
            {
                "schemaVersion": 2,
                "mediaType": "application/vnd.oci.image.manifest.v1+json",
                "config": parts[0],
                "layers": parts[1:],
            }
        )

    def python_for_image(self, image_uri: str) -> Path:
        """Return the interpreter for an image; build its environment if it is missing."""
        return Path(self.build(self.name_for_image(image_uri))["python"])

    def build(self, name: str) -> dict[str, Any]:
        """Build an environment if it is missing, and describe it.

        Returns
        -------
        dict
            ``python`` (path of the interpreter), ``version``, and ``note``: the differences from
            the image, or None.

        Raises
        ------
        EnvironmentBuildError
            If the name is unknown, no interpreter fits, or packages cannot be installed.
        """
        lock = self.locks / f"{name}.txt"
        if not lock.is_file():
            known = ", ".join(sorted(path.stem for path in self.locks.glob("*.txt")))
            raise EnvironmentBuildError(f"unknown environment {name!r}; known: {known}")
        lock_hash = hashlib.sha256(lock.read_bytes()).hexdigest()
        target = self.directory / name
        ready = _ready(target, lock_hash)
        if ready:
            return ready
        self.directory.mkdir(parents=True, exist_ok=True)
        with (self.directory / f"{name}.lock").open("w") as guard:
            _take(guard, name)
            ready = _ready(target, lock_hash)  # another process may have built it in the meantime
            if ready:
                return ready
            started = time.monotonic()
            image = next((i for i in self.images.values() if i.has_environment(name)), None)
            python, version = _find_python(name, image.pythons if image else _TOOL_PYTHONS)
            _say(f"{name}: installing for Python {version} ({python})")
            shutil.rmtree(target, ignore_errors=True)
            # Installers inherit the lock, so that no other build starts if this process dies.
            _install(name, python, target, lock, guard.fileno())
            described = {
                "python": str(target / "bin" / "python"),
                "version": version,
                "note": image.note(version) if image else None,
            }
            temporary = target / f"{_MARKER}.new"
            temporary.write_text(json.dumps({"lock": lock_hash, **described}), "utf-8")
            temporary.replace(target / _MARKER)
            _say(f"{name}: ready after {time.monotonic() - started:.0f} s")
            if described["note"]:
                _say(f"{name}: {described['note']}")
            return described


# pip names each package; uv, without a terminal, only those that take long.
_PACKAGE_LINE = re.compile(r"(?:Collecting|Downloaded) ([A-Za-z0-9][\w.-]*)")


def _ready(target: Path, lock_hash: str) -> dict[str, Any] | None:
    try:
        marker = json.loads((target / _MARKER).read_text("utf-8"))
    except (OSError, ValueError):
        return None
    python = target / "bin" / "python"
    # The project may have been moved, or the interpreter removed.
    if marker.pop("lock", None) != lock_hash or marker.get("python") != str(python):
        return None
    return marker if _run_python(python) == marker["version"] else None


def _take(guard: IO[str], name: str) -> None:
    try:
        fcntl.flock(guard, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        _say(f"{name}: waiting for another process that is building it")
        fcntl.flock(guard, fcntl.LOCK_EX)


def _candidates(minor_version: str) -> Iterator[Path]:
    """Yield possible interpreters of a version; a pyenv shim on the PATH may not work."""
    if sys.version.startswith(f"{minor_version}."):
        yield Path(sys.executable)
    for folder in os.environ.get("PATH", "").split(os.pathsep):
        for program in (f"python{minor_version}", "python3"):
            if folder and os.access(Path(folder, program), os.X_OK):
                yield Path(folder, program)
    pyenv = Path(os.environ.get("PYENV_ROOT") or Path.home() / ".pyenv")
    yield from sorted((pyenv / "versions").glob(f"{minor_version}.*/bin/python"), reverse=True)


def _run_python(python: Path) -> str | None:
    """Return the version of an interpreter if it works and can create environments."""
    # Debian's venv may lack ensurepip; only uv does not need it.
    needed = "sys, ssl" if shutil.which("uv") else "sys, ssl, venv, ensurepip"
    code = f"import {needed}; print('%d.%d.%d' % sys.version_info[:3])"
    try:
        run = subprocess.run(
            [python, "-I", "-c", code], capture_output=True, text=True, timeout=30, check=False
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    return run.stdout.strip() if run.returncode == 0 else None


def _find_python(name: str, versions: Sequence[str]) -> tuple[Path, str]:
    running = "{}.{}".format(*sys.version_info[:2])
    if versions is _TOOL_PYTHONS and sys.version_info >= (3, 10):
        versions = (running, *versions)
    tried: dict[str, None] = {}
    for minor_version in versions:
        for python in _candidates(minor_version):
            found = _run_python(python)
            if found and found.startswith(f"{minor_version}."):
                return python, found
            tried[f"{python} ({found or 'does not run, or lacks venv or ensurepip'})"] = None
    raise EnvironmentBuildError(
        f"no usable Python for the environment {name!r}: it needs one of "
        f"{', '.join(dict.fromkeys(versions))}, with venv. Tried: {', '.join(tried) or 'none'}. "
        "Install one of these versions so that it is on the PATH (Debian: python3.11-venv)"
    )


def _install(name: str, python: Path, target: Path, lock: Path, guard: int) -> None:
    new_python = str(target / "bin" / "python")
    options = ["--require-hashes", "--no-deps", "--only-binary", ":all:", "-r", str(lock)]
    uv = shutil.which("uv")
    if uv:
        steps = [
            [uv, "venv", "--no-config", "--no-python-downloads", "--python", str(python), target],
            [uv, "pip", "install", "--python", new_python, *options],
        ]
    else:
        pip = [new_python, "-m", "pip", "--disable-pip-version-check", "install", "--no-compile"]
        steps = [[str(python), "-m", "venv", target], [*pip, "--no-input", *options]]
    # An active environment, or pip's settings for one, must not redirect the packages.
    unwanted = ("VIRTUAL_ENV", "PYTHONPATH", "PYTHONHOME", "PIP_TARGET", "PIP_USER", "PIP_PREFIX")
    environment = {key: value for key, value in os.environ.items() if key not in unwanted}
    progress = _Progress(name)
    for step in steps:
        with subprocess.Popen(
            step,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            env=environment,
            pass_fds=[guard],
        ) as run:
            lines = deque((progress.take(line) for line in run.stdout or ()), maxlen=8)
        if run.returncode:
            last_lines = "\n".join(f"  {line.rstrip()}" for line in lines)
            raise EnvironmentBuildError(
                f"the environment {name!r} cannot be installed with Python at {python}; "
                f"{Path(step[0]).name} ended with:\n{last_lines}\n"
                "The first build needs a package index: check the network, or point pip at an "
                "index or a folder of wheels (PIP_INDEX_URL, PIP_FIND_LINKS; UV_INDEX_URL, "
                "UV_FIND_LINKS for uv), then run the same command again"
            )
    _compile(new_python, target)


# Half of what scientific packages contain.
_TESTS = r"[/\\]tests?[/\\]"


def _compile(python: str, target: Path) -> None:
    """Compile to bytecode, which jobs do not write, all but the packages' own tests."""
    command = [python, "-m", "compileall", "-qq", "-x", _TESTS, str(target / "lib")]
    # Some packages have files for other versions of Python, which cannot be compiled.
    subprocess.run(command, check=False)


class _Progress:
    """Prints the progress of an installation from time to time."""

    def __init__(self, name: str, every_seconds: float = 5):
        self._name = name
        self._every_seconds = every_seconds
        self._started = self._said = time.monotonic()
        self._packages = 0

    def take(self, line: str) -> str:
        """Count the package that an output line of pip or uv names; return the line."""
        found = _PACKAGE_LINE.match(line)
        if found:
            self._packages += 1
            now = time.monotonic()
            if now - self._said >= self._every_seconds:
                self._said = now
                seconds = now - self._started
                _say(f"{self._name}: {found[1]} (package {self._packages}, {seconds:.0f} s)")
        return line


def _say(line: str) -> None:
    sys.stderr.write(f"{line}\n")
    sys.stderr.flush()


def main(arguments: Sequence[str] | None = None) -> int:
    """Build the named environments in parallel; print one JSON object that describes them."""
    parser = argparse.ArgumentParser(description="Build Python environments that are missing.")
    parser.add_argument("names", nargs="+", metavar="NAME", help="a lock file's name, no suffix")
    parser.add_argument("--directory", type=Path, default=ENVIRONMENTS, help="where to build")
    parser.add_argument("--locks", type=Path, default=LOCKS, help="folder of the lock files")
    options = parser.parse_args(arguments)
    environments = Environments(options.directory.resolve(), options.locks.resolve())
    names = list(dict.fromkeys(options.names))
    with ThreadPoolExecutor(len(names)) as pool:
        builds = {name: pool.submit(environments.build, name) for name in names}
    failures = [str(error) for build in builds.values() if (error := build.exception())]
    if failures:
        for failure in failures:
            _say(f"error: {failure}")
        return 1
    described = {name: build.result() for name, build in builds.items()}
    sys.stdout.write(f"{json.dumps(described)}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
