"""The comparisons of Choice rules against the table of cases, each with its source."""

import pytest

from emulator.aws.stepfunctions.jsonpath.choice_rules import compare, literal_problem
from tests.emulator.aws.stepfunctions.jsonpath.choice_cases import CASES, WRONG_LITERALS


@pytest.mark.parametrize(("comparison", "value", "wanted", "outcome", "source"), CASES)
def test_a_comparison(comparison, value, wanted, outcome, source):
    assert literal_problem(comparison, wanted) is None, source
    assert compare(comparison, value, wanted) is outcome, source


@pytest.mark.parametrize("kind", ["String", "Numeric", "Boolean", "Timestamp"])
def test_a_comparison_with_a_path_to_another_type_is_false(kind):
    # Recorded for texts that are not timestamps: gabrielmoreira/tiny-asl-machine
    value = {"String": "a", "Numeric": 1, "Boolean": True, "Timestamp": "2025-01-01T00:00:00Z"}
    assert compare(f"{kind}Equals", value[kind], [value[kind]]) is False


@pytest.mark.parametrize(("comparison", "wanted", "problem"), WRONG_LITERALS)
def test_a_literal_of_the_wrong_type_is_refused(comparison, wanted, problem):
    assert problem in literal_problem(comparison, wanted)
