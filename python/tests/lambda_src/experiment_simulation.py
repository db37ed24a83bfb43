"""Simulated A/B tests, decided by the controller's own code; run it to print the table."""

from __future__ import annotations

import math
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from statistics import NormalDist

import numpy as np
from numpy.random import Generator

from experiment import Counts, decide
from sequential import Sample
from settings import Settings, parse_event

TESTS = 1_000
# Rewards of both variants between two checks.
LOOK_EVERY = 400
EVENT = {
    "Experiment": "simulated",
    "EndpointName": "demo",
    "S3Bucket": "artifacts",
    "Champion": "champion",
    "Challengers": ["challenger"],
    "RewardRange": [0, 1],
    "Effect": 0.05,
    "MaxErrorRate": 0.02,
    "MaxLatencyMilliseconds": 500,
}

# Draws the sum of a number of rewards with a mean.
Draw = Callable[[Generator, int, float], float]
# Returns the verdict on counts.
Judge = Callable[[Settings, Mapping[str, Counts]], str]


def controller(settings: Settings, counts: Mapping[str, Counts]) -> str:
    """Decide like the controller."""
    return decide(settings, counts, {}).verdict


def fixed_sample_test(settings: Settings, counts: Mapping[str, Counts]) -> str:
    """Decide on rewards of 0 or 1 by a two-sided z-test, which is valid for one check only."""
    samples = [counts[variant].rewards for variant in settings.variants]
    if not all(sample.size for sample in samples):
        return "hold"
    means = [sample.total / sample.size for sample in samples]
    error = math.sqrt(sum(m * (1 - m) / s.size for m, s in zip(means, samples)))
    z = (means[1] - means[0]) / error if error else 0.0
    limit = NormalDist().inv_cdf(1 - settings.alpha / 2)
    return "promote" if z > limit else "rollBack" if z < -limit else "hold"


def yes_or_no(random: Generator, size: int, mean: float) -> float:
    """Draw rewards of 0 or 1; at a mean of 0.5, they have the maximum variance in the range."""
    return float(random.binomial(size, mean))


def graded(random: Generator, size: int, mean: float) -> float:
    """Draw rewards between 0 and 1, with a standard deviation of about 0.2."""
    return float(random.beta(5 * mean, 5 * (1 - mean), size).sum())


@dataclass(frozen=True)
class Truth:
    """The true means, and the maximum length of the test.

    Attributes
    ----------
    share : float
        Share of the traffic that the challenger gets.
    max_rewards : int
        Of both variants together; a test without a verdict by then counts as held.
    """

    name: str
    champion: float
    challenger: float
    share: float = 0.5
    draw: Draw = yes_or_no
    error_rate: float = 0.01
    max_rewards: int = 20_000


@dataclass(frozen=True)
class Outcome:
    """Shares of verdicts, and the number of rewards of both variants until a verdict."""

    promoted: float
    rolled_back: float
    median: float
    ninth_decile: float


NO_DIFFERENCE = [
    Truth("no difference, rewards 0 or 1", 0.5, 0.5),
    Truth("no difference, rare rewards", 0.05, 0.05),
    Truth("no difference, graded rewards", 0.5, 0.5, draw=graded),
    Truth("no difference, challenger has 10 %", 0.5, 0.5, share=0.1),
    Truth("no difference, errors at the limit", 0.5, 0.5, error_rate=0.02),
]
BETTER = Truth("better by 0.05", 0.5, 0.55, max_rewards=8_000)
WORSE = Truth("worse by 0.05", 0.5, 0.45, max_rewards=8_000)
MUCH_BETTER = Truth("better by 0.10", 0.5, 0.6, max_rewards=8_000)
SMALL_SHARE = Truth("better by 0.05, challenger has 10 %", 0.5, 0.55, share=0.1, max_rewards=24_000)
FAILING = Truth("fails 5 % of the time", 0.5, 0.5, error_rate=0.05)


def simulate(truth: Truth, judge: Judge = controller, seed: int = 7, tests: int = TESTS) -> Outcome:
    """Run tests check by check until their verdict."""
    random, settings = np.random.default_rng(seed), parse_event(EVENT)
    ends = [_one(truth, judge, settings, random) for _ in range(tests)]
    taken = [rewards for verdict, rewards in ends if verdict != "hold"] or [np.nan]
    return Outcome(
        promoted=sum(verdict == "promote" for verdict, _ in ends) / tests,
        rolled_back=sum(verdict == "rollBack" for verdict, _ in ends) / tests,
        median=float(np.median(taken)),
        ninth_decile=float(np.quantile(taken, 0.9)),
    )


def _one(truth: Truth, judge: Judge, settings: Settings, random: Generator) -> tuple[str, int]:
    champion, challenger, errors = Sample(0, 0.0), Sample(0, 0.0), 0
    for rewards in range(LOOK_EVERY, truth.max_rewards + 1, LOOK_EVERY):
        new = random.binomial(LOOK_EVERY, truth.share)
        challenger = _more(challenger, truth.draw(random, new, truth.challenger), new)
        others = LOOK_EVERY - new
        champion = _more(champion, truth.draw(random, others, truth.champion), others)
        errors += random.binomial(new, truth.error_rate)
        counts = {
            "champion": Counts(rewards=champion),
            "challenger": Counts(challenger.size, errors, rewards=challenger),
        }
        verdict = judge(settings, counts)
        if verdict != "hold":
            return verdict, rewards
    return "hold", truth.max_rewards


def _more(sample: Sample, total: float, size: int) -> Sample:
    return Sample(sample.size + size, sample.total + total)


def main() -> None:
    """Print the tables of docs/ab-tests.md."""
    write = sys.stdout.write
    write("| truth | promoted | rolled back | held | rewards to a verdict: median | 90 % |\n")
    write("| --- | --- | --- | --- | --- | --- |\n")
    for truth in [*NO_DIFFERENCE, BETTER, WORSE, MUCH_BETTER, SMALL_SHARE, FAILING]:
        found = simulate(truth)
        held = 1 - found.promoted - found.rolled_back
        # The time of a few false alarms is not informative.
        times = ("-", "-") if held > 0.5 else (f"{found.median:,.0f}", f"{found.ninth_decile:,.0f}")
        cells = [
            truth.name,
            *(f"{x:.1%}" for x in (found.promoted, found.rolled_back, held)),
            *times,
        ]
        write(f"| {' | '.join(cells)} |\n")
    peeked = simulate(NO_DIFFERENCE[0], fixed_sample_test)
    write(f"\nz-test at every look, no difference: {peeked.promoted + peeked.rolled_back:.1%}\n")


if __name__ == "__main__":
    main()
