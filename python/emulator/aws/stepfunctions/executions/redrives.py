"""RedriveExecution: an execution that did not succeed continues from where it failed.

Source: https://docs.aws.amazon.com/step-functions/latest/apireference/API_RedriveExecution.html
"""

import datetime
from typing import Any

from moto.core.responses import ActionResult
from moto.stepfunctions.parser.api import ExecutionStatus, HistoryEventType
from moto.stepfunctions.parser.asl.eval.event.event_manager import EventHistoryContext, EventManager
from moto.stepfunctions.parser.backend.execution_worker import ExecutionWorker
from moto.stepfunctions.responses import StepFunctionResponse

from emulator.aws.patching import add
from emulator.aws.protocol.errors import EmulatorError
from emulator.aws.stepfunctions.checkpoints import continue_from, progress_of
from emulator.aws.stepfunctions.context import iso_time
from emulator.aws.stepfunctions.crashes import end_execution
from emulator.aws.stepfunctions.executions.lifecycle import STATUS, announce
from emulator.aws.stepfunctions.executions.redrivability import refusal

_KEPT_TOKENS = 10
_TOKENS_HOLD_FOR = datetime.timedelta(minutes=15)


def install() -> None:
    """Add RedriveExecution, which moto lacks."""
    add(StepFunctionResponse, "redrive_execution", _redrive_execution)


def _redrive_execution(self: Any) -> ActionResult:
    execution = self.stepfunction_backend.describe_execution(self._get_param("executionArn"))
    token = self._get_param("clientToken")
    now = datetime.datetime.now(tz=datetime.timezone.utc)
    with STATUS:
        date = _date_of(execution, token, now)
        if date is None:
            reason = refusal(execution, now)
            if reason:
                raise EmulatorError("ExecutionNotRedrivable", reason)
            date = now
            _note(execution, token, now)
            _begin_again(execution, now)
    if date is now:
        announce(execution, "RUNNING")
        execution.exec_worker.start()
    return ActionResult({"redriveDate": date})


def _date_of(execution: Any, token: str | None, now: datetime.datetime) -> datetime.datetime | None:
    """Return when a redrive with this token was requested before, or None."""
    date = vars(execution).setdefault("redrive_tokens", {}).get(token)
    return date if date is not None and now - date <= _TOKENS_HOLD_FOR else None


def _note(execution: Any, token: str | None, now: datetime.datetime) -> None:
    if token is None:
        return
    tokens = {**execution.redrive_tokens, token: now}
    execution.redrive_tokens = dict(list(tokens.items())[-_KEPT_TOKENS:])


def _begin_again(execution: Any, now: datetime.datetime) -> None:
    execution.redrive_count += 1
    execution.redrive_date = now
    execution.exec_status = ExecutionStatus.RUNNING
    execution.error = execution.cause = execution.stop_date = None
    if execution._cloud_watch_logging_session is not None:
        execution._cloud_watch_logging_session.redrive_count = execution.redrive_count
    execution.exec_worker = _RedriveWorker(execution, execution.exec_worker)


class _RedriveWorker(ExecutionWorker):
    """Continues an execution, in an environment that threads of earlier attempts cannot access."""

    def __init__(self, execution: Any, before: Any) -> None:
        super().__init__(
            evaluation_details=before._evaluation_details,
            exec_comm=before._execution_communication,
            cloud_watch_logging_session=before._cloud_watch_logging_session,
            activity_store=before._activity_store,
            mock_test_case=before._mock_test_case,
        )
        self._redrive_count = execution.redrive_count
        self.env = self._continued = _continued(self._get_evaluation_environment(), before)
        context = self._continued.states.context_object.context_object_data["Execution"]
        context["RedriveCount"] = execution.redrive_count
        context["RedriveTime"] = iso_time(execution.redrive_date)

    def _execution_logic(self) -> None:
        end_execution(_RedriveWorker._continue, self)

    def _continue(self) -> None:
        program = self._get_evaluation_entrypoint()
        details: Any = {"executionRedrivenEventDetails": {"redriveCount": self._redrive_count}}
        env = self._continued
        env.event_manager.add_event(
            context=env.event_history_context,
            event_type=HistoryEventType.ExecutionRedriven,
            event_details=details,
        )
        program.eval(env)
        self._execution_communication.terminated()


def _continued(env: Any, before: Any) -> Any:
    """Return a new environment that continues the history of an earlier attempt."""
    manager = EventManager(before._cloud_watch_logging_session)
    manager._history_event_list.extend(before.env.event_manager.get_event_history())
    last = len(manager._history_event_list)
    manager._event_id_gen._next_id = last + 1
    env.event_manager = manager
    env.event_history_context = EventHistoryContext(previous_event_id=last)
    env.map_run_record_pool_manager = before.env.map_run_record_pool_manager
    continue_from(env, progress_of(before.env).again())
    return env
