"""S3: AWS's checks of requests, and bucket configuration as Terraform needs it."""

from emulator.aws.faults import Faults
from emulator.aws.permissions.checks import Permissions
from emulator.aws.s3 import bucket_configuration, requests


def install(faults: Faults, permissions: Permissions) -> None:
    """Install every correction."""
    requests.install(faults, permissions)
    bucket_configuration.install()
