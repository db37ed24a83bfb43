"""The location of an expression in a definition."""

import json
from typing import Any

from moto.stepfunctions.parser.asl.eval.environment import Environment


def expression_location(env: Environment, expression: str) -> str:
    """Return the field of the current state with `expression`, such as ``Arguments/Name``."""
    definition = _definition(env)
    state = find_state(definition, env.next_state_name) if definition else None
    path = _find(state, f"{{% {expression} %}}".replace(" ", ""), "") if state else None
    return path or str(env.next_field_name)


def find_state(program: dict[str, Any], name: str | None) -> dict[str, Any] | None:
    """Return the state with this name, from a program or its nested programs."""
    for state_name, state in program.get("States", {}).items():
        if state_name == name:
            return state
        nested = [state.get("ItemProcessor"), state.get("Iterator"), *state.get("Branches", [])]
        for inner in filter(None, nested):
            found = find_state(inner, name)
            if found:
                return found
    return None


def _definition(env: Environment) -> dict[str, Any] | None:
    from moto.stepfunctions.parser.models import stepfunctions_parser_backends

    details = env.aws_execution_details
    backend: Any = stepfunctions_parser_backends[details.account][details.region]
    context = env.states.context_object.context_object_data
    for machine in backend.state_machines:
        for execution in machine.executions:
            if execution.execution_arn == context["Execution"]["Id"]:
                return json.loads(execution.state_machine.definition)
    # The children of a Map Run are no executions of their machine.
    for machine in backend.state_machines:
        if machine.arn == context["StateMachine"]["Id"]:
            return json.loads(machine.definition)
    return None


def _find(value: Any, wanted: str, path: str) -> str | None:
    if isinstance(value, str):
        return path if value.replace(" ", "") == wanted else None
    if isinstance(value, dict):
        for key, item in value.items():
            if key in ("ItemProcessor", "Iterator", "Branches"):
                continue
            found = _find(item, wanted, f"{path}/{key}" if path else key)
            if found:
                return found
    if isinstance(value, list):
        for i, item in enumerate(value):
            found = _find(item, wanted, f"{path}[{i}]")
            if found:
                return found
    return None
