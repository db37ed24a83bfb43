"""moto's services, with corrections that the workflow needs, connected to the runtime."""

from emulator.aws.clients import EmulatedAws
from emulator.aws.faults import Faults
from emulator.aws.lean_imports import import_services
from emulator.aws.mails import Mails
from emulator.aws.mock_file import MockFile
from emulator.aws.patching import check_moto_version
from emulator.aws.permissions.audit import Audit
from emulator.aws.protocol.operation_table import OPERATIONS
from emulator.aws.runners import Runners


class Cloud:
    """The running parts behind the services."""

    def __init__(
        self,
        aws: EmulatedAws,
        runners: Runners,
        faults: Faults,
        time_scale: float = 1.0,
        *,
        allow_records: bool = False,
        mocks: MockFile | None = None,
    ):
        """Install every correction; only once in a process, because moto's state is global.

        Parameters
        ----------
        allow_records : bool
            Whether moto answers operations that the emulator does not run.
        mocks : MockFile, optional
            Results of tasks for executions that name one of its test cases.

        Raises
        ------
        MotoMismatchError
            If moto is not the pinned version, or lacks a name that a correction needs.
        """
        check_moto_version()
        import_services()
        from emulator.aws import (
            autoscaling,
            backend_records,
            cloudwatch,
            ecr,
            eventbridge,
            lambda_functions,
            logs,
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
        backend_records.install()
        requests.install(faults, checks)
        s3.install(faults, checks)
        stepfunctions.install(aws, checks, time_scale, mocks or MockFile())
        permissions.install()
        self._asynchronous = lambda_functions.install(runners.functions, time_scale)
        self._eventbridge = eventbridge.install(aws, time_scale)
        ecr.install(runners.image_manifest)
        ssm.install()
        logs.install()
        sns.install(self._eventbridge.deliveries, self.mails)
        self._cloudwatch = cloudwatch.install(aws, time_scale)
        self._sagemaker = sagemaker.install(runners, aws, faults, checks, time_scale)
        autoscaling.install(checks)

    def close(self) -> None:
        """Stop running jobs, model servers and schedules."""
        self._eventbridge.close()
        self._asynchronous.close()
        self._cloudwatch.close()
        self._sagemaker.close()
