"""The verdict on an A/B test: a pure function of the counts so far."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

from sequential import NO_REWARDS, Interval, Sample, difference_interval, rate_exceeds
from settings import Settings

# The share of alpha for the guard on errors; the rest is for the rewards.
ERROR_SHARE = 0.1

Verdict = Literal["promote", "hold", "stop", "rollBack"]


@dataclass(frozen=True)
class Counts:
    """The counts of a variant.

    Attributes
    ----------
    invocations, errors : int
        Since the first check.
    latencies : sequence of float
        Mean model latency in milliseconds of the latest whole minutes with traffic, oldest first.
    rewards : Sample
        All rewards read so far.
    """

    invocations: int = 0
    errors: int = 0
    latencies: Sequence[float] = ()
    rewards: Sample = NO_REWARDS


@dataclass(frozen=True)
class Decision:
    """A verdict and its reasons.

    Attributes
    ----------
    verdict : str
        ``promote``: a challenger is better; ``rollBack``: no challenger remains; ``stop``: this
        check stopped some challengers, others continue; ``hold``: nothing changes.
    weights : dict of str to float
        Weights that variants must have; other variants keep theirs.
    reasons : list of str
        The reasons as text.
    stopped : dict of str to str
        Every stopped challenger, with the reason.
    differences : dict of str to Interval
        Difference of each challenger from the champion, if both have rewards.
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
    """Decide on the counts so far.

    Parameters
    ----------
    settings : Settings
        The same at every check.
    counts : mapping of str to Counts
        Counts of every variant.
    stopped : mapping of str to str
        Challengers stopped by earlier checks, with the reasons. They stay stopped.
    problems : sequence of str
        Faults of the rewards. While there are any, only the guards decide.
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
                out[challenger] = (
                    f"{challenger} earns less than {settings.champion}: "
                    + _interval_text(difference)
                )
            elif difference.low > 0:
                better[challenger] = difference
    new = [reason for challenger, reason in out.items() if challenger not in stopped]
    if better:
        winner = max(better, key=lambda name: better[name].estimate)
        reason = f"{winner} earns more than {settings.champion}: {_interval_text(better[winner])}"
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


def _interval_text(difference: Interval) -> str:
    estimate, low, high = difference
    return f"{estimate:+.4g} a reward, between {low:+.4g} and {high:+.4g}"


def _undecided(differences: Mapping[str, Interval]) -> str:
    if not differences:
        return "there are no rewards to compare yet"
    texts = (f"{name} {_interval_text(difference)}" for name, difference in differences.items())
    return f"no difference is certain yet: {'; '.join(texts)}"
