import pytest

from tests.lambda_src.experiment_simulation import (
    BETTER,
    FAILING,
    NO_DIFFERENCE,
    SMALL_SHARE,
    WORSE,
    Truth,
    fixed_sample_test,
    simulate,
)


@pytest.mark.parametrize("truth", NO_DIFFERENCE, ids=lambda truth: truth.name)
def test_at_most_5_percent_of_1000_tests_find_a_difference_where_there_is_none(truth: Truth):
    found = simulate(truth)

    assert found.promoted + found.rolled_back <= 0.05


def test_a_fixed_sample_test_checked_as_often_would_exceed_its_error_rate():
    found = simulate(NO_DIFFERENCE[0], fixed_sample_test)

    assert found.promoted + found.rolled_back > 0.2


@pytest.mark.parametrize("truth", [BETTER, SMALL_SHARE], ids=lambda truth: truth.name)
def test_at_least_80_percent_of_challengers_better_by_the_effect_are_promoted(truth: Truth):
    found = simulate(truth)

    assert found.promoted >= 0.8
    assert found.rolled_back <= 0.05


def test_at_least_80_percent_of_challengers_worse_by_the_effect_are_rolled_back():
    found = simulate(WORSE)

    assert found.rolled_back >= 0.8
    assert found.promoted <= 0.05


def test_failing_challengers_are_rolled_back():
    found = simulate(FAILING, tests=200)

    assert found.rolled_back == 1
    assert found.ninth_decile <= 3_000
