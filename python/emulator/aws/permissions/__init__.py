"""Permissions: what a role asks for is checked against policies, as IAM does."""


def install() -> None:
    """Put the corrections of IAM and STS in place."""
    from emulator.aws.permissions import access_keys, managed_policies, simulation

    access_keys.install()
    managed_policies.install()
    simulation.install()
