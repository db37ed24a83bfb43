"""The clients of a state machine: they call this server, with the machine's role."""

import functools
from typing import Any

from moto.stepfunctions.parser.asl.utils import boto_client

from emulator.aws.clients import EmulatedAws
from emulator.aws.patching import replace_everywhere


def install(aws: EmulatedAws) -> None:
    """Use the state machine's role; moto calls port 5000 with fixed keys."""
    replace_everywhere(boto_client.boto_client_for, functools.partial(_boto_client_for, aws))


def _boto_client_for(
    aws: EmulatedAws, region: str, service: str, state_credentials: Any = None
) -> Any:
    role_arn = getattr(state_credentials, "role_arn", None)
    return aws.client(service, role_arn, region, checked=False)
