"""moto's services, corrected where the workflow needs them true, and joined to the runtime."""

from emulator.aws.access import EmulatedAws
from emulator.aws.lean_imports import import_services
from emulator.aws.operation_table import OPERATIONS
from emulator.aws.patching import check_moto_version
from emulator.aws.permissions.audit import Audit
from emulator.aws.work import Work
from emulator.faults import Faults


class Cloud:
    """What runs behind the services."""

    def __init__(
        self,
        aws: EmulatedAws,
        work: Work,
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
            answer_speed,
            autoscaling,
            bucket_configuration,
            cloudwatch,
            eventbridge,
            function_configuration,
            functions,
            managed_policies,
            parameters,
            requests,
            s3,
            sagemaker,
            stepfunctions,
            topics,
        )
        from emulator.aws.permissions.checks import Permissions

        OPERATIONS.allow_records(allow_records)
        self.audit = Audit()
        permissions = Permissions(self.audit)
        answer_speed.install()
        requests.install(faults, permissions)
        s3.install(faults, permissions)
        stepfunctions.install(aws, time_scale)
        # trust needs the interpreter
        from emulator.aws.permissions import access_keys, simulation, trust

        trust.install(permissions)
        access_keys.install()
        managed_policies.install()
        simulation.install()
        bucket_configuration.install()
        functions.install(work.functions)
        function_configuration.install()
        self._eventbridge = eventbridge.install(aws, time_scale)
        parameters.install()
        topics.install(self._eventbridge.deliveries)
        self._cloudwatch = cloudwatch.install(aws, time_scale)
        self._sagemaker = sagemaker.install(work, aws, faults, permissions, time_scale)
        autoscaling.install(permissions)

    def close(self) -> None:
        """Stop the jobs and model servers that run, and the schedules."""
        self._eventbridge.close()
        self._cloudwatch.close()
        self._sagemaker.close()
