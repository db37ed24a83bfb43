import math

import pytest

from experiment import Counts, decide
from sequential import Sample
from settings import InvalidExperiment, Settings, parse_event

EVENT = {
    "Experiment": "forest-against-linear",
    "EndpointName": "housing-dev",
    "S3Bucket": "artifacts",
    "Champion": "forest",
    "Challengers": ["linear"],
    "RewardRange": [0, 1],
    "Effect": 0.05,
    "MaxErrorRate": 0.02,
    "MaxLatencyMilliseconds": 200,
}
TWO = parse_event(EVENT)
THREE = parse_event({**EVENT, "Challengers": ["linear", "boosted"]})


def rewards(mean: float, size: int = 10_000) -> Sample:
    return Sample(size, mean * size)


def counts(settings: Settings = TWO, **changed: Counts) -> dict[str, Counts]:
    usual = Counts(10_000, 50, [20.0] * 5, rewards(0.5))
    return {variant: changed.get(variant, usual) for variant in settings.variants}


def test_equal_variants_are_held_and_keep_their_weights():
    decision = decide(TWO, counts(), {})

    assert (decision.verdict, decision.final, decision.weights) == ("hold", False, {})
    assert "no difference is certain yet: linear +0 a reward, between -0.0" in decision.reasons[0]


def test_a_challenger_that_earns_more_is_promoted():
    decision = decide(TWO, counts(linear=Counts(rewards=rewards(0.6))), {})

    assert (decision.verdict, decision.winner, decision.final) == ("promote", "linear", True)
    assert decision.weights == {"forest": 0, "linear": 1}
    assert decision.reasons[0].startswith("linear earns more than forest: +0.1 a reward, between")


def test_a_challenger_that_earns_less_is_rolled_back():
    decision = decide(TWO, counts(linear=Counts(rewards=rewards(0.4))), {})

    assert (decision.verdict, decision.winner, decision.final) == ("rollBack", "forest", True)
    assert decision.weights == {"forest": 1, "linear": 0}
    assert decision.reasons[0].startswith("linear earns less than forest: -0.1 a reward, between")


def test_a_difference_that_a_few_rewards_show_decides_nothing():
    few = {"forest": Counts(rewards=rewards(0.4, 10)), "linear": Counts(rewards=rewards(0.6, 10))}

    decision = decide(TWO, few, {})

    assert decision.verdict == "hold"
    assert (decision.differences["linear"].low, decision.differences["linear"].high) == (-1, 1)


def test_without_rewards_the_test_waits():
    decision = decide(TWO, {variant: Counts() for variant in TWO.variants}, {})

    assert decision.verdict == "hold"
    assert decision.reasons == ["there are no rewards to compare yet"]


def test_errors_roll_back_before_rewards_come():
    decision = decide(TWO, counts(linear=Counts(40, 8)), {})

    assert decision.verdict == "rollBack"
    assert decision.reasons == [
        "linear fails too often: 8 of 40 invocations, the limit is 2.00%",
    ]


def test_errors_use_up_only_their_share_of_the_false_alarms():
    """One failure in one trial is evidence of 25 against 2 %: enough for 5 %, not for 0.5 %."""
    assert decide(TWO, counts(linear=Counts(1, 1)), {}).verdict == "hold"


def test_errors_roll_back_a_challenger_that_earns_more():
    decision = decide(TWO, counts(linear=Counts(1_000, 100, (), rewards(0.9))), {})

    assert decision.verdict == "rollBack"


def test_errors_of_the_champion_do_not_decide():
    assert decide(TWO, counts(forest=Counts(1_000, 900)), {}).verdict == "hold"


@pytest.mark.parametrize(
    ("latencies", "verdict"),
    [
        ([20.0, 20.0, 250.0, 300.0, 201.0], "rollBack"),
        ([250.0, 300.0, 201.0], "rollBack"),
        ([900.0, 900.0, 900.0, 250.0, 200.0], "hold"),
        ([250.0, 300.0], "hold"),
        ([], "hold"),
    ],
)
def test_latency_above_the_limit_in_three_minutes_in_a_row_rolls_back(latencies, verdict):
    assert decide(TWO, counts(linear=Counts(100, 0, latencies)), {}).verdict == verdict


def test_the_reason_of_a_slow_challenger_names_limit_and_latency():
    decision = decide(TWO, counts(linear=Counts(100, 0, [250.0, 300.0, 240.0])), {})

    assert decision.reasons == [
        "linear is too slow: its mean latency was above 200 ms in each of its last 3 minutes with "
        "traffic, at least 240 ms"
    ]


def test_faulty_rewards_decide_nothing_and_guards_still_act():
    better, problems = Counts(rewards=rewards(0.9)), ["rewards/x.jsonl: line 3 is not JSON"]

    held = decide(TWO, counts(linear=better), {}, problems)
    failing = decide(TWO, counts(linear=Counts(100, 50, (), rewards(0.9))), {}, problems)

    assert (held.verdict, held.reasons) == ("hold", problems)
    assert failing.verdict == "rollBack"


def test_of_several_challengers_the_worse_is_stopped_and_the_other_continues():
    decision = decide(THREE, counts(THREE, linear=Counts(rewards=rewards(0.4))), {})

    assert (decision.verdict, decision.final, decision.winner) == ("stop", False, None)
    assert decision.weights == {"linear": 0}
    assert list(decision.stopped) == ["linear"]


def test_a_stopped_challenger_stays_stopped_and_is_reported_once():
    earns_most = counts(THREE, linear=Counts(rewards=rewards(0.9)))

    decision = decide(THREE, earns_most, {"linear": "it failed"})

    assert (decision.verdict, decision.weights) == ("hold", {"linear": 0})
    assert decision.stopped == {"linear": "it failed"}


def test_when_the_last_challenger_is_stopped_the_champion_gets_all_traffic():
    slow = Counts(9, 0, [999.0] * 3)

    decision = decide(THREE, counts(THREE, boosted=slow), {"linear": "it failed"})

    assert decision.verdict == "rollBack"
    assert decision.weights == {"forest": 1, "linear": 0, "boosted": 0}
    assert list(decision.stopped) == ["linear", "boosted"]


def test_the_best_of_several_better_challengers_is_promoted():
    better = counts(
        THREE, linear=Counts(rewards=rewards(0.6)), boosted=Counts(rewards=rewards(0.7))
    )

    decision = decide(THREE, better, {})

    assert (decision.verdict, decision.winner) == ("promote", "boosted")
    assert decision.weights == {"forest": 0, "linear": 0, "boosted": 1}


def test_several_challengers_share_the_probability_of_a_false_alarm():
    def half(settings: Settings) -> float:
        found = decide(settings, counts(settings), {}).differences["linear"]
        return found.high - found.estimate

    assert half(THREE) == pytest.approx(half(parse_event({**EVENT, "Alpha": 0.025})))
    assert half(THREE) > half(TWO)


def test_the_verdict_does_not_change_its_arguments():
    stopped: dict[str, str] = {}

    decide(THREE, counts(THREE, linear=Counts(rewards=rewards(0.1))), stopped)

    assert stopped == {}


def test_an_event_has_defaults():
    assert (TWO.alpha, TWO.latency_minutes, TWO.reward_prefix) == (0.05, 3, "rewards/housing-dev/")


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"Alfa": 0.1}, "the keys of an A/B test must be among Experiment, "),
        ({"Experiment": "a b"}, "Experiment must be up to 63 letters, digits and hyphens"),
        ({"EndpointName": None}, "EndpointName must be up to 63 letters, digits and hyphens"),
        ({"S3Bucket": ""}, 'S3Bucket must be a non-empty text, got ""'),
        ({"Champion": "linear"}, "Champion and Challengers must be different variants"),
        ({"Challengers": []}, "Challengers must be a list of 1 to 9 variants, got []"),
        ({"Challengers": "linear"}, 'Challengers must be a list of 1 to 9 variants, got "linear"'),
        ({"Challengers": ["a", "a"]}, "Champion and Challengers must be different variants"),
        ({"Challengers": ["../x"]}, "Challengers must be up to 63 letters, digits and hyphens"),
        ({"RewardRange": [1, 0]}, "RewardRange must be the lowest and highest possible reward"),
        (
            {"RewardRange": [0, math.inf]},
            "RewardRange must be the lowest and highest possible reward",
        ),
        ({"RewardRange": 1}, "RewardRange must be the lowest and highest possible reward"),
        ({"Effect": 0}, "Effect must be a number above 0 and below 1, got 0"),
        ({"Effect": 1.5}, "Effect must be a number above 0 and below 1, got 1.5"),
        ({"Effect": True}, "Effect must be a number above 0"),
        ({"Alpha": 1}, "Alpha must be a number above 0 and below 1, got 1"),
        ({"MaxErrorRate": 2}, "MaxErrorRate must be a number above 0 and below 1"),
        ({"MaxLatencyMilliseconds": "9"}, "MaxLatencyMilliseconds must be a number above 0"),
        ({"MaxLatencyMilliseconds": math.nan}, "MaxLatencyMilliseconds must be a number"),
        ({"LatencyMinutes": 6}, "LatencyMinutes must be a whole number from 1 to 5, got 6"),
        ({"RewardPrefix": "raw-data/"}, "RewardPrefix must start with rewards/ and end with a"),
        ({"RewardPrefix": "rewards/x"}, "RewardPrefix must start with rewards/ and end with a"),
    ],
)
def test_fails_for_an_invalid_event(changes: dict, reason: str):
    with pytest.raises(InvalidExperiment) as caught:
        parse_event({**EVENT, **changes})

    assert reason in str(caught.value)


@pytest.mark.parametrize("key", EVENT)
def test_fails_when_a_key_is_missing(key: str):
    with pytest.raises(InvalidExperiment, match=f"{key} is missing"):
        parse_event({name: value for name, value in EVENT.items() if name != key})
