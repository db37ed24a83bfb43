import json

import pytest

from evaluation import EvaluationFileInvalid, MetricMissing
from gate import Comparison, Decision, Difference, decide, read_comparison

METRICS = {"test_r2": 0.774}
DIFFERENCE = {"metric": "test_rmse", "value": 0.02, "low": 0.01, "high": 0.03, "confidence": 0.9}


def compared(low: float) -> Comparison:
    return Comparison("compared", "", Difference("test_rmse", low + 0.01, low, low + 0.02, 0.95))


def test_without_a_comparison_the_threshold_decides():
    assert decide(METRICS, "test_r2", 0.7) == Decision(
        True, "Threshold", "test_r2 is 0.774, greater than 0.7"
    )
    assert decide(METRICS, "test_r2", 0.774) == Decision(
        False, "Threshold", "test_r2 is 0.774, must be greater than 0.774"
    )


@pytest.mark.parametrize(
    ("low", "margin", "passed"),
    [
        (0.001, 0, True),
        (0.0, 0, False),
        (-0.001, 0, False),
        (-0.001, -0.002, True),
        (-0.002, -0.002, False),
        (0.01, 0.02, False),
    ],
)
def test_the_lower_bound_of_the_improvement_must_be_greater_than_the_margin(
    low: float, margin: float, passed: bool
):
    decision = decide(METRICS, "test_r2", 0.7, compared(low), margin)

    assert (decision.passed, decision.rule) == (passed, "Margin")
    assert "test_rmse improves by" in decision.reason
    assert ("which must be greater than" in decision.reason) is not passed


@pytest.mark.parametrize(
    ("rmse", "passed", "told"),
    [
        (0.49, True, "test_rmse is 0.49, smaller than 0.5"),
        (0.5, False, "test_rmse is 0.5, must be smaller than 0.5"),
        (0.7, False, "test_rmse is 0.7, must be smaller than 0.5"),
    ],
)
def test_a_metric_that_is_better_smaller_must_be_below_the_threshold(
    rmse: float, passed: bool, told: str
):
    decision = decide({"test_rmse": rmse}, "test_rmse", 0.5, better="smaller")

    assert decision == Decision(passed, "Threshold", told)


@pytest.mark.parametrize(("low", "passed"), [(0.001, True), (-0.001, False)])
def test_an_improvement_is_positive_even_if_smaller_is_better(low: float, passed: bool):
    comparison = compared(low)._replace(better="smaller")

    decision = decide({"test_rmse": 0.4}, "test_rmse", 0.5, comparison, better="smaller")

    assert (decision.passed, decision.rule) == (passed, "Margin")


def test_fails_when_the_comparison_has_the_other_direction():
    comparison = compared(0.1)._replace(better="smaller")

    with pytest.raises(EvaluationFileInvalid, match="smaller values of test_rmse are better"):
        decide({"test_rmse": 0.7}, "test_rmse", 0.5, comparison)
    # Another metric may have another direction.
    assert decide({"test_r2": 0.7}, "test_r2", 0.5, comparison).passed


def test_a_model_that_beats_the_champion_must_also_pass_the_threshold():
    decision = decide({"test_r2": 0.5}, "test_r2", 0.7, compared(0.3))

    assert decision == Decision(False, "Threshold", "test_r2 is 0.5, must be greater than 0.7")


def test_the_first_release_has_the_threshold_only():
    decision = decide(METRICS, "test_r2", 0.7, Comparison("first-release", "none", None), 0.5)

    assert (decision.passed, decision.rule) == (True, "FirstRelease")
    assert decision.reason.endswith("first release, there is no champion")


def test_a_champion_that_cannot_be_compared_holds_the_release_unless_accepted():
    comparison = Comparison("not-comparable", "the archive is broken", None)

    held = decide(METRICS, "test_r2", 0.7, comparison)
    accepted = decide(METRICS, "test_r2", 0.7, comparison, accept_incomparable=True)

    assert (held.passed, accepted.passed) == (False, True)
    assert held.rule == accepted.rule == "ChampionNotComparable"
    assert "the archive is broken; not released without a comparison" in held.reason
    assert decide({"test_r2": 0.5}, "test_r2", 0.7, comparison, 0, True).passed is False


def test_fails_when_the_metric_is_missing():
    with pytest.raises(MetricMissing, match="must contain the metric 'f1'"):
        decide(METRICS, "f1", 0.7, compared(1))


def test_a_comparison_is_read():
    content = json.dumps({"status": "compared", "difference": DIFFERENCE, "slices": []}).encode()

    assert read_comparison(content) == Comparison("compared", "", Difference(**DIFFERENCE))


@pytest.mark.parametrize("better", ["greater", "smaller"])
def test_a_comparison_may_state_which_values_are_better(better: str):
    difference = {**DIFFERENCE, "better": better}

    found = read_comparison(json.dumps({"status": "compared", "difference": difference}).encode())

    assert found.better == better


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "must be JSON"),
        (b"\xff", "must be JSON"),
        (b"[" * 100_000, "must be JSON"),
        (b"[]", "must be an object"),
        (b"{}", "status must be one of compared, first-release, not-comparable, got null"),
        (
            b'{"status": "better"}',
            'status must be one of compared, first-release, not-comparable, got "better"',
        ),
        (b'{"status": "compared"}', "difference must be an object with a metric"),
        (b'{"status": "compared", "difference": {}}', "difference must be an object with a metric"),
        (
            json.dumps(
                {"status": "compared", "difference": {**DIFFERENCE, "better": "higher"}}
            ).encode(),
            'difference.better must be greater or smaller, got "higher"',
        ),
        (
            json.dumps({"status": "compared", "difference": {**DIFFERENCE, "low": None}}).encode(),
            "difference.low must be a finite number, got null",
        ),
        (
            json.dumps(
                {"status": "compared", "difference": {**DIFFERENCE, "low": float("nan")}}
            ).encode(),
            "difference.low must be a finite number, got NaN",
        ),
    ],
)
def test_fails_for_an_invalid_comparison(content: bytes, reason: str):
    with pytest.raises(EvaluationFileInvalid) as caught:
        read_comparison(content)

    assert reason in str(caught.value)
