"""moto's services, corrected where the workflow needs them true, and joined to the runtime."""

from emulator.aws.clients import EmulatedAws
from emulator.aws.faults import Faults
from emulator.aws.lean_imports import import_services
from emulator.aws.mails import Mails
from emulator.aws.patching import check_moto_version
from emulator.aws.permissions.audit import Audit
from emulator.aws.protocol.operation_table import OPERATIONS
from emulator.aws.runners import Runners


class Cloud:
    """What runs behind the services."""

    def __init__(
        self,
        aws: EmulatedAws,
        runners: Runners,
        faults: Faults,
        time_scale: float = 1.0,
        *,
        allow_records: bool = False,
    ):
        """Put every correction in place; once in a process, as moto's state is the process's.

        Parameters
        ----------
        allow_records : bool
            Whether moto's bare records answer for operations that do not run.

        Raises
        ------
        MotoMismatchError
            If moto is not the pinned version, or a name that a correction needs is gone.
        """
        check_moto_version()
        import_services()
        from emulator.aws import (
            autoscaling,
            cloudwatch,
            eventbridge,
            lambda_functions,
            permissions,
            requests,
            s3,
            sagemaker,
            sns,
            ssm,
            stepfunctions,
        )
        from emulator.aws.permissions.checks import Permissions

        OPERATIONS.allow_records(allow_records)
        self.audit = Audit()
        self.mails = Mails()
        checks = Permissions(self.audit)
        requests.install(faults, checks)
        s3.install(faults, checks)
        stepfunctions.install(aws, checks, time_scale)
        permissions.install()
        lambda_functions.install(runners.functions)
        self._eventbridge = eventbridge.install(aws, time_scale)
        ssm.install()
        sns.install(self._eventbridge.deliveries, self.mails)
        self._cloudwatch = cloudwatch.install(aws, time_scale)
        self._sagemaker = sagemaker.install(runners, aws, faults, checks, time_scale)
        autoscaling.install(checks)

    def close(self) -> None:
        """Stop the jobs and model servers that run, and the schedules."""
        self._eventbridge.close()
        self._cloudwatch.close()
        self._sagemaker.close()
