"""Payload templates and calls of intrinsic functions in states."""

import json
import types
from typing import Any

from moto.stepfunctions.parser.asl.component.common.assign.assign_decl import AssignDecl
from moto.stepfunctions.parser.asl.component.common.payload.payloadvalue.payloadtmpl.payload_tmpl import (  # noqa: E501
    PayloadTmpl,
)
from moto.stepfunctions.parser.asl.component.common.query_language import QueryLanguageMode
from moto.stepfunctions.parser.asl.component.common.string.string_expression import (
    StringIntrinsicFunction,
)
from moto.stepfunctions.parser.asl.component.eval_component import EvalComponent
from moto.stepfunctions.parser.asl.eval.environment import Environment
from moto.stepfunctions.parser.asl.parse.preprocessor import Preprocessor
from moto.stepfunctions.parser.asl.static_analyser.intrinsic.variable_names_intrinsic_static_analyser import (  # noqa: E501
    VariableNamesIntrinsicStaticAnalyser,
)

from emulator.aws.patching import replace, wrap
from emulator.aws.stepfunctions.jsonpath.interpreter import failing_as_on_aws, scope
from emulator.aws.stepfunctions.jsonpath.intrinsic_syntax import Call, parse_call
from emulator.aws.stepfunctions.jsonpath.templates import evaluate, fill


def install() -> None:
    """Parse templates as JSON, so that no field's name has a meaning in moto's grammar."""
    replace(Preprocessor, "visitPayload_tmpl_decl", _visit_template)
    wrap(Preprocessor, "visitParameters_decl", _visit_parameters)
    wrap(Preprocessor, "visitItem_selector_decl", _visit_parameters)
    wrap(Preprocessor, "visitAssign_template_value_object", _visit_object)
    wrap(Preprocessor, "visitAssign_decl", _visit_assign)
    wrap(AssignDecl, "_eval_body", _eval_assign)
    replace(Preprocessor, "visitString_intrinsic_function", _visit_call)
    replace(VariableNamesIntrinsicStaticAnalyser, "process_and_get", staticmethod(_variable_names))


class _Template(PayloadTmpl):
    """A template: ``Parameters``, ``ResultSelector``, ``ItemSelector`` etc."""

    def __init__(self, template: Any) -> None:
        super().__init__(payload_bindings=[])
        self.template = template
        self.path_failure = ""

    def _field_name(self) -> None:
        return None

    def _eval_body(self, env: Environment) -> None:
        with failing_as_on_aws(env, path_failure=self.path_failure):
            value = fill(self.template, scope(env))
        env.stack.append(value)


def assigns(declaration: Any) -> bool:
    """Return whether a component of moto is an ``Assign`` in JSONPath."""
    return hasattr(declaration, "template")


class _Call(EvalComponent):
    """A call that is a field's whole value."""

    def __init__(self, call: Call) -> None:
        self.call = call
        # moto checks by this name which functions ErrorPath may call.
        self.name = types.SimpleNamespace(name=call.name[1:-1])

    def _eval_body(self, env: Environment) -> None:
        with failing_as_on_aws(env):
            value = evaluate(self.call, scope(env), self.call.text)
        env.stack.append(value)


def _visit_template(self: Any, ctx: Any) -> _Template:
    return _Template(json.loads(ctx.getText()))


def _visit_parameters(original: Any, self: Any, ctx: Any) -> Any:
    # ItemSelector is the later name of a Map's Parameters.
    field = original(self, ctx)
    for template in vars(field).values():
        if isinstance(template, _Template):
            template.path_failure = "States.ParameterPathFailure"
    return field


def _visit_object(original: Any, self: Any, ctx: Any) -> Any:
    if self._is_query_language(QueryLanguageMode.JSONPath):
        return _Template(json.loads(ctx.getText()))
    return original(self, ctx)


def _visit_assign(original: Any, self: Any, ctx: Any) -> Any:
    if self._is_query_language(QueryLanguageMode.JSONPath):
        # moto finds the parts of a state by their exact class.
        declaration: Any = AssignDecl(declaration_bindings=[])
        declaration.template = json.loads(ctx.assign_decl_body().getText())
        return declaration
    return original(self, ctx)


def _eval_assign(original: Any, self: Any, env: Environment) -> None:
    if not assigns(self):
        original(self, env)
        return
    # All values are computed before the first variable is set.
    with failing_as_on_aws(env):
        values = fill(self.template, scope(env))
    for name, value in values.items():
        env.variable_store.set(variable_identifier=name, variable_value=value)


def _visit_call(self: Any, ctx: Any) -> StringIntrinsicFunction:
    call = parse_call(json.loads(ctx.STRINGINTRINSICFUNC().getText()))
    return StringIntrinsicFunction(intrinsic_function_derivation=call.text, function=_Call(call))


def _variable_names(definition: str) -> list[str]:
    names = [path.root for path in parse_call(json.loads(f'"{definition}"')).paths()]
    return [name for name in reversed(names) if not name.startswith("$")]
