import math

import numpy as np
import pytest

from sequential import NO_REWARDS, Sample, difference_interval, rate_exceeds


def interval(champion: Sample, challenger: Sample, **changes: float):
    options = {"spread": 0.5, "effect": 0.05, "alpha": 0.05, **changes}
    found = difference_interval(champion, challenger, **options)
    assert found is not None
    return found


def log_product(sample: Sample, mean: float, spread: float, effect: float) -> float:
    """Logarithm of a variant's mixture martingale, by numerical integration over l."""
    deviation, steps, total = effect / 2 / spread**2, 4_000, 0.0
    for step in range(-steps, steps):
        x = 8 * deviation * (step + 0.5) / steps
        density = math.exp(-((x / deviation) ** 2) / 2) / deviation / math.sqrt(2 * math.pi)
        exponent = x * (sample.total - sample.size * mean) - (x * spread) ** 2 * sample.size / 2
        total += density * math.exp(exponent) * 8 * deviation / steps
    return math.log(total)


def test_the_interval_ends_where_the_martingale_of_the_best_two_means_is_1_over_alpha():
    champion, challenger = Sample(900, 423.0), Sample(400, 230.0)
    found = interval(champion, challenger)

    def least(difference: float) -> float:
        means = (0.3 + 0.4 * step / 2_000 for step in range(2_001))
        return min(
            log_product(champion, mean, 0.5, 0.05)
            + log_product(challenger, mean + difference, 0.5, 0.05)
            for mean in list(means)[::50]
        )

    assert least(found.low) == pytest.approx(math.log(20), abs=0.02)
    assert least(found.high) == pytest.approx(math.log(20), abs=0.02)


def test_the_interval_follows_the_unit_of_the_rewards():
    small = interval(Sample(500, 250), Sample(400, 240))
    large = interval(Sample(500, 2500), Sample(400, 2400), spread=5, effect=0.5)

    assert large == pytest.approx([10 * value for value in small])


def test_exchanging_the_variants_negates_the_interval():
    there = interval(Sample(500, 250), Sample(400, 240))
    back = interval(Sample(400, 240), Sample(500, 250))

    assert (back.low, back.high) == pytest.approx((-there.high, -there.low))


def test_the_interval_narrows_with_rewards_and_widens_with_confidence():
    def width(size: int, **changes: float) -> float:
        found = interval(Sample(size, size / 2), Sample(size, size / 2), **changes)
        return found.high - found.low

    assert width(10) > width(100) > width(10_000) > width(1_000_000) > 0
    assert width(100, alpha=0.001) > width(100)
    # For a number of rewards, narrowest if tuned for the effect that they can show.
    assert width(10_000) < min(width(10_000, effect=0.5), width(10_000, effect=0.001))


@pytest.mark.parametrize(
    ("champion", "challenger"), [(NO_REWARDS, Sample(9, 5)), (Sample(9, 5), NO_REWARDS)]
)
def test_there_is_no_interval_before_both_have_rewards(champion: Sample, challenger: Sample):
    assert difference_interval(champion, challenger, spread=0.5, effect=0.1, alpha=0.1) is None


def test_the_guarantee_holds_when_the_split_depends_on_the_rewards():
    """The hardest case: a check at every reward, and traffic sent to the better variant."""
    draw, alarms = np.random.default_rng(5), 0
    for _ in range(300):
        samples = [Sample(1, float(draw.integers(2))), Sample(1, float(draw.integers(2)))]
        for _ in range(400):
            better = samples[1].total / samples[1].size > samples[0].total / samples[0].size
            chosen = int(better if draw.random() < 0.9 else not better)
            size, total = samples[chosen]
            samples[chosen] = Sample(size + 1, total + int(draw.integers(2)))
            found = interval(samples[0], samples[1], effect=0.3, alpha=0.5)
            if found.low > 0 or found.high < 0:
                alarms += 1
                break
    assert alarms / 300 <= 0.5


@pytest.mark.parametrize(
    ("events", "trials", "exceeds"),
    [
        (0, 0, False),
        (0, 10_000, False),
        (1, 1, False),
        (2, 2, True),
        (5, 2, True),  # counters that were read at different times
        (20, 1_000, False),
        (30, 1_000, False),
        (60, 1_000, True),
    ],
)
def test_a_rate_exceeds_its_limit_of_2_percent(events: int, trials: int, exceeds: bool):
    assert rate_exceeds(events, trials, 0.02, 0.005) is exceeds


def test_a_rate_at_its_limit_exceeds_it_with_probability_alpha_at_most():
    draw, alarms = np.random.default_rng(3), 0
    for _ in range(400):
        events = 0
        for trials in range(1, 1_001):
            events += draw.random() < 0.05
            if rate_exceeds(events, trials, 0.05, 0.1):
                alarms += 1
                break
    assert alarms / 400 <= 0.1
