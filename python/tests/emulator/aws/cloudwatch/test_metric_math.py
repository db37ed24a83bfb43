import pytest

from emulator.aws.cloudwatch.metric_math import Expression, ExpressionError

VALUES = {"a": [1.0, None, 4.0], "b": [2.0, 2.0, 0.0], "empty": [None, None, None]}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("100 * a / b", [50.0, None, None]),  # a division by zero has no data point
        ("a + b", [3.0, None, 4.0]),
        ("-b ^ 2", [-4.0, -4.0, 0.0]),
        ("FILL(a, 0) + b", [3.0, 2.0, 4.0]),
        ("FILL(a, b)", [1.0, 2.0, 4.0]),
        ("SUM([a, b])", [3.0, 2.0, 4.0]),
        ("MAX([a, b, empty])", [2.0, 2.0, 4.0]),
        ("AVG([a, b])", [1.5, 2.0, 2.0]),
        ("b - MIN(b)", [2.0, 2.0, 0.0]),
        ("IF(b > 1, a, 7)", [1.0, None, 7.0]),
        ("IF(b > 1 AND a > 1, 1, 0)", [0.0, None, 0.0]),
        ("a == 1 || b == 0", [1.0, None, 1.0]),
        ("b / PERIOD(b)", [2 / 60, 2 / 60, 0.0]),
        ("CEIL(b / 3) + FLOOR(b / 3) + ABS(-b)", [3.0, 3.0, 0.0]),
        ("empty + 1", [None, None, None]),
    ],
)
def test_expressions_work_value_by_value(text, expected):
    assert Expression(text).evaluate(VALUES, 3, 60) == expected


def test_an_expression_lists_the_ids_it_needs():
    assert Expression("SUM([m1, m2]) / e1").ids == {"m1", "m2", "e1"}


@pytest.mark.parametrize(
    "text",
    [
        *("a +", "ANOMALY_DETECTION_BAND(a)", "SEARCH('x', 'Sum', 60)", "a.b", "a[0]", "not a"),
        *("lambda: 1", "[x for x in a]", "a % b", "__import__('os')", "'text'"),
    ],
)
def test_fails_for_unsupported_expressions(text):
    with pytest.raises(ExpressionError) as refusal:
        Expression(text)
    assert text in str(refusal.value)


@pytest.mark.parametrize("text", ["SUM(b)", "[a, b]", "1 + 1", "SUM(1)"])
def test_fails_if_the_result_is_not_one_time_series(text):
    with pytest.raises(ExpressionError):
        Expression(text).evaluate(VALUES, 3, 60)
