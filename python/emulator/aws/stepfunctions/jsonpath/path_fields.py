"""The fields that contain a path: ``InputPath``, ``ItemsPath``, ``SecondsPath`` etc."""

import datetime
import json
from typing import Any

from moto.stepfunctions.parser.asl.component.common.error_name.states_error_name_type import (
    StatesErrorNameType,
)
from moto.stepfunctions.parser.asl.component.common.path.input_path import InputPath
from moto.stepfunctions.parser.asl.component.common.path.items_path import ItemsPath
from moto.stepfunctions.parser.asl.component.common.path.output_path import OutputPath
from moto.stepfunctions.parser.asl.component.common.path.result_path import ResultPath
from moto.stepfunctions.parser.asl.component.common.query_language import QueryLanguageMode
from moto.stepfunctions.parser.asl.component.common.string import string_expression
from moto.stepfunctions.parser.asl.component.common.timeouts.heartbeat import HeartbeatSecondsPath
from moto.stepfunctions.parser.asl.component.common.timeouts.timeout import TimeoutSecondsPath
from moto.stepfunctions.parser.asl.component.state.exec.state_map import (
    max_concurrency,
    tolerated_failure,
)
from moto.stepfunctions.parser.asl.component.state.exec.state_map.item_reader.reader_config import (
    max_items_decl,
)
from moto.stepfunctions.parser.asl.component.state.fail.cause_decl import CausePath
from moto.stepfunctions.parser.asl.component.state.fail.error_decl import ErrorPath
from moto.stepfunctions.parser.asl.component.state.wait.wait_function.seconds_path import (
    SecondsPath,
)
from moto.stepfunctions.parser.asl.component.state.wait.wait_function.timestamp import (
    Timestamp,
    TimestampPath,
)
from moto.stepfunctions.parser.asl.eval.environment import Environment

from emulator.aws.patching import replace, wrap
from emulator.aws.stepfunctions.jsonpath.choice_rules import parse_timestamp
from emulator.aws.stepfunctions.jsonpath.interpreter import (
    fail,
    failing_as_on_aws,
    invalid_path_fails,
    look_up,
    plain,
    scope,
)
from emulator.aws.stepfunctions.jsonpath.path_evaluation import PathNotFoundError
from emulator.aws.stepfunctions.jsonpath.path_syntax import Path, parse_path, parse_reference_path
from emulator.aws.stepfunctions.jsonpath.result_path import ResultPathError, insert
from emulator.aws.stepfunctions.jsonpath.templates import evaluate

_NUMBER_PATHS = (
    (max_concurrency.MaxConcurrencyPath, "_eval_max_concurrency"),
    (tolerated_failure.ToleratedFailureCountPath, "_eval_tolerated_failure_count"),
    (tolerated_failure.ToleratedFailurePercentagePath, "_eval_tolerated_failure_percentage"),
    (max_items_decl.MaxItemsPath, "_get_value"),
)


def install() -> None:
    """Use our own evaluator for all fields that contain a path."""
    replace(string_expression.StringJsonPath, "_eval_body", _eval_path)
    replace(string_expression.StringContextPath, "_eval_body", _eval_path)
    wrap(string_expression.StringVariableSample, "_eval_body", _eval_variable)
    replace(InputPath, "_eval_body", _eval_input_path)
    replace(OutputPath, "_eval_body", _eval_output_path)
    replace(ItemsPath, "_eval_body", _eval_items_path)
    replace(ResultPath, "_eval_body", _eval_result_path)
    wrap(ErrorPath, "_eval_body", _eval_text_path)
    wrap(CausePath, "_eval_body", _eval_text_path)
    wrap(SecondsPath, "_get_wait_seconds", _wait_seconds)
    replace(Timestamp, "_from_timestamp_string", staticmethod(_moment))
    replace(TimestampPath, "_get_wait_seconds", _wait_timestamp)
    replace(TimeoutSecondsPath, "_eval_seconds", _limit_seconds)
    replace(HeartbeatSecondsPath, "_eval_seconds", _limit_seconds)
    for owner, name in _NUMBER_PATHS:
        wrap(owner, name, _after_path_check)


def path_of(sampler: Any) -> Path:
    """Return the path of one of moto's components, which still has JSON's escapes."""
    text = getattr(sampler, "context_object_path", sampler.literal_value)
    return parse_path(json.loads(f'"{text}"'))


def _eval_path(self: Any, env: Environment) -> None:
    env.stack.append(look_up(env, path_of(self)))


def _eval_variable(original: Any, self: Any, env: Environment) -> None:
    if self.query_language_mode == QueryLanguageMode.JSONata:
        original(self, env)
    else:
        _eval_path(self, env)


def _eval_input_path(self: Any, env: Environment) -> None:
    if self.string_sampler is None:
        env.stack.append({})
        return
    path = path_of(self.string_sampler)
    env.stack.append(env.states.get_input())
    with invalid_path_fails(env, path):
        found = look_up(env, path)
    env.stack[-1] = found


def _eval_output_path(self: Any, env: Environment) -> None:
    if self.string_sampler is None:
        env.states.reset(input_value={})
        return
    path = path_of(self.string_sampler)
    with invalid_path_fails(env, path):
        found = look_up(env, path)
    env.states.reset(found)


def _eval_items_path(self: Any, env: Environment) -> None:
    path = path_of(self.string_sampler)
    with invalid_path_fails(env, path):
        items = look_up(env, path)
    if not isinstance(items, list):
        fail(env, f'Reference path "{path.text}" must point to array.')
    env.stack.append(items)


def _eval_result_path(self: Any, env: Environment) -> None:
    state_input = env.states.get_input()
    if self.result_path_src is None:
        env.stack.clear()
        env.stack.append(state_input)
        return
    path = parse_reference_path(json.loads(f'"{self.result_path_src}"'))
    result = env.stack.pop()
    try:
        env.stack.append(insert(path, state_input, result))
    except ResultPathError:
        fail(
            env,
            f"Unable to apply ReferencePath {path.text} to input {json.dumps(plain(state_input))}",
            StatesErrorNameType.StatesResultPathMatchFailure,
        )


def _eval_text_path(original: Any, self: Any, env: Environment) -> None:
    expression = self.string_expression
    if isinstance(expression, string_expression.StringIntrinsicFunction):
        original(self, env)
    else:
        with failing_as_on_aws(env):
            value = evaluate(path_of(expression), scope(env), type(self).__name__)
        env.stack.append(value)
    if not isinstance(env.stack[-1], str):
        fail(
            env,
            f"The {type(self).__name__} field must give a string, got "
            f"{json.dumps(plain(env.stack[-1]))}",
        )


def _wait_seconds(original: Any, self: Any, env: Environment) -> int:
    path = path_of(self.string_sampler)
    try:
        value = look_up(env, path)
    except PathNotFoundError:
        fail(env, f"The SecondsPath parameter does not reference an input value: {path.text}")
    if isinstance(value, bool):
        fail(
            env,
            "The SecondsPath parameter cannot be parsed as a long value: "
            f"{path.text} == {json.dumps(value)}",
        )
    return original(self, env)


def _wait_timestamp(self: Any, env: Environment) -> int:
    path = path_of(self.string)
    try:
        value = look_up(env, path)
    except PathNotFoundError:
        fail(env, f"The TimestampPath parameter does not reference an input value: {path.text}")
    if parse_timestamp(value) is None:
        fail(
            env,
            "The TimestampPath parameter does not reference a valid ISO-8601 extended offset "
            f"date-time format string: {path.text} == {value}",
        )
    return Timestamp._get_wait_seconds(self, env)


def _moment(timestamp: Any) -> datetime.datetime | None:
    # moto supports the zone Z only.
    known = parse_timestamp(timestamp)
    return known and known[0].replace(tzinfo=None)


def _limit_seconds(self: Any, env: Environment) -> int:
    path = path_of(self.string_sampler)
    with invalid_path_fails(env, path):
        value = look_up(env, path)
    if isinstance(value, bool) or not isinstance(value, int) or value <= 0:
        fail(
            env,
            f"The {type(self).__name__} parameter must reference a positive integer: "
            f"{path.text} == {json.dumps(value)}",
        )
    return value


def _after_path_check(original: Any, self: Any, env: Environment) -> Any:
    path = path_of(self.string_sampler)
    with invalid_path_fails(env, path):
        look_up(env, path)
    return original(self, env)
