"""Permissions: requests of roles are checked against policies, as in IAM."""


def install() -> None:
    """Install the corrections of IAM and STS."""
    from emulator.aws.permissions import access_keys, managed_policies, simulation

    access_keys.install()
    managed_policies.install()
    simulation.install()
