"""Lambda: moto's records of functions, with handlers that run."""

from emulator.aws.lambda_functions import configuration, functions, roles
from emulator.aws.lambda_functions.asynchronous import AsynchronousInvocations
from emulator.aws.runners import FunctionRunner


def install(runner: FunctionRunner, time_scale: float) -> AsynchronousInvocations:
    """Install every correction; return the running part, which the caller closes."""
    asynchronous = AsynchronousInvocations(time_scale)
    roles.install()
    functions.install(runner, asynchronous)
    configuration.install()
    return asynchronous
