"""The checks of the paths, templates and rules of a JSONPath state."""

from collections.abc import Callable, Iterator
from typing import Any

from emulator.aws.stepfunctions.jsonpath.choice_rules import literal_problem, parse_timestamp
from emulator.aws.stepfunctions.jsonpath.intrinsic_syntax import UnsupportedCallError
from emulator.aws.stepfunctions.jsonpath.path_syntax import (
    PathSyntaxError,
    UnsupportedPathError,
    parse_path,
    parse_reference_path,
)
from emulator.aws.stepfunctions.jsonpath.templates import expressions, parse_expression

_PATHS = (
    *("InputPath", "OutputPath", "ItemsPath", "SecondsPath", "TimestampPath"),
    *("TimeoutSecondsPath", "HeartbeatSecondsPath", "MaxConcurrencyPath"),
    *("ToleratedFailureCountPath", "ToleratedFailurePercentagePath"),
    *("MaxItemsPath", "MaxItemsPerBatchPath", "MaxInputBytesPerBatchPath"),
)
_MAY_BE_NULL = ("InputPath", "OutputPath", "ResultPath")
_EXPRESSIONS = ("ErrorPath", "CausePath")
_TEMPLATES = ("Parameters", "ResultSelector", "ItemSelector", "Assign", "Credentials", "BatchInput")
_WITHIN = ("ItemReader", "ReaderConfig", "ItemBatcher", "ResultWriter")
_RULE_PARTS = ("Variable", "Next", "Comment", "Assign")


def path_problems(state: dict[str, Any], path: str) -> Iterator[str]:
    """Return the problems that Step Functions would refuse, or the emulator cannot evaluate.

    `state` is a state in JSONPath, `path` its location in the definition.
    """
    yield from _field_problems(state, path)
    for i, catcher in enumerate(_dicts(state.get("Catch"))):
        yield from _field_problems(catcher, f"{path}/Catch[{i}]")
    for i, rule in enumerate(_dicts(state.get("Choices"))):
        yield from _rule_problems(rule, f"{path}/Choices[{i}]")
        yield from _template_problems(rule.get("Assign"), f"{path}/Choices[{i}]/Assign")
    if "Timestamp" in state and parse_timestamp(state["Timestamp"]) is None:
        yield _failed(f"String does not match RFC3339 timestamp at {path}/Timestamp")


def _dicts(value: Any) -> list[dict[str, Any]]:
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []


def _failed(text: str) -> str:
    return f"SCHEMA_VALIDATION_FAILED: {text}"


def _field_problems(fields: dict[str, Any], path: str) -> Iterator[str]:
    for name, value in fields.items():
        where = f"{path}/{name}"
        if value is None and name in _MAY_BE_NULL:
            continue
        if name in _PATHS:
            yield from _unless_parsed(parse_path, value, "a valid JSONPath", where)
        elif name == "ResultPath":
            yield from _unless_parsed(_parse_result_path, value, "a Reference Path", where)
        elif name in _EXPRESSIONS:
            wanted = "a valid JSONPath or a valid intrinsic function call"
            yield from _unless_parsed(parse_expression, value, wanted, where)
        elif name in _TEMPLATES:
            yield from _template_problems(value, where)
        elif name in _WITHIN and isinstance(value, dict):
            yield from _field_problems(value, where)


def _parse_result_path(text: str) -> Any:
    path = parse_reference_path(text)
    if path.root != "$":
        raise PathSyntaxError(f"'{text}' is not a place in the state's input, which starts with $")
    return path


def _unless_parsed(
    parse: Callable[[str], Any], value: Any, wanted: str, where: str
) -> Iterator[str]:
    yield from _parse_problems(parse, value, f"Value is not {wanted}", where)


def _parse_problems(
    parse: Callable[[str], Any], value: Any, refusal: str, where: str
) -> Iterator[str]:
    if not isinstance(value, str):
        yield _failed(f"{refusal}: it must be a string, got {value!r} at {where}")
        return
    try:
        parse(value)
    except (UnsupportedPathError, UnsupportedCallError) as error:
        yield f"EMULATOR_DOES_NOT_RUN: {error} at {where}"
    except ValueError as error:
        yield _failed(f"{refusal}: {error} at {where}")


def _template_problems(template: Any, path: str) -> Iterator[str]:
    for where, name, value in expressions(template, path):
        refusal = (
            f"The value for the field '{name}' must be a valid JSONPath or a valid intrinsic "
            "function call"
        )
        yield from _parse_problems(parse_expression, value, refusal, where)


def _rule_problems(rule: dict[str, Any], path: str) -> Iterator[str]:
    for name, value in rule.items():
        where = f"{path}/{name}"
        if name in ("And", "Or"):
            for i, inner in enumerate(_dicts(value)):
                yield from _rule_problems(inner, f"{where}[{i}]")
        elif name == "Not" and isinstance(value, dict):
            yield from _rule_problems(value, where)
        elif name == "Variable" or name.endswith("Path"):
            yield from _unless_parsed(parse_path, value, "a Reference Path", where)
        elif name not in _RULE_PARTS:
            problem = literal_problem(name, value)
            if problem:
                yield _failed(f"{name} {problem}, got {value!r} at {where}")
