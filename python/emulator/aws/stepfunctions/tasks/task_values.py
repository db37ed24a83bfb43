"""The check of a task's evaluated parameters against the types of its operation.

A definition's literals are checked when it is created; the values of paths and expressions are
known only when the task runs.
"""

from typing import Any

from moto.stepfunctions.parser.asl.component.state.exec.state_task.service.state_task_service_aws_sdk import (  # noqa: E501
    StateTaskServiceAwsSdk,
)
from moto.stepfunctions.parser.asl.component.state.exec.state_task.state_task import StateTask
from moto.stepfunctions.parser.asl.eval.environment import Environment

from emulator.aws.patching import wrap
from emulator.aws.stepfunctions.jsonpath.interpreter import fail
from emulator.aws.stepfunctions.tasks.integrations import Integration
from emulator.aws.stepfunctions.tasks.optimized_tasks import OptimizedTask
from emulator.aws.stepfunctions.tasks.task_parameters import json_text, value_problems


def install() -> None:
    """Fail a task whose parameters have the wrong type, before its call."""
    wrap(StateTask, "_eval_parameters", _checked)


def _checked(original: Any, self: Any, env: Environment) -> Any:
    parameters = original(self, env)
    called = _called(self)
    if called is None or not isinstance(parameters, dict):
        return parameters
    faults = [text for text, _ in value_problems(called, parameters, evaluated=True)]
    if faults:
        cause = (
            f"The Parameters '{json_text(parameters)}' could not be used to start the Task: "
            f"[{', '.join(faults)}]"
        )
        fail(env, cause)
    return parameters


def _called(task: Any) -> Integration | None:
    if isinstance(task, OptimizedTask):
        return task.called
    if isinstance(task, StateTaskServiceAwsSdk):
        return Integration(True, task.resource.api_name, task.resource.api_action, "")
    return None
