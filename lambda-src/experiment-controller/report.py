"""A decision as JSON and as a message."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from experiment import Counts, Decision
from settings import Settings

EVENT_SOURCE = "sagemaker-workflow.experiments"
DETAIL_TYPE = "A/B Test Decision"

_MAX_SUBJECT = 99  # of SNS
_MAX_REASONS = 10


def decision_document(
    settings: Settings,
    decision: Decision,
    counts: Mapping[str, Counts],
    waiting: int,
    now: datetime,
) -> dict[str, Any]:
    """Return a decision with its numbers as a JSON document.

    Parameters
    ----------
    waiting : int
        Reward objects that the next check will read.
    """
    return {
        "Experiment": settings.name,
        "EndpointName": settings.endpoint,
        "Verdict": decision.verdict,
        "Winner": decision.winner,
        "Reasons": decision.reasons[:_MAX_REASONS],
        "Final": decision.final,
        "Applied": False,
        "Weights": decision.weights,
        "DecidedAt": now.isoformat(timespec="seconds"),
        "Alpha": settings.alpha,
        "Champion": settings.champion,
        "Variants": {
            variant: {
                "Invocations": each.invocations,
                "Errors": each.errors,
                "LatenciesMilliseconds": [round(value, 1) for value in each.latencies],
                "Rewards": each.rewards.size,
                "MeanReward": each.rewards.total / each.rewards.size if each.rewards.size else None,
                "Difference": _difference(decision, variant),
                "Stopped": decision.stopped.get(variant),
            }
            for variant, each in counts.items()
        },
        "WaitingObjects": waiting,
        "DecisionUrl": f"s3://{settings.bucket}/{settings.key('decision.json')}",
    }


def _difference(decision: Decision, variant: str) -> dict[str, float] | None:
    # None for the champion, and while a variant has no rewards.
    found = decision.differences.get(variant)
    return (
        None
        if found is None
        else {"Estimate": found.estimate, "Low": found.low, "High": found.high}
    )


def event_entry(document: Mapping[str, Any]) -> dict[str, str]:
    """Return the EventBridge event of a decision."""
    return {
        "Source": EVENT_SOURCE,
        "DetailType": DETAIL_TYPE,
        "Detail": json.dumps(document),
    }


def message(document: Mapping[str, Any]) -> tuple[str, str]:
    """Return subject and text of the message about a decision."""
    name, endpoint, champion = (
        document["Experiment"],
        document["EndpointName"],
        document["Champion"],
    )
    done, following = {
        "promote": (
            f"{document['Winner']} promoted",
            f"{document['Winner']} gets all traffic. The other variants still cost money; end the "
            "test: npm run experiment -- <environment> stop",
        ),
        "rollBack": (
            f"rolled back to {champion}",
            f"{champion} gets all traffic. The challenger still costs money; end the test: "
            "npm run experiment -- <environment> stop",
        ),
        "stop": (
            "a challenger stopped",
            "It gets no more traffic; the test of the others continues. No action is needed.",
        ),
    }[document["Verdict"]]
    variants = "\n".join(
        f"  {variant}: {numbers['Invocations']} invocations, {numbers['Errors']} errors, "
        f"{numbers['Rewards']} rewards"
        + ("" if numbers["MeanReward"] is None else f" of {numbers['MeanReward']:.4g} on average")
        for variant, numbers in document["Variants"].items()
    )
    text = (
        f"A/B test {name} on endpoint {endpoint}: {done}.\n\n"
        f"Why: {'; '.join(document['Reasons'])}.\n\n"
        f"Variants:\n{variants}\n\n"
        f"Next: {following}\n\n"
        f"All numbers: {document['DecisionUrl']}\n"
    )
    return f"A/B test on {endpoint}: {done}"[:_MAX_SUBJECT], text
