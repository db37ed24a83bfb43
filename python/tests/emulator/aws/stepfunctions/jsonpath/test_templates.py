"""Payload templates and ResultPath, each case with its source."""

import pytest

from emulator.aws.stepfunctions.jsonpath.path_syntax import parse_reference_path
from emulator.aws.stepfunctions.jsonpath.result_path import ResultPathError, insert
from emulator.aws.stepfunctions.jsonpath.templates import EvaluationError, Scope, fill
from tests.emulator.aws.stepfunctions.jsonpath.sources import (
    CONFORMANCE,
    FLOCI,
    OURS,
    RECORDED,
    RESULT_PATH,
    SPEC,
)

SCOPE = Scope(
    data={"flagged": 7, "vals": [0, 10, 20, 30], "role": "arn:r", "n": None, "f": 1.0},
    context={"Execution": {"Input": {"a": 1}, "Name": "run"}, "Map": {"Item": {"Index": 2}}},
    variables={"x": {"y": ["z"]}},
)
TEMPLATES = [
    ({}, {}, SPEC),
    ({"a": 1, "b": [1.0, None, "$.x"]}, {"a": 1, "b": [1.0, None, "$.x"]}, SPEC),
    (
        {"flagged": True, "parts": {"first.$": "$.vals[0]", "last.$": "$.vals[2:]"}},
        {"flagged": True, "parts": {"first": 0, "last": [20, 30]}},
        SPEC,
    ),
    ({"RoleArn.$": "$.role"}, {"RoleArn": "arn:r"}, SPEC),
    (
        {"a": [{"RoleArn.$": "$.role"}, {"b": [{"c.$": "$.n"}]}]},
        {"a": [{"RoleArn": "arn:r"}, {"b": [{"c": None}]}]},
        SPEC,
    ),
    ({"Next.$": "$.role", "Type.$": "$.f"}, {"Next": "arn:r", "Type": 1.0}, SPEC),
    ({"a.$": "$"}, {"a": SCOPE.data}, RECORDED),
    ({"a.$": "$$"}, {"a": SCOPE.context}, RECORDED),
    ({"a.$": "$$.Map.Item.Index"}, {"a": 2}, RECORDED),
    ({"a.$": "$x"}, {"a": {"y": ["z"]}}, RECORDED),
    ({"a.$": "$x.y[0]", "b.$": "States.ArrayLength($x.y)"}, {"a": "z", "b": 1}, SPEC),
    ({"a.$": " $.flagged "}, {"a": 7}, SPEC),
    ({"a.$": "$.vals[9]"}, {"a": None}, FLOCI),
    ({"a.$": "$.none[*].b"}, {"a": []}, RECORDED),
    ({"a.$": "States.Format('{}', $$.Execution.Name)"}, {"a": "run"}, SPEC),
    ({"$.a": "b", "a.$.b": "c"}, {"$.a": "b", "a.$.b": "c"}, SPEC),
]


@pytest.mark.parametrize(("template", "value", "source"), TEMPLATES)
def test_a_template_returns_its_value(template, value, source):
    assert repr(fill(template, SCOPE)) == repr(value), source


def test_the_result_of_a_template_is_a_copy():
    filled = fill({"a.$": "$.vals", "b.$": "$x"}, SCOPE)
    filled["a"].append(1)
    filled["b"]["y"].append(1)
    assert SCOPE.data["vals"] == [0, 10, 20, 30]
    assert SCOPE.variables["x"] == {"y": ["z"]}


@pytest.mark.parametrize(
    ("path", "told"),
    [
        ("$.nope", '{"ü":1}'),
        ("$.nope.deep", '{"ü":1}'),
        ("$.ü[0]", '{"ü":1}'),
        ("$$.Execution.Input.nope", '{"Execution":{"Input":{"b":2}}}'),
        ("$x.nope", '{"c":3}'),
        ("$y", '{"ü":1}'),
    ],
)
def test_a_path_that_matches_nothing_is_reported_with_field_and_input(path, told):
    # Recorded: localstack/localstack, test_invalid_jsonpath
    scope = Scope({"ü": 1}, {"Execution": {"Input": {"b": 2}}}, {"x": {"c": 3}})
    with pytest.raises(EvaluationError) as raised:
        fill({"a": [{"value.$": path}]}, scope)
    assert str(raised.value) == (
        f"The JSONPath '{path}' specified for the field 'value.$' could not be found in the input "
        f"'{told}'"
    )


INSERTED = [
    ("$", {"a": 1}, 5, 5, RESULT_PATH),
    ("$.r", {"a": 1}, 5, {"a": 1, "r": 5}, RESULT_PATH),
    ("$.r", {"r": {"old": 1}}, {"new": 2}, {"r": {"new": 2}}, CONFORMANCE),
    ("$.a.b.c", {"a": {"x": 1}}, [1], {"a": {"x": 1, "b": {"c": [1]}}}, CONFORMANCE),
    ("$['a b'].c", {}, None, {"a b": {"c": None}}, SPEC),
    ("$.l[1]", {"l": [1, 2]}, "x", {"l": [1, "x"]}, SPEC),
    ("$.l[0].y", {"l": [{"x": 1}]}, 2, {"l": [{"x": 1, "y": 2}]}, SPEC),
    ("$[0]", [1, 2], 3, [3, 2], SPEC),
]


@pytest.mark.parametrize(("path", "data", "result", "value", "source"), INSERTED)
def test_a_result_is_put_into_a_copy_of_the_input(path, data, result, value, source):
    before = repr(data)
    assert repr(insert(parse_reference_path(path), data, result)) == repr(value), source
    assert repr(data) == before


@pytest.mark.parametrize(
    ("path", "data", "source"),
    [
        ("$.r", "text", SPEC),
        ("$.r", None, SPEC),
        ("$.r", [1], SPEC),
        ("$.a.b", {"a": 7}, SPEC),
        ("$.a.b", {"a": None}, OURS),
        ("$.l[2]", {"l": [1, 2]}, OURS),
        ("$.l[0]", {"l": {}}, SPEC),
    ],
)
def test_a_result_that_cannot_be_inserted(path, data, source):
    with pytest.raises(ResultPathError):
        insert(parse_reference_path(path), data, 1)
