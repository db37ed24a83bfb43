"""A function's configuration, the result of an invocation, and the checks of both."""

from __future__ import annotations

import io
import json
import zipfile
from dataclasses import dataclass

from emulator.runtime.errors import UnsupportedError

MAX_CODE_BYTES = 262_144_000
"""AWS's limit for the size of a function's code."""


@dataclass(frozen=True)
class FunctionSpec:
    """A function's configuration; a changed configuration or code needs new processes."""

    arn: str
    name: str
    version: str
    runtime: str
    handler: str
    timeout_seconds: float
    memory_mb: int
    environment: dict[str, str]
    code_zip: bytes
    code_sha256: str
    role_arn: str
    log_group: str

    @property
    def identity(self) -> str:
        """Everything except the code, which is represented by its hash."""
        fields = {name: value for name, value in vars(self).items() if name != "code_zip"}
        return json.dumps(fields, sort_keys=True)


@dataclass(frozen=True)
class FunctionResult:
    """The result of an invocation.

    Attributes
    ----------
    payload : str
        JSON: the handler's result, or ``errorType``, ``errorMessage`` and ``stackTrace``.
    errored : bool
        Whether the function failed.
    log : str
        Its whole log, from START to REPORT.
    """

    payload: str
    errored: bool
    log: str


def check_function(runtime: str | None, package_type: str | None = "Zip") -> None:
    """Refuse a function that cannot run here.

    Raises
    ------
    UnsupportedError
        If it is not a zip for a Python runtime.
    """
    if package_type not in (None, "Zip"):
        raise UnsupportedError(f"PackageType: the emulator cannot run {package_type!r}; use Zip")
    if not (runtime or "").startswith("python3"):
        raise UnsupportedError(
            f"Runtime: the emulator cannot run {runtime!r}; write the function for python3.x"
        )


class CodeTooLargeError(ValueError):
    """A function's code exceeds Lambda's limit."""


def check_code(code_zip: bytes) -> None:
    """Refuse code that exceeds Lambda's limit.

    Raises
    ------
    CodeTooLargeError
        If it unpacks to more than `MAX_CODE_BYTES`; in AWS's words.
    """
    with zipfile.ZipFile(io.BytesIO(code_zip)) as archive:
        # zipfile never extracts more than the declared size.
        if sum(member.file_size for member in archive.infolist()) >= MAX_CODE_BYTES:
            raise CodeTooLargeError(f"Unzipped size must be smaller than {MAX_CODE_BYTES} bytes")
