"""Lambda: moto's records of functions, invoked for real."""

from emulator.aws.lambda_functions import configuration, functions, roles
from emulator.aws.runners import FunctionRunner


def install(runner: FunctionRunner) -> None:
    """Put every correction in place."""
    roles.install()
    functions.install(runner)
    configuration.install()
