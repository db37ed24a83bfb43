"""The controller's state between checks: one JSON object in S3."""

from __future__ import annotations

import dataclasses
import json
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from rewards import ObjectRewards, Rewards
from settings import InvalidExperiment, Settings
from traffic import Traffic


@dataclass
class State:
    """The state of an A/B test.

    Attributes
    ----------
    endpoint_config : str
        Configuration in service at the first check. Another one has other models.
    since : datetime
        When that configuration was created.
    stopped : dict of str to str
        Stopped challengers, with the reason.
    decision : dict
        The last decision, as in decision.json; empty before the first.
    unsent : list of dict
        Decisions that are not sent yet.
    """

    settings: Settings
    endpoint_config: str
    since: datetime
    traffic: Traffic
    rewards: Rewards = field(default_factory=Rewards)
    stopped: dict[str, str] = field(default_factory=dict)
    decision: dict[str, Any] = field(default_factory=dict)
    unsent: list[dict[str, Any]] = field(default_factory=list)

    @property
    def decided(self) -> bool:
        """Return whether the test has ended."""
        return self.decision.get("Final", False)

    @property
    def finished(self) -> bool:
        """Return whether it has ended, the endpoint has the weights, and all messages are sent.

        ``Applied`` is saved only after all messages are sent.
        """
        return self.decided and self.decision["Applied"]


def dump(state: State) -> bytes:
    """Return a state as JSON."""
    return json.dumps(dataclasses.asdict(state), default=datetime.isoformat, indent=1).encode()


def load(content: bytes, settings: Settings) -> State:
    """Read a state.

    Raises
    ------
    InvalidExperiment
        If the test was started with other settings, which would invalidate its guarantee.
    """
    found = json.loads(content)
    begun = found["settings"]
    begun["challengers"] = tuple(begun["challengers"])
    for name, value in dataclasses.asdict(settings).items():
        if begun[name] != value:
            raise InvalidExperiment(
                f"{name} of A/B test {settings.name} must be {begun[name]!r}, as at its start, got "
                f"{value!r}: start a test with other settings under another name"
            )
    traffic = found["traffic"]
    return State(
        settings=settings,
        endpoint_config=found["endpoint_config"],
        since=datetime.fromisoformat(found["since"]),
        traffic=Traffic(
            datetime.fromisoformat(traffic["until"]), traffic["invocations"], traffic["errors"]
        ),
        rewards=Rewards(
            {
                variant: {key: ObjectRewards(*each) for key, each in objects.items()}
                for variant, objects in found["rewards"]["objects"].items()
            },
            found["rewards"]["waiting"],
        ),
        stopped=found["stopped"],
        decision=found["decision"],
        unsent=found["unsent"],
    )
