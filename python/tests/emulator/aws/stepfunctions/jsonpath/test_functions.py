"""Intrinsic functions against the table of cases, each with its source."""

import re

import pytest

from emulator.aws.stepfunctions.jsonpath.intrinsic_functions import FUNCTIONS
from emulator.aws.stepfunctions.jsonpath.intrinsic_syntax import IntrinsicSyntaxError, parse_call
from emulator.aws.stepfunctions.jsonpath.templates import EvaluationError, Scope, evaluate
from tests.emulator.aws.stepfunctions.jsonpath.function_cases import FAILURES, NO_CALLS, VALUES


def value_of(text, data):
    return evaluate(parse_call(text), Scope(data, {"Execution": {"Name": "run"}}, {"v": [7]}), "f")


@pytest.mark.parametrize(("call", "data", "value", "source"), VALUES)
def test_a_call_returns_its_value(call, data, value, source):
    assert repr(value_of(call, data)) == repr(value), source


@pytest.mark.parametrize(("call", "data", "source"), FAILURES)
def test_a_call_fails_with_its_whole_text(call, data, source):
    with pytest.raises(EvaluationError) as raised:
        value_of(call, data)
    name = call.partition("(")[0]
    text = f"The function '{call}' had the following error: Invalid arguments in {name}"
    assert str(raised.value) == text, source


@pytest.mark.parametrize(("text", "problem", "source"), NO_CALLS)
def test_an_invalid_call_is_refused(text, problem, source):
    with pytest.raises(IntrinsicSyntaxError) as raised:
        parse_call(text)
    assert problem in str(raised.value), source


def test_every_function_has_cases():
    named = {name for case in VALUES for name in re.findall(r"States\.(\w+)\(", case[0])}
    # The value of a new identifier is random.
    assert named == set(FUNCTIONS) - {"UUID"}


def test_an_identifier_is_a_new_random_uuid():
    first, second = value_of("States.UUID()", {}), value_of("States.UUID()", {})
    assert re.fullmatch(
        r"[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}", first
    )
    assert first != second


def test_a_seed_makes_a_random_number_repeatable_and_without_one_they_cover_the_range():
    assert len({value_of("States.MathRandom(0, 10000, 42)", {}) for _ in range(5)}) == 1
    drawn = {value_of("States.MathRandom(-1, 2)", {}) for _ in range(300)}
    assert drawn == {-1, 0, 1}


@pytest.mark.parametrize(
    ("call", "field", "looked_in"),
    [
        ("States.Format('{}', $.nope)", "$.nope", '{"other":1}'),
        ("States.Format('{}', States.Format('{}', $.nope))", "$.nope", '{"other":1}'),
        ("States.Format('{}', $.other[5])", "$.other[5]", '{"other":1}'),
        ("States.Array($$.Nope)", "$$.Nope", '{"Execution":{"Name":"run"}}'),
        ("States.Array($v[3])", "$v[3]", "[7]"),
        ("States.Array($w)", "$w", '{"other":1}'),
    ],
)
def test_a_missing_argument_fails_the_whole_call(call, field, looked_in):
    # Recorded: floci-io/floci, StepFunctionsIntrinsicMissingArgumentIntegrationTest
    with pytest.raises(EvaluationError) as raised:
        value_of(call, {"other": 1})
    assert str(raised.value) == (
        f"The function '{call}' had the following error: The JsonPath argument for the field "
        f"'{field}' could not be found in the input '{looked_in}'"
    )


def test_arguments_may_be_paths_of_the_context_and_variables():
    assert value_of("States.Array($$.Execution.Name, $v, $v[0])", {}) == ["run", [7], 7]
