"""What the controller remembers between looks: one JSON object in S3."""

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
    """An A/B test so far.

    Attributes
    ----------
    endpoint_config : str
        Configuration that served at the first look. Another one has other models.
    since : datetime
        When that configuration was made.
    stopped : dict of str to str
        Challengers that were stopped, with the reason.
    decision : dict
        The last decision, as decision.json tells it; empty before the first.
    unsent : list of dict
        Decisions that nobody was told yet.
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
        """Whether the test has ended."""
        return self.decision.get("Final", False)

    @property
    def finished(self) -> bool:
        """Whether it has ended, the endpoint has the weights, and everybody was told.

        ``Applied`` is saved only after everybody was told.
        """
        return self.decided and self.decision["Applied"]


def dump(state: State) -> bytes:
    """Write a state as JSON."""
    return json.dumps(dataclasses.asdict(state), default=datetime.isoformat, indent=1).encode()


def load(content: bytes, settings: Settings) -> State:
    """Read a state.

    Raises
    ------
    InvalidExperiment
        If the test was begun with other settings: its promise would not hold any more.
    """
    found = json.loads(content)
    begun = found["settings"]
    begun["challengers"] = tuple(begun["challengers"])
    for name, value in dataclasses.asdict(settings).items():
        if begun[name] != value:
            raise InvalidExperiment(
                f"A/B test {settings.name} was begun with {name} {begun[name]!r}, now it is "
                f"{value!r}; a test that changes on the way promises nothing, so give the new one "
                "another name"
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
