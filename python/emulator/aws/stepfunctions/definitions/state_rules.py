"""Retriers, catchers and the rules of Choice states."""

from collections.abc import Iterator
from typing import Any

from emulator.aws.stepfunctions.definitions.state_fields import (
    CATCHER_FIELDS,
    JSONATA_RULE_FIELDS,
    RETRIER_FIELDS,
)
from emulator.aws.stepfunctions.field_values import is_expression, value_problems


def rule_problems(state: dict[str, Any], jsonata: bool, path: str) -> Iterator[str]:
    """Return the problems of a state's retriers, catchers and choices."""
    known = {
        "Retry": RETRIER_FIELDS,
        "Catch": CATCHER_FIELDS | ({"Output"} if jsonata else {"ResultPath"}),
        "Choices": JSONATA_RULE_FIELDS if jsonata else None,
    }
    for field, fields in known.items():
        rules = state.get(field)
        rules = rules if isinstance(rules, list) else []
        for i, rule in enumerate(rules):
            where = f"{path}/{field}[{i}]"
            if not isinstance(rule, dict):
                yield f"SCHEMA_VALIDATION_FAILED: Expected value of type Object at {where}"
                continue
            for name in rule:
                if fields is not None and name not in fields:
                    yield f"SCHEMA_VALIDATION_FAILED: Field is not supported at {where}/{name}"
            yield from value_problems(rule, where)
            yield from _missing(rule, field, jsonata, where)
            if field in ("Retry", "Catch"):
                yield from _error_problems(rule, i == len(rules) - 1, where)


def _missing(rule: dict[str, Any], field: str, jsonata: bool, path: str) -> Iterator[str]:
    required = {"Retry": ("ErrorEquals",), "Catch": ("ErrorEquals", "Next"), "Choices": ("Next",)}
    for name in (*required[field], *(("Condition",) if field == "Choices" and jsonata else ())):
        if name not in rule:
            yield (
                f"SCHEMA_VALIDATION_FAILED: The field '{name}' is required but was missing at "
                f"{path}"
            )
    condition = rule.get("Condition", True) if jsonata else True
    if not isinstance(condition, bool) and not is_expression(condition):
        yield (
            "SCHEMA_VALIDATION_FAILED: The value of 'Condition' must be true, false or a JSONata "
            f"expression, got {condition!r} at {path}/Condition"
        )


def _error_problems(rule: dict[str, Any], last: bool, path: str) -> Iterator[str]:
    names = rule.get("ErrorEquals", ["E"])
    where = f"{path}/ErrorEquals"
    if not isinstance(names, list) or not names or not all(isinstance(n, str) for n in names):
        yield (
            "SCHEMA_VALIDATION_FAILED: The value of 'ErrorEquals' must be an array of error names "
            f"that is not empty, got {names!r} at {where}"
        )
        return
    if "States.ALL" in names and len(names) > 1:
        yield f"SCHEMA_VALIDATION_FAILED: States.ALL must appear alone in ErrorEquals at {where}"
    if "States.ALL" in names and not last:
        yield (
            "SCHEMA_VALIDATION_FAILED: States.ALL can only be in the last element of its array, "
            f"what follows is never used at {where}"
        )
