"""The host of jobs, functions and model servers."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from emulator.runtime.aws_access import AwsAccess
from emulator.runtime.environments import Environments
from emulator.runtime.processes.isolation import Isolation


@dataclass(frozen=True)
class Host:
    """The resources of the machine, and the access to AWS.

    Attributes
    ----------
    state_dir : Path
        Folder for working files.
    environments : Environments
        The Python environments that replace container images.
    """

    state_dir: Path
    aws: AwsAccess
    environments: Environments
    isolation: Isolation
