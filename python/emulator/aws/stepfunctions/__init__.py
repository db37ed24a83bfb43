"""Step Functions: moto's interpreter, corrected, and its integrations."""

from moto.core.config import default_user_config

from emulator.aws.access import EmulatedAws


def install(aws: EmulatedAws, time_scale: float) -> None:
    """Put every correction in place; `time_scale` shortens waits and retry intervals."""
    default_user_config["stepfunctions"] = {"execute_state_machine": True}

    from emulator.aws.stepfunctions import (
        callbacks,
        clients,
        context,
        crashes,
        data_limits,
        distributed_map,
        error_names,
        errors,
        executions,
        interruption,
        jsonata,
        jsonpath,
        logging,
        names,
        nested_tasks,
        optimized_tasks,
        parsing,
        recorded_events,
        responses,
        sagemaker_tasks,
        sdk_tasks,
        task_values,
        versions,
        waiting,
    )

    clients.install(aws)
    for module in (context, errors, executions, crashes, interruption, recorded_events, jsonata):
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
