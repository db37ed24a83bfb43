"""Step Functions: moto's interpreter, corrected, and its integrations."""

from moto.core.config import default_user_config

from emulator.aws.clients import EmulatedAws
from emulator.aws.mock_file import MockFile
from emulator.aws.permissions.checks import Permissions


def install(aws: EmulatedAws, permissions: Permissions, time_scale: float, mocks: MockFile) -> None:
    """Install every correction; `time_scale` shortens waits and retry intervals."""
    default_user_config["stepfunctions"] = {"execute_state_machine": True}

    from emulator.aws.stepfunctions import (
        checkpoints,
        clients,
        context,
        crashes,
        data_limits,
        error_names,
        errors,
        interruption,
        jsonpath,
        mocked_tasks,
        names,
        recorded_events,
        roles,
        waiting,
    )
    from emulator.aws.stepfunctions.definitions import parsing
    from emulator.aws.stepfunctions.executions import (
        lifecycle,
        logging,
        redrives,
        responses,
        versions,
    )
    from emulator.aws.stepfunctions.jsonata import states
    from emulator.aws.stepfunctions.maps import distributed_map, parts
    from emulator.aws.stepfunctions.tasks import (
        callbacks,
        nested_tasks,
        optimized_tasks,
        sagemaker_tasks,
        sdk_tasks,
        task_values,
    )

    clients.install(aws)
    lifecycle.install(mocks)
    mocked_tasks.install()
    for module in (context, errors, checkpoints, parts):
        module.install()
    for module in (crashes, interruption, recorded_events, redrives, states):
        module.install()
    for module in (
        logging,
        callbacks,
        names,
        nested_tasks,
        parsing,
        error_names,
        distributed_map,
        jsonpath,
        responses,
        sdk_tasks,
        versions,
    ):
        module.install()
    task_values.install()
    data_limits.install()
    optimized_tasks.install(
        {
            "sagemaker": sagemaker_tasks.SageMakerTask,
            "states": nested_tasks.NestedExecutionTask,
        }
    )
    waiting.install(time_scale)
    roles.install(permissions)
