"""JSONata in moto's interpreter, which has no evaluator.

moto inserts the values of variables into the source text of expressions, and calls an unimplemented
hook to evaluate them. Here, the values are bound natively, and failures are the error that Catch
and Retry match: ``States.QueryEvaluationError``.
"""

import functools
import json
import re
from typing import Any, NoReturn

from moto.stepfunctions.parser.api import HistoryEventType
from moto.stepfunctions.parser.asl.component.common.error_name.failure_event import (
    FailureEvent,
    FailureEventException,
)
from moto.stepfunctions.parser.asl.component.common.error_name.states_error_name import (
    StatesErrorName,
)
from moto.stepfunctions.parser.asl.component.common.error_name.states_error_name_type import (
    StatesErrorNameType,
)
from moto.stepfunctions.parser.asl.component.common.query_language import QueryLanguageMode
from moto.stepfunctions.parser.asl.component.common.string import string_expression
from moto.stepfunctions.parser.asl.component.common.timeouts.timeout import TimeoutSecondsJSONata
from moto.stepfunctions.parser.asl.component.state.choice.comparison.comparison import (
    ConditionStringJSONata,
)
from moto.stepfunctions.parser.asl.component.state.fail.cause_decl import Cause
from moto.stepfunctions.parser.asl.component.state.fail.error_decl import Error
from moto.stepfunctions.parser.asl.component.state.wait.wait_function.seconds import SecondsJSONata
from moto.stepfunctions.parser.asl.eval.environment import Environment
from moto.stepfunctions.parser.asl.eval.variable_store import VariableStore
from moto.stepfunctions.parser.asl.utils.encoding import to_json_str

from emulator.aws.patching import replace, wrap
from emulator.aws.stepfunctions.jsonata import expressions
from emulator.aws.stepfunctions.jsonata.locations import expression_location
from emulator.aws.stepfunctions.recorded_events import Recorded

StringJSONata = string_expression.StringJSONata


def install() -> None:
    """Evaluate JSONata, and refuse invalid expressions when a definition is parsed."""
    expressions.install()
    wrap(StringJSONata, "__init__", _parse_at_creation)
    replace(StringJSONata, "_eval_body", _evaluate)
    replace(string_expression.StringVariableSample, "_eval_body", _evaluate_variable)
    replace(VariableStore, "get_assigned_variables", _assigned_variables)
    wrap(Error, "_eval_body", _string_result)
    wrap(Cause, "_eval_body", _string_result)
    replace(ConditionStringJSONata, "_eval_body", _condition)
    replace(SecondsJSONata, "_get_wait_seconds", _seconds)
    replace(TimeoutSecondsJSONata, "_eval_seconds", _seconds)


def _parse_at_creation(original: Any, self: Any, expression: str) -> None:
    original(self, expression)
    try:
        expressions.check(expression)
    except expressions.ExpressionError as error:
        raise ValueError(f"Invalid JSONata expression '{expression}': {error}") from error


def _evaluate(self: Any, env: Environment) -> None:
    variables = _variables(env, self.expression, states=True)
    try:
        result = expressions.evaluate(self.expression, variables)
    except expressions.ExpressionError as error:
        _fail(env, self.expression, f"threw an error during evaluation. {error}")
    if result is expressions.UNDEFINED:
        _fail(env, self.expression, "returned nothing (undefined).")
    env.stack.append(result)


def _evaluate_variable(self: Any, env: Environment) -> None:
    in_jsonata = self.query_language_mode == QueryLanguageMode.JSONata
    variables = _variables(env, self.expression, states=in_jsonata)
    result = expressions.evaluate(self.expression, variables)
    env.stack.append(None if result is expressions.UNDEFINED else result)


def _variables(env: Environment, expression: str, *, states: bool) -> dict[str, Any]:
    """Return copies of the variables that an expression names, with or without ``$states``."""
    store = env.variable_store
    scope = {**store._outer_scope, **store._inner_scope}
    if states:
        scope["states"] = env.states._states_data
    return _plain({name: scope[name] for name in _names_in(expression) & scope.keys()})


@functools.lru_cache(maxsize=4096)
def _names_in(expression: str) -> frozenset[str]:
    return frozenset(re.findall(r"\$(\w+)", expression))


def _plain(value: Any) -> Any:
    # boto3's results contain datetimes; the copy also protects the interpreter's data.
    return json.loads(to_json_str(value))


def _assigned_variables(self: Any) -> dict[str, str]:
    # moto puts strings in quotes without escaping.
    return {name: to_json_str(self.get(name)) for name in sorted(self._declaration_tracing)}


def _condition(self: Any, env: Environment) -> None:
    self.string_jsonata.eval(env=env)
    _expect(env, self.string_jsonata, bool, "boolean")


def _seconds(self: Any, env: Environment) -> int:
    self.string_jsonata.eval(env=env)
    _expect(env, self.string_jsonata, (int, float), "number")
    return int(env.stack.pop())


def _string_result(original: Any, self: Any, env: Environment) -> None:
    original(self, env)
    if isinstance(self.string_expression, StringJSONata):
        _expect(env, self.string_expression, str, "string")


def _expect(env: Environment, source: Any, kind: type | tuple[type, ...], kind_name: str) -> None:
    value = env.stack[-1]
    if isinstance(value, kind) and (kind is bool or not isinstance(value, bool)):
        return
    names = {bool: "boolean", int: "number", float: "number", str: "string", list: "array"}
    got = "null" if value is None else names.get(type(value), "object")
    problem = (
        f"returned an unexpected result type. Expected '{kind_name}', but was '{got}' for value: "
        f"{to_json_str(value)}"
    )
    _fail(env, source.expression, problem)


def _fail(env: Environment, expression: str, problem: str) -> NoReturn:
    location = expression_location(env, expression)
    error_name = StatesErrorName(typ=StatesErrorNameType.StatesQueryEvaluationError)
    text = f"The JSONata expression '{expression}' specified for the field '{location}' {problem}"
    details = {"cause": text, "error": error_name.error_name, "location": location}
    recorded: Any = Recorded(evaluationFailedEventDetails=details)
    failure = FailureEventException(
        FailureEvent(
            env=env,
            error_name=error_name,
            event_type=HistoryEventType.EvaluationFailed,
            event_details=recorded,
        )
    )
    event: Any = {"evaluationFailedEventDetails": failure.get_evaluation_failed_event_details()}
    env.event_manager.add_event(
        context=env.event_history_context,
        event_type=HistoryEventType.EvaluationFailed,
        event_details=event,
    )
    raise failure
