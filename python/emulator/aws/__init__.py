"""moto's services, corrected where the workflow needs them true, and joined to the runtime."""

from emulator.aws.access import EmulatedAws
from emulator.aws.patching import check_moto_version
from emulator.aws.work import Work
from emulator.faults import Faults


class Cloud:
    """What runs behind the services."""

    def __init__(self, aws: EmulatedAws, work: Work, faults: Faults, time_scale: float = 1.0):
        """Put every correction in place; once in a process, as moto's state is the process's.

        Raises
        ------
        MotoMismatchError
            If moto is not the pinned version, or a name that a correction needs is gone.
        """
        check_moto_version()
        from emulator.aws import functions, requests, s3, sagemaker, stepfunctions

        requests.install(faults)
        s3.install(faults)
        stepfunctions.install(aws, time_scale)
        functions.install(work.functions)
        self._sagemaker = sagemaker.install(work, aws, faults)

    def close(self) -> None:
        """Stop the jobs and model servers that run."""
        self._sagemaker.close()
