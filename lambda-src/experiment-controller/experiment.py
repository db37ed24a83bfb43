"""The verdict on an A/B test: a pure function of the counts so far."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

from sequential import NO_REWARDS, Interval, Sample, difference_interval, rate_exceeds
from settings import Settings

# Part of alpha that the guard on errors may use up; the rewards have the rest.
ERROR_SHARE = 0.1

Verdict = Literal["promote", "hold", "stop", "rollBack"]


@dataclass(frozen=True)
class Counts:
    """What is known of a variant.

    Attributes
    ----------
    invocations, errors : int
        Since the first look.
    latencies : sequence of float
        Mean model latency in milliseconds of the latest whole minutes with traffic, oldest first.
    rewards : Sample
        All that were read.
    """

    invocations: int = 0
    errors: int = 0
    latencies: Sequence[float] = ()
    rewards: Sample = NO_REWARDS


@dataclass(frozen=True)
class Decision:
    """A verdict and what it rests on.

    Attributes
    ----------
    verdict : str
        ``promote``: a challenger is better; ``rollBack``: no challenger is left; ``stop``: some
        were stopped at this look, others go on; ``hold``: nothing changes.
    weights : dict of str to float
        Weights that variants must have; those not named keep theirs.
    reasons : list of str
        Why, for a person.
    stopped : dict of str to str
        Every challenger that was ever stopped, with the reason.
    differences : dict of str to Interval
        Of each challenger to the champion, where both have rewards.
    """

    verdict: Verdict
    weights: dict[str, float]
    reasons: list[str]
    winner: str | None = None
    stopped: dict[str, str] = field(default_factory=dict)
    differences: dict[str, Interval] = field(default_factory=dict)

    @property
    def final(self) -> bool:
        """Whether the test has ended."""
        return self.verdict in ("promote", "rollBack")


def decide(
    settings: Settings,
    counts: Mapping[str, Counts],
    stopped: Mapping[str, str],
    problems: Sequence[str] = (),
) -> Decision:
    """Give the verdict on what was counted so far.

    Parameters
    ----------
    settings : Settings
        The same at every look.
    counts : mapping of str to Counts
        Of every variant.
    stopped : mapping of str to str
        Challengers that earlier looks have stopped, with the reasons. They stay so.
    problems : sequence of str
        Faults of the rewards. While there are any the rewards decide nothing; the guards still do.
    """
    out, differences, better = dict(stopped), _differences(settings, counts), {}
    for challenger in settings.challengers:
        if challenger in out:
            continue
        fault = _guarded(settings, challenger, counts[challenger])
        difference = differences.get(challenger)
        if fault is not None:
            out[challenger] = fault
        elif difference is not None and not problems:
            if difference.high < 0:
                out[challenger] = f"{challenger} earns less than {settings.champion}: " + _told(
                    difference
                )
            elif difference.low > 0:
                better[challenger] = difference
    new = [reason for challenger, reason in out.items() if challenger not in stopped]
    if better:
        winner = max(better, key=lambda name: better[name].estimate)
        reason = f"{winner} earns more than {settings.champion}: {_told(better[winner])}"
        weights = {name: float(name == winner) for name in settings.variants}
        return Decision("promote", weights, [reason, *new], winner, out, differences)
    if len(out) == len(settings.challengers):
        weights = {name: float(name == settings.champion) for name in settings.variants}
        reasons = new or list(out.values())
        return Decision("rollBack", weights, reasons, settings.champion, out, differences)
    weights = dict.fromkeys(out, 0.0)
    if new:
        return Decision("stop", weights, new, None, out, differences)
    return Decision(
        "hold", weights, list(problems) or [_undecided(differences)], None, out, differences
    )


def _differences(settings: Settings, counts: Mapping[str, Counts]) -> dict[str, Interval]:
    found, span = {}, settings.high - settings.low
    for challenger in settings.challengers:
        difference = difference_interval(
            counts[settings.champion].rewards,
            counts[challenger].rewards,
            spread=span / 2,
            effect=settings.effect,
            alpha=settings.alpha * (1 - ERROR_SHARE) / len(settings.challengers),
        )
        if difference is not None:
            estimate, lowest, highest = difference
            found[challenger] = Interval(estimate, max(lowest, -span), min(highest, span))
    return found


def _guarded(settings: Settings, challenger: str, counts: Counts) -> str | None:
    alpha = settings.alpha * ERROR_SHARE / len(settings.challengers)
    if rate_exceeds(counts.errors, counts.invocations, settings.max_error_rate, alpha):
        return (
            f"{challenger} fails too often: {counts.errors} of {counts.invocations} invocations, "
            f"the limit is {settings.max_error_rate:.2%}"
        )
    latest = counts.latencies[-settings.latency_minutes :]
    if len(latest) == settings.latency_minutes and min(latest) > settings.max_latency:
        return (
            f"{challenger} is too slow: its mean latency was above {settings.max_latency:g} ms in "
            f"each of its last {len(latest)} minutes with traffic, at least {min(latest):.0f} ms"
        )
    return None


def _told(difference: Interval) -> str:
    estimate, low, high = difference
    return f"{estimate:+.4g} a reward, between {low:+.4g} and {high:+.4g}"


def _undecided(differences: Mapping[str, Interval]) -> str:
    if not differences:
        return "there are no rewards to compare yet"
    told = (f"{name} {_told(difference)}" for name, difference in differences.items())
    return f"no difference is certain yet: {'; '.join(told)}"
