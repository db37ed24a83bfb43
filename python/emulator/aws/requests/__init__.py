"""How requests reach moto, and the responses if moto has none."""

from emulator.aws.faults import Faults
from emulator.aws.permissions.checks import Permissions
from emulator.aws.requests import handling, response_caches


def install(faults: Faults, permissions: Permissions) -> None:
    """Install every correction."""
    response_caches.install()
    handling.install(faults, permissions)
