"""Map states in DISTRIBUTED mode: a Map Run of child executions, with tolerated failures.

Source: https://docs.aws.amazon.com/step-functions/latest/dg/state-map-distributed.html
"""

import datetime
from typing import Any, NoReturn

from moto.stepfunctions.parser.api import HistoryEventType, MapRunStatus
from moto.stepfunctions.parser.asl.component.common.error_name.failure_event import (
    FailureEvent,
    FailureEventException,
)
from moto.stepfunctions.parser.asl.component.state.exec.state_map.iteration.itemprocessor.map_run_record import (  # noqa: E501
    MapRunRecord,
)
from moto.stepfunctions.parser.asl.component.state.exec.state_map.state_map import StateMap
from moto.stepfunctions.parser.asl.component.state.exec.state_task.credentials import (
    StateCredentials,
)
from moto.stepfunctions.parser.asl.eval.environment import Environment
from moto.stepfunctions.parser.asl.parse.preprocessor import Preprocessor
from moto.stepfunctions.parser.asl.utils import boto_client

from emulator.aws.patching import wrap
from emulator.aws.stepfunctions.checkpoints import checkpoint_of
from emulator.aws.stepfunctions.definitions.dialect import settings_of
from emulator.aws.stepfunctions.errors import any_error_name
from emulator.aws.stepfunctions.field_values import is_number
from emulator.aws.stepfunctions.maps.child_executions import Child, redrive_children, run_children
from emulator.aws.stepfunctions.maps.item_batches import batches
from emulator.aws.stepfunctions.maps.item_readers import ItemReaderError, read_items
from emulator.aws.stepfunctions.maps.result_writer import ResultWriterError, write_results

_EXCEEDED = "The specified tolerated failure threshold was exceeded"


def install() -> None:
    """Run distributed Maps; moto ignores failures of their children."""
    wrap(Preprocessor, "visitStates_decl", _attach_settings)
    wrap(StateMap, "_eval_execution", _evaluate)
    wrap(MapRunRecord, "describe", _describe)


def _attach_settings(original: Any, self: Any, ctx: Any) -> Any:
    states = original(self, ctx)
    for name, state in list(states.states.items()):
        if isinstance(state, StateMap):
            state.map_run_settings = settings_of(states.states, name)  # pyright: ignore
    return states


def _evaluate(original: Any, self: Any, env: Environment) -> None:
    if self.map_run_settings is None:
        original(self, env)
        return
    self.max_concurrency_decl.eval(env=env)
    concurrency = env.stack.pop()
    self.map_run_settings.eval(env=env)
    settings = env.stack.pop()
    state_input = env.stack[-1] if env.stack else env.states.get_input()
    items = None if "ItemReader" in settings else _given_items(self, env)
    started = {"length": 0 if items is None else len(items)}
    _record(env, HistoryEventType.MapStateStarted, mapStateStartedEventDetails=started)
    checkpoint = checkpoint_of(env)
    # A retry creates another Map Run.
    run, checkpoint.earlier_map_run = checkpoint.earlier_map_run, None
    if run is None:
        run = _map_run(env, concurrency, settings)
        env.map_run_record_pool_manager.add(run)
        _record(
            env,
            HistoryEventType.MapRunStarted,
            mapRunStartedEventDetails={"mapRunArn": run.map_run_arn},
        )
    else:
        _redrive(env, run)
    try:
        output = _run(self, env, run, settings, items, state_input)
    except FailureEventException as error:
        run.set_stop(status=MapRunStatus.FAILED)
        name, cause = error.extract_error_cause_pair() or (None, None)
        _record(
            env,
            HistoryEventType.MapRunFailed,
            mapRunFailedEventDetails={"error": name or "", "cause": cause or ""},
        )
        raise
    except BaseException:
        run.set_stop(status=MapRunStatus.FAILED)
        raise
    if not env.is_running():
        run.set_stop(status=MapRunStatus.ABORTED)
        return
    run.set_stop(status=MapRunStatus.SUCCEEDED)
    _record(env, HistoryEventType.MapRunSucceeded)
    env.event_manager.add_event(
        context=env.event_history_context,
        event_type=HistoryEventType.MapStateSucceeded,
        update_source_event_id=False,
    )
    env.stack.append(output)


def _redrive(env: Environment, run: Any) -> None:
    run.redrive_date = datetime.datetime.now(tz=datetime.timezone.utc)
    run.redrive_count += 1
    run.status, run.stop_date = MapRunStatus.RUNNING, None
    redrive_children(run, run.children, run.redrive_date)
    redriven = {"mapRunArn": run.map_run_arn, "redriveCount": run.redrive_count}
    _record(env, HistoryEventType.MapRunRedriven, mapRunRedrivenEventDetails=redriven)


def _describe(original: Any, self: Any) -> Any:
    redriven = {"redriveDate": self.redrive_date} if self.redrive_date else {}
    return {**original(self), "redriveCount": self.redrive_count, **redriven}


def _record(env: Environment, kind: Any, **details: Any) -> None:
    given: Any = details or None
    env.event_manager.add_event(
        context=env.event_history_context, event_type=kind, event_details=given
    )


def _given_items(self: Any, env: Environment) -> list[Any]:
    field = self.items_path or self.items
    if field is None:
        return _expect_array(self, env, env.states.get_input())
    field.eval(env=env)
    return _expect_array(self, env, env.stack.pop())


def _expect_array(self: Any, env: Environment, items: Any) -> list[Any]:
    if isinstance(items, list):
        return items
    if self.items_path is None:
        error, cause = "States.QueryEvaluationError", f"Map state input must be an array: {items!r}"
    else:
        path = self.items_path.string_sampler.literal_value
        error, cause = "States.Runtime", f'Reference path "{path}" must point to array.'
    return _fail(env, error, cause)


def _map_run(env: Environment, concurrency: int, settings: dict[str, Any]) -> MapRunRecord:
    context = env.states.context_object.context_object_data
    count, percentage = (
        _threshold(env, settings, field, most)
        for field, most in (("ToleratedFailureCount", None), ("ToleratedFailurePercentage", 100))
    )
    run = MapRunRecord(
        state_machine_arn=context["StateMachine"]["Id"],
        execution_arn=context["Execution"]["Id"],
        max_concurrency=concurrency,
        tolerated_failure_count=0 if count is None else int(count),
        tolerated_failure_percentage=float(percentage or 0),
        label=settings.get("Label"),
    )
    # Each limit applies separately; the default applies only if both are left out.
    record: Any = run
    record.redrive_count, record.redrive_date = 0, None
    record.children, record.items = None, 0
    run.limits = {  # pyright: ignore[reportAttributeAccessIssue]
        "count": count is not None or percentage is None,
        "percentage": percentage is not None,
    }
    return run


def _threshold(
    env: Environment, settings: dict[str, Any], field: str, most: int | None
) -> float | None:
    if field not in settings:
        return None
    given = settings[field]
    value = _number(given)
    if is_number(value) and 0 <= value <= (most or value):
        return value
    span = "0 or more" if most is None else f"from 0 to {most}"
    return _fail(env, "States.Runtime", f"{field} must be a number {span}, got {given!r}")


def _number(given: Any) -> Any:
    return float(given) if isinstance(given, str) and given.isdigit() else given


def _exceeded(run: Any, failed: int, total: int) -> bool:
    by_count = run.limits["count"] and failed > run.tolerated_failure_count
    share = 100 * failed / total if total else 0
    return by_count or (run.limits["percentage"] and share > run.tolerated_failure_percentage)


def _run(
    self: Any, env: Environment, run: Any, settings: dict[str, Any], items: Any, state_input: Any
) -> Any:
    client = boto_client.boto_client_for(
        region=env.aws_execution_details.region,
        service="s3",
        state_credentials=StateCredentials(role_arn=env.aws_execution_details.role_arn),
    )
    if run.children is None:
        run.children = _new_children(self, env, run, client, settings, items, state_input)
    children, total = run.children, run.items
    checkpoint_of(env).map_run = run
    program = self.iteration_component._get_iteration_program()
    failed = run_children(
        env, program, run, children, lambda failures: _exceeded(run, failures, total)
    )
    output = None
    if env.is_running():
        try:
            output = write_results(client, settings.get("ResultWriter"), run, children)
        except ResultWriterError as error:
            _fail(env, "States.ResultWriterFailed", str(error), HistoryEventType.MapRunFailed)
    if _exceeded(run, failed, total):
        _fail(
            env,
            "States.ExceedToleratedFailureThreshold",
            _EXCEEDED,
            HistoryEventType.MapRunFailed,
        )
    return output


def _new_children(
    self: Any,
    env: Environment,
    run: Any,
    client: Any,
    settings: dict[str, Any],
    items: Any,
    state_input: Any,
) -> list[Child]:
    if items is None:
        try:
            items = read_items(client, settings["ItemReader"])
        except ItemReaderError as error:
            _fail(env, "States.ItemReaderFailed", str(error), HistoryEventType.MapRunFailed)
    selected = [_select(self, env, i, item, state_input) for i, item in enumerate(items)]
    run.items = len(items)
    children = [
        Child(run, number, value, count)
        for number, (value, count) in enumerate(batches(selected, settings.get("ItemBatcher")))
    ]
    counts = ((run.execution_counter, len(children)), (run.item_counter, run.items))
    for counter, amount in counts:
        counter.total.count(amount)
        counter.pending.count(amount)
    return children


def _select(self: Any, env: Environment, index: int, item: Any, state_input: Any) -> Any:
    selector = self.item_selector or self.parameters
    if selector is None:
        return item
    frame = env.open_inner_frame()
    try:
        frame.states.context_object.context_object_data["Map"] = {
            "Item": {"Index": index, "Value": item}
        }
        frame.states.reset(input_value=state_input)
        frame.stack.append(state_input)
        selector.eval(frame)
        return frame.stack[-1]
    finally:
        env.delete_frame(frame)


def _fail(
    env: Environment,
    error: str,
    cause: str,
    kind: HistoryEventType = HistoryEventType.ExecutionFailed,
) -> NoReturn:
    field = (
        "mapRunFailedEventDetails"
        if kind == HistoryEventType.MapRunFailed
        else "executionFailedEventDetails"
    )
    details: Any = {field: {"error": error, "cause": cause}}
    raise FailureEventException(
        FailureEvent(
            env=env, error_name=any_error_name(error), event_type=kind, event_details=details
        )
    )
