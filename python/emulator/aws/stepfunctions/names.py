"""The names of executions, state machines, activities and Map labels.

Letters outside ASCII are allowed, though not logged by CloudWatch Logs.
Source: https://docs.aws.amazon.com/step-functions/latest/apireference/API_StartExecution.html
"""

import re

from moto.stepfunctions.exceptions import InvalidName
from moto.stepfunctions.models import StepFunctionBackend

from emulator.aws.patching import replace

LONGEST_NAME = 80
LONGEST_LABEL = 40

_FORBIDDEN = re.compile(
    r"""[\s<>{}\[\]?*"#%\\^|~`$&,;:/\x00-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff\U0010ffff]"""
)


def install() -> None:
    """Check the names of state machines and activities; moto allows some invalid characters."""
    replace(StepFunctionBackend, "_validate_name", _validate_name)


def _validate_name(_: StepFunctionBackend, name: str) -> None:
    check_name(name)


def is_name(name: str, longest: int = LONGEST_NAME) -> bool:
    """Whether `name` has 1 to `longest` characters, all of them allowed by AWS."""
    return 0 < len(name) <= longest and not _FORBIDDEN.search(name)


def check_name(name: str) -> None:
    """Refuse an invalid name.

    Raises
    ------
    InvalidName
        With AWS's message.
    """
    if not is_name(name):
        raise InvalidName(f"Invalid Name: '{name}'")
