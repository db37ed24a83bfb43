from concurrent.futures import ThreadPoolExecutor

import pytest

from emulator.aws.stepfunctions.jsonata import expressions
from emulator.aws.stepfunctions.jsonata.expressions import (
    UNDEFINED,
    ExpressionError,
    check,
    evaluate,
)


@pytest.fixture(autouse=True, scope="module")
def _installed():
    expressions.install()


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("$range(1, 9, 2)", [1, 3, 5, 7, 9]),
        ("$range(3, 1, -1)", [3, 2, 1]),
        ("$partition([1, 2, 3, 4, 5], 2)", [[1, 2], [3, 4], [5]]),
        ("$hash('x', 'MD5')", "9dd4e461268c8034f5c8564e155c67a6"),
        ("$hash('x', 'SHA-256') = $hash('x', 'SHA-256')", True),
        ("$parse('{\"a\": [1, 2]}').a[1]", 2),
        ("$random(7) = $random(7)", True),
        ("$random() < 1", True),
        ("$uuid() = $uuid()", False),
        ("{'a': $missing, 'b': null}", {"b": None}),
        ("$lowercase('ÄſßΑΣ')", "äſßας"),
        ("{'a': $lowercase($missing)}", {}),
        ("['A', 'B'].$lowercase()", ["a", "b"]),
        ("2 / 2", 1),
        ("0.1 + 0.2", 0.1 + 0.2),
    ],
)
def test_functions_and_numbers_are_those_of_step_functions(expression, expected):
    result = evaluate(expression, {})
    assert result == expected
    assert type(result) is type(expected)


@pytest.mark.parametrize("text", ['say "hi"', "two\nlines", "back\\slash", "größe 😀", "{% $x %}"])
def test_a_variable_can_have_any_text(text):
    assert evaluate("$text & '!'", {"text": text}) == text + "!"


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ({"größe": 1.0, "list": [2.5, None, True]}, '{"größe":1,"list":[2.5,null,true]}'),
        (0.1 + 0.2, "0.3"),
        (1e-320, "1e-320"),
        (-5e-324, "-5e-324"),
        (1.2345678901234567e-300, "1.23456789012346e-300"),
        (100, "100"),
        ("as it is", "as it is"),
    ],
)
def test_string_writes_values_as_javascript_does(value, text):
    assert evaluate("$string($value)", {"value": value}) == text
    assert evaluate("'' & $value", {"value": value}) == text


def test_null_is_a_value_and_a_missing_field_is_none():
    assert evaluate("$x", {"x": None}) is None
    assert evaluate("$x.y", {"x": {}}) is UNDEFINED


@pytest.mark.parametrize(
    ("expression", "problem"),
    [
        ("1 + 'a'", "T2002"),
        ("$eval('1')", r"\$eval is not supported"),
        ("$range(1, 2, 0)", "must not be 0"),
        ("$partition([1], 0)", "must be greater than 0"),
        ("$hash('x', 'CRC')", "SHA-512"),
        ("$parse('{')", "not JSON"),
        ("$sum", "not a JSON value"),
        ("($f := function($n) { 1 + $f($n) }; $f(1))", "D1011"),
        ("($f := function($n) { $f($n) }; $f(1))", "D1012"),
    ],
)
def test_fails_with_the_reason(expression, problem):
    with pytest.raises(ExpressionError, match=problem):
        evaluate(expression, {})


def test_fails_to_parse_what_is_not_jsonata():
    check("$states.input.a[b > 1]")
    with pytest.raises(ExpressionError, match="S0203"):
        check("(1 + 2")


def test_an_expression_evaluated_in_many_threads_has_the_variables_of_each():
    expression = "$sum([1..200].($ * $factor)) & $join($map($names, function($n) { $n & $factor }))"

    def result(factor):
        return evaluate(expression, {"factor": factor, "names": ["a", "b"]})

    with ThreadPoolExecutor(8) as pool:
        results = list(pool.map(result, range(64)))
    assert results == [f"{20100 * factor}a{factor}b{factor}" for factor in range(64)]


def test_evaluators_of_an_expression_share_its_syntax_tree_only():
    one, other = (expressions._evaluator("$a + 1") for _ in range(2))
    assert one.ast is other.ast
    assert one is not other
    assert one.environment is not other.environment
