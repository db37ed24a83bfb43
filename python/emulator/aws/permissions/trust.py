"""What services ask of a role before they take it: trust, and rules for ``.sync`` jobs."""

import json
import re
from collections.abc import Iterator
from typing import Any

from moto.awslambda.responses import LambdaResponse
from moto.stepfunctions.parser.models import StepFunctionsParserBackend

from emulator.aws.access import ACCOUNT
from emulator.aws.patching import wrap
from emulator.aws.permissions.checks import AccessDeniedError, Permissions
from emulator.aws.requests import EmulatorError
from emulator.aws.roles import trusts

_SYNC_JOB = re.compile(r"arn:[^:]+:states:::sagemaker:create(\w+?)Job\.sync$")
_RULE_KINDS = {"HyperParameterTuning": "Tuning"}
_RULE_ACTIONS = ("events:PutTargets", "events:PutRule", "events:DescribeRule")


def install(permissions: Permissions) -> None:
    """Refuse state machines and functions whose role cannot be taken, as AWS does at creation."""

    def create_state_machine(original: Any, self: Any, **request: Any) -> Any:
        arn = f"arn:{self.partition}:states:{self.region_name}:{ACCOUNT}:stateMachine:"
        _check_states(request["roleArn"], f"{arn}{request['name']}")
        _check_rules(permissions, self, request["roleArn"], request["definition"])
        return original(self, **request)

    def update_state_machine(
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

    wrap(StepFunctionsParserBackend, "create_state_machine", create_state_machine)
    wrap(StepFunctionsParserBackend, "update_state_machine", update_state_machine)
    for name in ("create_function", "update_function_configuration"):
        wrap(LambdaResponse, name, _with_lambdas_role)


def _check_states(role_arn: str, machine_arn: str) -> None:
    if not trusts(role_arn, "states.amazonaws.com", machine_arn):
        raise EmulatorError(
            "AccessDeniedException",
            "Neither the global service principal states.amazonaws.com, nor the regional one is "
            "authorized to assume the provided role.",
        )


def _check_rules(permissions: Permissions, backend: Any, role_arn: str, definition: str) -> None:
    # Step Functions hears of a job's end through a rule that it makes with the role.
    # https://docs.aws.amazon.com/step-functions/latest/dg/sagemaker-iam.html
    for kind in sorted(set(_sync_jobs(definition))):
        rule = (
            f"arn:{backend.partition}:events:{backend.region_name}:{ACCOUNT}:rule/"
            f"StepFunctionsGetEventsForSageMaker{_RULE_KINDS.get(kind, kind)}JobsRule"
        )
        try:
            for action in _RULE_ACTIONS:
                permissions.check_role(role_arn, action, rule)
        except AccessDeniedError as error:
            raise EmulatorError(
                "AccessDeniedException", f"'{role_arn}' is not authorized to create managed-rule."
            ) from error


def _sync_jobs(definition: str) -> Iterator[str]:
    try:
        document = json.loads(definition)
    except ValueError:
        return  # which the definition's own check says
    resources: list[str] = []

    def collect(value: Any) -> None:
        for key, item in value.items() if isinstance(value, dict) else enumerate(value):
            if key == "Resource" and isinstance(item, str):
                resources.append(item)
            elif isinstance(item, (dict, list)):
                collect(item)

    if isinstance(document, dict):
        collect(document)
    for resource in resources:
        found = _SYNC_JOB.match(resource)
        if found:
            yield found[1]


def _with_lambdas_role(original: Any, self: Any) -> Any:
    role_arn = self.json_body.get("Role")
    name = self.json_body.get("FunctionName") or self.path.split("/")[3]
    arn = f"arn:{self.partition}:lambda:{self.region}:{ACCOUNT}:function:{name}"
    if role_arn and not trusts(role_arn, "lambda.amazonaws.com", arn):
        raise EmulatorError(
            "InvalidParameterValueException",
            "The role defined for the function cannot be assumed by Lambda.",
        )
    return original(self)
