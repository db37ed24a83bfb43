"""Sequential tests, which may be checked any number of times.

A test for a fixed sample size that is checked repeatedly eventually finds a difference that does
not exist. These tests keep their error probability over any number of checks together.
"""

from __future__ import annotations

import math
from typing import NamedTuple


class Sample(NamedTuple):
    """The number of a variant's rewards, and their sum."""

    size: int
    total: float


NO_REWARDS = Sample(0, 0.0)


class Interval(NamedTuple):
    """An estimated difference of means, and the interval of the true one."""

    estimate: float
    low: float
    high: float


def difference_interval(
    champion: Sample, challenger: Sample, *, spread: float, effect: float, alpha: float
) -> Interval | None:
    """Return an interval for the difference of two means that holds at all checks at once.

    For each variant the product of ``exp(l (x - mean) - l**2 spread**2 / 2)`` over its rewards x,
    averaged over l from a normal distribution, is a nonnegative supermartingale (Robbins), and so
    is the product of both variants', in whatever order their rewards arrive (Kaufmann and Koolen).
    By Ville's inequality it ever reaches ``1 / alpha`` with probability ``alpha`` at most. The
    pairs of means for which it has not form an ellipse; its projection on the difference is the
    interval. There is no approximation: the guarantee holds from the first reward on, for any split
    of the traffic, even a changing one.

    Rewards must be independent, or at least have their variant's mean given all earlier rewards.

    Parameters
    ----------
    champion, challenger : Sample
        All rewards so far.
    spread : float
        Sub-Gaussian parameter of a reward, in its unit: half the range of bounded rewards
        (Hoeffding).
    effect : float
        Difference, in the reward's unit and above 0, for which the interval is narrowest. Choose it
        before the first check; the guarantee holds for any choice.
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
    # Standard deviation of l: optimal for means that are half the effect from their midpoint.
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
    """Return whether events exceed the limit, by a sequential binomial test.

    The likelihood of the events, averaged over all rates with the weights Beta(1/2, 1/2), is
    compared with the highest likelihood at a rate up to the limit. If the true rate is within the
    limit, the ratio ever reaches ``1 / alpha`` with probability ``alpha`` at most (Ville).

    Parameters
    ----------
    events, trials : int
        Number of events and of trials. More events than trials count as trials, because the two
        counters may be read at different times.
    limit : float
        Highest acceptable rate, in (0, 1).
    alpha : float
        Probability, in (0, 1), of ever returning True although the rate is within the limit.

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
