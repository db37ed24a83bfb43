"""Tests that may be looked at as often as one likes.

A test of a fixed sample size that is read again and again finds a difference sooner or later, where
there is none. These hold their error probability over all looks together, however many there are.
"""

from __future__ import annotations

import math
from typing import NamedTuple


class Sample(NamedTuple):
    """What is known of a variant's rewards: how many, and their sum."""

    size: int
    total: float


NO_REWARDS = Sample(0, 0.0)


class Interval(NamedTuple):
    """A difference of means, and where the true one lies."""

    estimate: float
    low: float
    high: float


def difference_interval(
    champion: Sample, challenger: Sample, *, spread: float, effect: float, alpha: float
) -> Interval | None:
    """Enclose the difference of two means at every look at once.

    For each variant the product of ``exp(l (x - mean) - l**2 spread**2 / 2)`` over its rewards x,
    averaged over l from a normal distribution, is a nonnegative supermartingale (Robbins), and so
    is the product of both variants', in whatever order their rewards arrive (Kaufmann and Koolen).
    By Ville's inequality it ever reaches ``1 / alpha`` with probability ``alpha`` at most. The
    pairs of means for which it has not are an ellipse; its shadow on the difference is the
    interval. Nothing is approximated: the promise holds from the first reward on, for any split of
    the traffic, also one that changes.

    Rewards are independent, or at least have their variant's mean whatever came before them.

    Parameters
    ----------
    champion, challenger : Sample
        All rewards so far.
    spread : float
        Sub-Gaussian parameter of a reward, in its unit: half the range of bounded rewards
        (Hoeffding).
    effect : float
        Difference, in the reward's unit and greater than 0, that the interval is narrowest for. It
        is chosen before the first look; the promise holds for whatever was chosen.
    alpha : float
        Probability, in (0, 1), that the true difference is ever outside.

    Returns
    -------
    Interval or None
        Challenger minus champion; None while a variant has no rewards.

    References
    ----------
    Robbins, Statistical methods related to the law of the iterated logarithm, 1970,
    https://doi.org/10.1214/aoms/1177696786
    Howard et al., Time-uniform, nonparametric, nonasymptotic confidence sequences, 2021,
    https://arxiv.org/abs/1810.08240
    Kaufmann and Koolen, Mixture martingales revisited, 2021, https://jmlr.org/papers/v22/18-798.html
    """
    samples = (champion, challenger)
    if not all(sample.size for sample in samples):
        return None
    # Deviation of l: what is best for means that lie half the effect from their middle.
    deviation = effect / 2 / spread**2
    level, width = math.log(1 / alpha), 0.0
    for size, _ in samples:
        information = size * (deviation * spread) ** 2
        level += math.log1p(information) / 2
        width += 2 * (1 + information) / (size * deviation) ** 2
    estimate = challenger.total / challenger.size - champion.total / champion.size
    half = math.sqrt(level * width)
    return Interval(estimate, estimate - half, estimate + half)


def rate_exceeds(events: int, trials: int, limit: float, alpha: float) -> bool:
    """Tell whether events come more often than the limit allows, by a sequential binomial test.

    The likelihood of the events, averaged over all rates with the weights Beta(1/2, 1/2), is
    compared with the highest likelihood at a rate up to the limit. Where the true rate keeps to the
    limit the ratio ever reaches ``1 / alpha`` with probability ``alpha`` at most (Ville).

    Parameters
    ----------
    events, trials : int
        How often it happened, and how often it could have. Events beyond the trials count as
        trials: the two may come from counters that are not read at the same moment.
    limit : float
        Highest rate that is right, in (0, 1).
    alpha : float
        Probability, in (0, 1), to say yes at any look although the limit is kept.

    References
    ----------
    Robbins, Statistical methods related to the law of the iterated logarithm, 1970,
    https://doi.org/10.1214/aoms/1177696786
    """
    trials = max(trials, events)
    if events <= limit * trials:
        return False
    others = trials - events
    averaged = _log_beta(events + 0.5, others + 0.5) - _log_beta(0.5, 0.5)
    at_limit = events * math.log(limit) + others * math.log1p(-limit)
    return averaged - at_limit >= math.log(1 / alpha)


def _log_beta(a: float, b: float) -> float:
    return math.lgamma(a) + math.lgamma(b) - math.lgamma(a + b)
