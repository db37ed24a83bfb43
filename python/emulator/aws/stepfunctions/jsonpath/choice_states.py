"""Choice states: their rules in JSONPath, and the case that no rule matches."""

from typing import Any

from moto.stepfunctions.parser.asl.component.common.query_language import QueryLanguageMode
from moto.stepfunctions.parser.asl.component.state.choice.choice_rule import ChoiceRule
from moto.stepfunctions.parser.asl.component.state.choice.comparison.comparison_func import (
    ComparisonFuncStringVariableSample,
)
from moto.stepfunctions.parser.asl.component.state.choice.comparison.comparison_variable import (
    ComparisonVariable,
)
from moto.stepfunctions.parser.asl.component.state.choice.state_choice import StateChoice
from moto.stepfunctions.parser.asl.eval.environment import Environment
from moto.stepfunctions.parser.asl.parse.preprocessor import Preprocessor

from emulator.aws.patching import replace, wrap
from emulator.aws.stepfunctions.jsonpath.choice_rules import compare
from emulator.aws.stepfunctions.jsonpath.interpreter import fail, scope
from emulator.aws.stepfunctions.jsonpath.path_evaluation import PAST_THE_END, PathNotFoundError
from emulator.aws.stepfunctions.jsonpath.path_fields import path_of
from emulator.aws.stepfunctions.jsonpath.path_syntax import Path, parse_path
from emulator.aws.stepfunctions.jsonpath.payloads import assigns

_NO_TRANSITION = "Failed to transition out of the state. The state does not point to a next state."

_DEFAULT_TAKEN = "choice-default-taken"


def install() -> None:
    """Compare like AWS, and fail if a path matches nothing."""
    replace(ComparisonVariable, "_eval_body", _eval_comparison)
    wrap(ChoiceRule, "_eval_body", _eval_rule)
    replace(StateChoice, "_eval_state", _eval_state)
    replace(StateChoice, "_eval_state_output", _eval_state_output)
    wrap(Preprocessor, "visitChoice_rule_comparison_variable", _visit_rule)


def _eval_comparison(self: Any, env: Environment) -> None:
    function = self.comparison_function
    name = function.operator_type.name
    variable = path_of(self.variable.string_sampler)
    if name == "IsPresent":
        env.stack.append(_is_present(env, variable) is function.value)
        return
    value = _find(env, variable)
    wanted = function.value
    if name.endswith("Path"):
        name = name.removesuffix("Path")
        if isinstance(function, ComparisonFuncStringVariableSample):
            wanted = _find(env, path_of(function.string_variable_sample))
        else:
            wanted = _find(env, parse_path(function.value))
    env.stack.append(compare(name, value, wanted))


def _is_present(env: Environment, path: Path) -> bool:
    try:
        return scope(env).find(path) is not PAST_THE_END
    except PathNotFoundError:
        return False


def _find(env: Environment, path: Path) -> Any:
    try:
        found = scope(env).find(path)
    except PathNotFoundError:
        found = PAST_THE_END
    if found is PAST_THE_END:
        fail(
            env,
            f"Invalid path '{path.text}': The choice state's condition path references an "
            "invalid value.",
        )
    return found


def _eval_rule(original: Any, self: Any, env: Environment) -> None:
    if not assigns(self.assign):
        original(self, env)
        return
    self.comparison.eval(env)
    if env.stack[-1]:
        # Below the outcome is the input, which paths in Assign read.
        holds = env.stack.pop()
        self.assign.eval(env)
        env.stack.append(holds)


def _eval_state(self: Any, env: Environment) -> None:
    for rule in self.choices_decl.rules:
        rule.eval(env)
        if env.stack.pop() is True:
            env.stack.append(rule.next_stmt.name)
            return
    if self.default_state is None:
        fail(env, _NO_TRANSITION, documented="States.NoChoiceMatched")
    env.heap[_DEFAULT_TAKEN] = True
    env.stack.append(self.default_state.state_name)


def _eval_state_output(self: Any, env: Environment) -> None:
    next_state_name = env.stack.pop()
    # moto confuses a rule that has the same target as Default with Default.
    if env.heap.pop(_DEFAULT_TAKEN, False):
        for part in filter(None, (self.assign_decl, self.output)):
            part.eval(env=env)
    if self.output_path:
        self.output_path.eval(env=env)
    elif self._is_language_query_jsonpath():
        env.states.reset(input_value=env.stack.pop())
    env.next_state_name = next_state_name


def _visit_rule(original: Any, self: Any, ctx: Any) -> Any:
    rule = original(self, ctx)
    if not self._is_query_language(QueryLanguageMode.JSONPath):
        return rule
    # moto drops a rule's Assign.
    parts = [self.visit(child) for child in ctx.children]
    return ChoiceRule(
        comparison=rule.comparison,
        next_stmt=rule.next_stmt,
        comment=rule.comment,
        assign=next((part for part in parts if assigns(part)), None),
        output=None,
    )
