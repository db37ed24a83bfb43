"""S3: requests as AWS checks them, and buckets as Terraform configures them."""

from emulator.aws.faults import Faults
from emulator.aws.permissions.checks import Permissions
from emulator.aws.s3 import bucket_configuration, requests


def install(faults: Faults, permissions: Permissions) -> None:
    """Put every correction in place."""
    requests.install(faults, permissions)
    bucket_configuration.install()
