"""Lambda: moto's records of functions, with handlers that run."""

from emulator.aws.lambda_functions import configuration, functions, roles
from emulator.aws.runners import FunctionRunner


def install(runner: FunctionRunner) -> None:
    """Install every correction."""
    roles.install()
    functions.install(runner)
    configuration.install()
