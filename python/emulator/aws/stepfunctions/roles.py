"""The checks of a state machine's role: its trust, and permissions for ``.sync`` rules."""

import functools
import json
from collections.abc import Iterator
from typing import Any

from moto.stepfunctions.parser.models import StepFunctionsParserBackend

from emulator.aws.account import ACCOUNT
from emulator.aws.patching import wrap
from emulator.aws.permissions.checks import AccessDeniedError, Permissions
from emulator.aws.permissions.roles import trusts
from emulator.aws.protocol.errors import EmulatorError
from emulator.aws.stepfunctions.tasks.integrations import integration

# The rules that notify Step Functions of the end of ``.sync`` calls, by integration.
# https://docs.aws.amazon.com/step-functions/latest/dg/sagemaker-iam.html
# https://docs.aws.amazon.com/step-functions/latest/dg/stepfunctions-iam.html
_RULES = {
    "sagemaker:createHyperParameterTuningJob": "SageMakerTuningJobs",
    "sagemaker:createProcessingJob": "SageMakerProcessingJobs",
    "sagemaker:createTrainingJob": "SageMakerTrainingJobs",
    "sagemaker:createTransformJob": "SageMakerTransformJobs",
    "states:startExecution": "StepFunctionsExecution",
}
_RULE_ACTIONS = ("events:PutTargets", "events:PutRule", "events:DescribeRule")


def install(permissions: Permissions) -> None:
    """Refuse state machines whose role cannot be assumed, as AWS does at creation."""
    wrap(
        StepFunctionsParserBackend,
        "create_state_machine",
        functools.partial(_create_state_machine, permissions),
    )
    wrap(
        StepFunctionsParserBackend,
        "update_state_machine",
        functools.partial(_update_state_machine, permissions),
    )


def _create_state_machine(
    permissions: Permissions, original: Any, self: Any, **request: Any
) -> Any:
    arn = f"arn:{self.partition}:states:{self.region_name}:{ACCOUNT}:stateMachine:"
    _check_states(request["roleArn"], f"{arn}{request['name']}")
    _check_rules(permissions, self, request["roleArn"], request["definition"])
    return original(self, **request)


def _update_state_machine(
    permissions: Permissions,
    original: Any,
    self: Any,
    arn: str,
    definition: Any = None,
    role_arn: Any = None,
    **rest: Any,
) -> Any:
    if definition or role_arn:
        machine = self.describe_state_machine(arn)
        role = role_arn or machine.roleArn
        _check_states(role, machine.arn)
        _check_rules(permissions, self, role, definition or machine.definition)
    return original(self, arn, definition, role_arn, **rest)


def _check_states(role_arn: str, machine_arn: str) -> None:
    if not trusts(role_arn, "states.amazonaws.com", machine_arn):
        raise EmulatorError(
            "AccessDeniedException",
            "Neither the global service principal states.amazonaws.com, nor the regional one is "
            "authorized to assume the provided role.",
        )


def _check_rules(permissions: Permissions, backend: Any, role_arn: str, definition: str) -> None:
    for kind in sorted({_RULES[name] for name in _waited_for(definition) if name in _RULES}):
        rule = (
            f"arn:{backend.partition}:events:{backend.region_name}:{ACCOUNT}:rule/"
            f"StepFunctionsGetEventsFor{kind}Rule"
        )
        try:
            for action in _RULE_ACTIONS:
                permissions.check_role(role_arn, action, rule)
        except AccessDeniedError as error:
            raise EmulatorError(
                "AccessDeniedException", f"'{role_arn}' is not authorized to create managed-rule."
            ) from error


def _waited_for(definition: str) -> Iterator[str]:
    """Yield the calls of a definition's ``.sync`` tasks, such as ``states:startExecution``."""
    try:
        document = json.loads(definition)
    except ValueError:
        return  # reported by the definition's own check
    for resource in _resources(document if isinstance(document, dict) else {}):
        called = integration(resource)
        if called is not None and called.pattern.startswith("sync"):
            yield f"{called.service}:{called.action}"


def _resources(value: Any) -> Iterator[str]:
    items = value.items() if isinstance(value, dict) else enumerate(value)
    for key, item in items:
        if key == "Resource" and isinstance(item, str):
            yield item
        elif isinstance(item, (dict, list)):
            yield from _resources(item)
