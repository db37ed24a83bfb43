import pytest

from answers import Example, InvalidExamples, Range, failures, parse_examples, request_body

EXAMPLE = {"instances": [[1, 2], [3, 4]], "low": 0, "high": 5}
TWO = Example([[1, 2], [3, 4]], Range(0, 5))
LABELS = Example([["a"], ["b"]], ["Barolo", "Dolcetto"])


@pytest.mark.parametrize(
    "answer",
    ['{"predictions": [0, 5]}', "[2.5, 0.1]", '{"predictions": [1, 2], "model_type": "F"}'],
)
def test_predictions_within_the_range_have_no_fault(answer: str):
    assert failures(TWO, answer) == []


@pytest.mark.parametrize(
    ("answer", "told"),
    [
        ("", ['the response must be JSON, got ""']),
        ("[" * 100_000, ["the response must be JSON"]),
        ("3", ["the response must contain a list of predictions"]),
        ('{"error": "no"}', ["the response must contain a list of predictions"]),
        ("[1]", ["the response must contain 2 predictions, got 1"]),
        ("[1, 2, 3]", ["the response must contain 2 predictions, got 3"]),
        ("[1, NaN]", ["instance 2: the prediction must be a finite number, got NaN"]),
        ("[Infinity, 1]", ["instance 1: the prediction must be a finite number, got Infinity"]),
        (
            '["1", null]',
            ["instance 1: ", "instance 2: the prediction must be a finite number, got null"],
        ),
        (
            "[true, [1]]",
            [
                "instance 1: the prediction must be a finite number, got true",
                "instance 2: the prediction must be a finite number, got [1]",
            ],
        ),
        (
            "[-0.1, 5.1]",
            [
                "instance 1: the prediction must be from 0 to 5, got -0.1",
                "instance 2: the prediction must be from 0 to 5, got 5.1",
            ],
        ),
    ],
)
def test_each_fault_of_a_response_is_reported(answer: str, told: "list[str]"):
    found = failures(TWO, answer)

    assert len(found) == len(told)
    for fault, beginning in zip(found, told):
        assert fault.startswith(beginning)


@pytest.mark.parametrize(
    ("expected", "answer", "told"),
    [
        (["Barolo", "Dolcetto"], '{"predictions": ["Barolo", "Dolcetto"]}', []),
        ([1, 2.5], "[1.0, 2.5]", []),
        ([True, False], "[true, false]", []),
        (
            ["Barolo", "Dolcetto"],
            '["Dolcetto", 1]',
            ['1: the prediction must be "Barolo"', '2: the prediction must be "Dolcetto", got 1'],
        ),
        (
            [1, 0],
            "[true, false]",
            ["1: the prediction must be 1, got true", "2: the prediction must be 0, got false"],
        ),
        (
            [True, "1"],
            "[1, 1]",
            ["1: the prediction must be true, got 1", '2: the prediction must be "1", got 1'],
        ),
        (["a", "b"], '["a"]', ["must contain 2 predictions, got 1"]),
    ],
)
def test_a_prediction_must_equal_the_expected_value(expected: list, answer: str, told: "list[str]"):
    found = failures(Example([["x"], ["y"]], expected), answer)

    assert len(found) == len(told)
    for fault, part in zip(found, told):
        assert part in fault


def test_examples_are_read():
    assert parse_examples([EXAMPLE]) == [TWO]
    labels = {"instances": LABELS.instances, "expected": LABELS.expected}
    assert parse_examples([labels, EXAMPLE]) == [LABELS, TWO]


@pytest.mark.parametrize(
    ("examples", "reason"),
    [
        (None, "the examples must be a list of 1 to 100, got null"),
        ([], "the examples must be a list of 1 to 100, got []"),
        ([EXAMPLE] * 101, "the examples must be a list of 1 to 100"),
        ([3], "example 1 must be an object, got 3"),
        ([EXAMPLE, {"low": 0, "high": 1}], "example 2: instances must be a non-empty list"),
        ([{**EXAMPLE, "instances": []}], "example 1: instances must be a non-empty list"),
        ([{**EXAMPLE, "low": None}], "example 1: low must be a finite number, got null"),
        ([{**EXAMPLE, "high": float("inf")}], "example 1: high must be a finite number"),
        ([{"instances": [1, 2], "expected": ["a"]}], "one value for each of the 2 instances, got"),
        ([{"instances": [1], "expected": "a"}], "one value for each of the 1 instances, got"),
        ([{"instances": [1], "expected": [None]}], "must hold text, numbers or booleans, got null"),
        ([{**EXAMPLE, "low": 6}], "example 1: low must be at most high, 5, got 6"),
    ],
)
def test_fails_for_invalid_examples(examples: object, reason: str):
    with pytest.raises(InvalidExamples) as caught:
        parse_examples(examples)

    assert reason in str(caught.value)


def test_a_request_is_json_or_csv():
    assert request_body([[1, None], {"a": 2}], "application/json") == (
        '{"instances": [[1, null], {"a": 2}]}'
    )
    assert request_body([[1, "a,b"], [2.5, None]], "text/csv") == '1,"a,b"\n2.5,\n'


def test_fails_when_instances_do_not_fit_the_content_type():
    with pytest.raises(InvalidExamples, match="to be sent as text/csv, got"):
        request_body([{"a": 1}], "text/csv")
    with pytest.raises(InvalidExamples, match="must be application/json or text/csv"):
        request_body([[1]], "image/png")
