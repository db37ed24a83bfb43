"""What a task's parameters evaluate to, against the types of the operation that it calls.

A definition's literals are checked when it is created; what paths and expressions give is known
only when the task runs.
"""

import json
from typing import Any

from moto.stepfunctions.parser.asl.component.state.exec.state_task.service.state_task_service_aws_sdk import (  # noqa: E501
    StateTaskServiceAwsSdk,
)
from moto.stepfunctions.parser.asl.component.state.exec.state_task.state_task import StateTask

from emulator.aws.patching import wrap
from emulator.aws.stepfunctions.jsonpath.interpreter import fail
from emulator.aws.stepfunctions.sagemaker_tasks import SageMakerTask
from emulator.aws.stepfunctions.task_parameters import evaluated_faults, sdk_operation


def install() -> None:
    """End a task whose parameters have values of a wrong type, before it calls anything."""
    wrap(StateTask, "_eval_parameters", _checked)


def _checked(original: Any, self: Any, env: Any) -> Any:
    parameters = original(self, env)
    operation = _operation(self)
    if operation is None or operation.input_shape is None or not isinstance(parameters, dict):
        return parameters
    faults = evaluated_faults(operation.input_shape, parameters)
    if faults:
        text = json.dumps(parameters, separators=(",", ":"), default=str)
        cause = (
            f"The Parameters '{text}' could not be used to start the Task: [{', '.join(faults)}]"
        )
        fail(env, cause)
    return parameters


def _operation(task: Any) -> Any:
    if isinstance(task, SageMakerTask):
        return sdk_operation("sagemaker", task.resource.api_action)
    if isinstance(task, StateTaskServiceAwsSdk):
        return sdk_operation(task._get_boto_service_name(), task.resource.api_action)
    return None
