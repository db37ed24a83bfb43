"""The way of each request to moto, and the answers where moto has none."""

from emulator.aws.faults import Faults
from emulator.aws.permissions.checks import Permissions
from emulator.aws.requests import answer_speed, handling


def install(faults: Faults, permissions: Permissions) -> None:
    """Put every correction in place."""
    answer_speed.install()
    handling.install(faults, permissions)
