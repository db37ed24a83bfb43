"""Step Functions operations that moto lacks or implements incorrectly."""

import base64
import datetime
from collections.abc import Callable
from typing import Any

from moto.core.responses import ActionResult
from moto.stepfunctions.parser.api import InvalidDefinition
from moto.stepfunctions.parser.asl.utils.encoding import to_json_str
from moto.stepfunctions.parser.models import StepFunctionsParserBackend
from moto.stepfunctions.responses import StepFunctionResponse

from emulator.aws.patching import add, replace, wrap
from emulator.aws.protocol.errors import EmulatorError
from emulator.aws.stepfunctions.definitions.diagnostics import diagnose, diagnostic, refusal
from emulator.aws.stepfunctions.executions.logging import EXECUTION_DATA
from emulator.aws.stepfunctions.executions.redrivability import redrive_fields
from emulator.aws.stepfunctions.executions.versions import qualified_arns, revision_of

_MAX_RESULTS = 100


def install() -> None:
    """Return AWS's responses for executions, definitions and versions."""
    replace(StepFunctionResponse, "describe_execution", _describe_execution)
    replace(StepFunctionResponse, "list_executions", _list_executions)
    replace(StepFunctionResponse, "stop_execution", _stop_execution)
    replace(StepFunctionResponse, "describe_state_machine_for_execution", _describe_started)
    wrap(StepFunctionResponse, "_describe_state_machine", _describe_state_machine)
    replace(StepFunctionResponse, "get_execution_history", _get_execution_history)
    # Terraform calls this after every creation, and the validation when it plans.
    add(StepFunctionResponse, "list_state_machine_versions", _list_versions)
    parse = StepFunctionsParserBackend._validate_definition
    add(StepFunctionResponse, "validate_state_machine_definition", _validate_definition(parse))
    replace(StepFunctionsParserBackend, "_validate_definition", staticmethod(_checked(parse)))


def _describe_execution(self: Any) -> ActionResult:
    arn = self._get_param("executionArn")
    execution = self.stepfunction_backend.describe_execution(arn)
    response = {
        "executionArn": arn,
        "stateMachineArn": execution.state_machine_arn,
        **qualified_arns(execution),
        "name": execution.name,
        "status": execution.status,
        "startDate": execution.start_date,
        "input": execution.execution_input,
        "inputDetails": {"included": True},
        **redrive_fields(execution),
    }
    if execution.status != "RUNNING":
        response["stopDate"] = execution.stop_date
    if execution.status == "SUCCEEDED":
        response["output"] = to_json_str(execution.output, separators=(",", ":"))
        response["outputDetails"] = {"included": True}
    response.update(
        {key: value for key in ("error", "cause") if (value := getattr(execution, key)) is not None}
    )
    return ActionResult(response)


def _list_executions(self: Any) -> ActionResult:
    arn = self._get_param("stateMachineArn")
    if self._get_param("mapRunArn"):
        raise EmulatorError(
            "ValidationException",
            "The emulator does not list the children of a Map Run (mapRunArn); DescribeMapRun "
            "counts them, and a ResultWriter writes what became of each",
        )
    if not arn:
        raise EmulatorError(
            "ValidationException", "Must specify exactly one of: stateMachineArn, mapRunArn"
        )
    if self._get_param("redriveFilter"):
        raise EmulatorError(
            "ValidationException", "redriveFilter can be given with a mapRunArn only"
        )
    results, next_token = self.stepfunction_backend.list_executions(
        arn,
        status_filter=self._get_param("statusFilter"),
        max_results=self._get_int_param("maxResults") or None,
        next_token=self._get_param("nextToken"),
    )
    executions = [
        {
            "executionArn": execution.execution_arn,
            "stateMachineArn": execution.state_machine_arn,
            **qualified_arns(execution),
            "name": execution.name,
            "status": execution.status,
            "startDate": execution.start_date,
            "stopDate": execution.stop_date,
            "redriveCount": execution.redrive_count,
            "redriveDate": execution.redrive_date,
        }
        for execution in results
    ]
    return ActionResult({"executions": executions, "nextToken": next_token})


def _describe_state_machine(original: Any, self: Any, arn: str) -> ActionResult:
    answer = original(self, arn)
    revision = revision_of(self.stepfunction_backend.describe_state_machine(arn))
    return ActionResult({**answer.result, **({"revisionId": revision} if revision else {})})


def _describe_started(self: Any) -> ActionResult:
    # As it was when the execution started; moto returns the current machine.
    execution = self.stepfunction_backend.describe_execution(self._get_param("executionArn"))
    started = execution.state_machine
    revision = revision_of(started)
    return ActionResult(
        {
            "stateMachineArn": execution.state_machine_arn,
            "name": started.name,
            "definition": started.definition,
            "roleArn": started.roleArn,
            "updateDate": started.update_date,
            "loggingConfiguration": started.loggingConfiguration,
            "tracingConfiguration": started.tracingConfiguration,
            "encryptionConfiguration": started.encryptionConfiguration,
            **({"revisionId": revision} if revision else {}),
        }
    )


def _stop_execution(self: Any) -> ActionResult:
    execution = self.stepfunction_backend.describe_execution(self._get_param("executionArn"))
    now = datetime.datetime.now(tz=datetime.timezone.utc)
    if execution.status == "RUNNING":
        execution.error = self._get_param("error")
        execution.cause = self._get_param("cause")
        execution.stop(stop_date=now, error=execution.error, cause=execution.cause)
    return ActionResult({"stopDate": now})


def _get_execution_history(self: Any) -> ActionResult:
    execution = self.stepfunction_backend.describe_execution(self._get_param("executionArn"))
    env = execution.exec_worker.env
    events = list(env.event_manager._history_event_list) if env else []
    if self._get_param("reverseOrder"):
        events.reverse()
    if self._get_param("includeExecutionData") is False:
        events = [_without_data(event) for event in events]
    start = _from_token(self._get_param("nextToken"))
    end = start + (self._get_int_param("maxResults") or _MAX_RESULTS)
    page: dict[str, Any] = {"events": events[start:end]}
    if end < len(events):
        page["nextToken"] = base64.b64encode(str(end).encode()).decode()
    return ActionResult(page)


def _without_data(event: dict[str, Any]) -> dict[str, Any]:
    return {
        key: {name: text for name, text in value.items() if name not in EXECUTION_DATA}
        if isinstance(value, dict)
        else value
        for key, value in event.items()
    }


def _from_token(token: str | None) -> int:
    if not token:
        return 0
    try:
        return int(base64.b64decode(token))
    except ValueError as error:
        raise EmulatorError("InvalidToken", f"Invalid Token: '{token}'") from error


def _validate_definition(parse: Callable[[str], None]) -> Callable[[Any], ActionResult]:
    def validate(self: Any) -> ActionResult:
        most = self._get_int_param("maxResults") or _MAX_RESULTS
        found = diagnose(self._get_param("definition"), parse)
        diagnostics = [diagnostic(problem) for problem in found[:most]]
        return ActionResult(
            {
                "result": "FAIL" if found else "OK",
                "diagnostics": diagnostics,
                "truncated": len(found) > most,
            }
        )

    return validate


def _list_versions(self: Any) -> ActionResult:
    machine = self.stepfunction_backend.describe_state_machine(self._get_param("stateMachineArn"))
    newest_first = sorted(machine.versions.items(), reverse=True)
    versions = [
        {"stateMachineVersionArn": version.arn, "creationDate": version.creation_date}
        for _, version in newest_first
    ]
    return ActionResult({"stateMachineVersions": versions})


def _checked(parse: Callable[[str], None]) -> Callable[[str], None]:
    def validate(definition: str) -> None:
        problems = diagnose(definition, parse)
        if problems:
            raise InvalidDefinition(message=refusal(problems))

    return validate
