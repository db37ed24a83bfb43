"""The life cycle of executions: names, retention, logs and events."""

import collections
import copy
import datetime
import json
import logging
import threading
import uuid
from typing import Any

from moto.stepfunctions.parser.api import (
    ExecutionAlreadyExists,
    ExecutionStatus,
    InvalidExecutionInput,
    InvalidLoggingConfiguration,
    StateMachineAlreadyExists,
)
from moto.stepfunctions.parser.backend.execution import BaseExecutionWorkerCommunication, Execution
from moto.stepfunctions.parser.models import StepFunctionsParserBackend
from moto.stepfunctions.parser.utils import TMP_THREADS

from emulator.aws.events import emit, epoch_ms
from emulator.aws.metrics import Metric, put_metrics
from emulator.aws.mock_file import MockFile
from emulator.aws.patching import method, replace, wrap
from emulator.aws.stepfunctions.executions.logging import log_group_of, session_for
from emulator.aws.stepfunctions.executions.redrivability import redrive_fields
from emulator.aws.stepfunctions.executions.versions import Target, qualified_arns, resolve
from emulator.aws.stepfunctions.mocked_tasks import mock_case, split_case
from emulator.aws.stepfunctions.names import check_name

LOG = logging.getLogger("emulator")

KEPT_EXECUTIONS = 20
"""Ended executions kept per state machine; older ones are removed, except their names."""

STATUS = threading.Lock()
"""Held while an execution ends or is redriven."""

_CONFIGURATION = ("definition", "roleArn", "loggingConfiguration", "tracingConfiguration")

_ENDED = {
    "SUCCEEDED": "ExecutionsSucceeded",
    "FAILED": "ExecutionsFailed",
    "ABORTED": "ExecutionsAborted",
    "TIMED_OUT": "ExecutionsTimedOut",
}


class _Names:
    """The used execution names; AWS allows each of them once in 90 days."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._forgotten: dict[str, set[str]] = collections.defaultdict(set)

    def forget(self, machine: Any) -> None:
        with self._lock:
            ended = [e for e in machine.executions if e.status != "RUNNING"]
            old = ended[: max(0, len(ended) - KEPT_EXECUTIONS)]
            self._forgotten[machine.arn].update(execution.name for execution in old)
            # A list of its own: whoever goes through the present one would miss executions.
            machine.executions = [e for e in machine.executions if e not in old]

    def add(self, machine: Any, execution: Any) -> None:
        with self._lock:
            machine.executions = [*machine.executions, execution]

    def was_used(self, machine: Any, name: str) -> bool:
        return name in self._forgotten[machine.arn]


def _check_characters(text: str) -> None:
    # Texts are stored and sent as UTF-8, which has no surrogates.
    try:
        json.dumps(json.loads(text), ensure_ascii=False).encode()
    except UnicodeEncodeError as error:
        half = error.object[error.start : error.start + 1].encode("unicode_escape").decode()
        raise InvalidExecutionInput(
            f"Invalid State Machine Execution Input: '{half} is half of a character: the other "
            "half of the surrogate pair is missing'"
        ) from error


def install(mocks: MockFile) -> None:
    """Name executions, log them, emit their events, and keep a bounded number."""
    names = _Names()

    replace(StepFunctionsParserBackend, "start_execution", method(_start_execution, names, mocks))
    wrap(StepFunctionsParserBackend, "create_state_machine", _create_state_machine)
    wrap(Execution, "__init__", _initialize)
    wrap(Execution, "start", _start)
    wrap(BaseExecutionWorkerCommunication, "terminated", _terminated)


def _start_execution(
    names: _Names,
    mocks: MockFile,
    self: Any,
    state_machine_arn: str,
    name: str | None = None,
    execution_input: str | None = None,
    trace_header: str | None = None,
) -> Any:
    if name is not None:
        check_name(name)
    machine_arn, case = split_case(mocks, state_machine_arn)
    target = resolve(self, machine_arn)
    machine, text = target.machine, execution_input or "{}"
    # moto would name an execution without a name None, and the second one would be a duplicate.
    name = name or str(uuid.uuid4())
    if names.was_used(machine, name):
        raise ExecutionAlreadyExists(message=f"Execution Already Exists: '{name}'")
    names.forget(machine)
    TMP_THREADS[:] = [thread for thread in TMP_THREADS if thread.is_alive()]
    answers = mock_case(mocks, machine.name, case)
    machine._validate_execution_input(text)
    _check_characters(text)
    running = machine._handle_name_input_idempotency(name, text)
    if running is not None:
        return running
    execution: Any = Execution(
        name=name,
        sm_type=machine.sm_type,
        role_arn=(target.version or machine).roleArn,
        exec_arn=f"{machine.arn.replace(':stateMachine:', ':execution:')}:{name}",
        account_id=self.account_id,
        region_name=self.region_name,
        state_machine=_as_started(target),
        start_date=datetime.datetime.now(tz=datetime.timezone.utc),
        cloud_watch_logging_session=None,
        input_data=text,
        trace_header=trace_header,
        activity_store=self.activities,
    )
    execution.mock_case = answers
    names.add(machine, execution)
    execution.start()
    return execution


def _as_started(target: Target) -> Any:
    """Return the machine as it is at the start, unaffected by later changes."""
    started = copy.copy(target.version or target.machine)
    started.arn, started.executions = target.machine.arn, []
    started.version_arn, started.alias_arn = target.version_arn, target.alias_arn
    return started


def _create_state_machine(original: Any, self: Any, **request: Any) -> Any:
    _check_log_group(request.get("loggingConfiguration"))
    machine = original(self, **request)
    # moto returns the old machine even if the new definition differs.
    changed = [
        field
        for field in _CONFIGURATION
        if request.get(field) is not None and getattr(machine, field) != request[field]
    ]
    if changed:
        raise StateMachineAlreadyExists(
            message=f"State Machine Already Exists: '{machine.arn}' with another "
            f"{', '.join(changed)}; update it, or delete it first"
        )
    return machine


def _check_log_group(configuration: dict[str, Any] | None) -> None:
    if not configuration or configuration.get("level", "OFF") == "OFF":
        return
    found = log_group_of(configuration)
    if found is None:
        raise InvalidLoggingConfiguration(
            message="Invalid Logging Configuration: Must specify exactly one Log Destination."
        )
    if not found.exists():
        raise InvalidLoggingConfiguration(
            message=f"Invalid Logging Configuration: Log Destination not found: {found.name}"
        )


def _initialize(original: Any, self: Any, *args: Any, **kwargs: Any) -> None:
    original(self, *args, **kwargs)
    # It is listed before it is started, when moto would have no status.
    self.exec_status = ExecutionStatus.RUNNING
    self.redrive_count, self.redrive_date = 0, None


def _start(original: Any, self: Any) -> None:
    self._cloud_watch_logging_session = session_for(self)
    announce(self, "RUNNING")
    original(self)


def _terminated(original: Any, self: Any) -> None:
    with STATUS:
        original(self)
        ended = copy.copy(self.execution)  # it may be redriven before this end is reported
    announce(ended, ended.status)


def announce(execution: Any, status: str) -> None:
    """Report an execution's new status to EventBridge and CloudWatch."""
    redrive = redrive_fields(execution)
    redriven = redrive.get("redriveDate")
    succeeded = status == "SUCCEEDED"
    output = json.dumps(execution.output, default=str) if succeeded else None
    detail = {
        "executionArn": execution.execution_arn,
        "stateMachineArn": execution.state_machine_arn,
        **dict.fromkeys(("stateMachineVersionArn", "stateMachineAliasArn")),
        **qualified_arns(execution),
        "name": execution.name,
        "status": status,
        "startDate": epoch_ms(execution.start_date),
        "stopDate": epoch_ms(execution.stop_date) if execution.stop_date else None,
        "input": execution.execution_input,
        "inputDetails": {"included": True},
        "output": output,
        "outputDetails": {"included": True} if succeeded else None,
        "error": execution.error,
        "cause": execution.cause,
        "redriveStatusReason": None,
        **redrive,
        "redriveDate": epoch_ms(redriven) if redriven else None,
    }
    emit(
        "aws.states",
        "Step Functions Execution Status Change",
        detail,
        [execution.execution_arn],
    )
    put_metrics(_metrics(execution, status))


def _metrics(execution: Any, status: str) -> list[Metric]:
    # https://docs.aws.amazon.com/step-functions/latest/dg/procedure-cw-metrics.html
    def metric(name: str, value: float = 1, unit: str = "Count") -> Metric:
        machine = {"StateMachineArn": execution.state_machine_arn}
        return Metric("AWS/States", name, machine, value, unit)

    redriven = execution.redrive_count > 0
    if status == "RUNNING":
        return [metric("ExecutionsRedriven" if redriven else "ExecutionsStarted")]
    lasted = execution.stop_date - execution.start_date
    ended = _ENDED[status]
    return [
        metric(ended),
        *([metric(f"Redriven{ended}")] if redriven else []),
        metric("ExecutionTime", lasted.total_seconds() * 1000, "Milliseconds"),
    ]
