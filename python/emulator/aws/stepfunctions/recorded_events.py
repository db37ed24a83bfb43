"""Failures that are already in the history, or that have only the execution's last event."""

from typing import Any

from moto.stepfunctions.parser.asl.eval.event.event_manager import EventManager

from emulator.aws.patching import wrap


class Recorded(dict):
    """Details of an event that the failing state must not record again."""


def install() -> None:
    """Keep Task, Map and Parallel states from recording such failures again."""
    wrap(EventManager, "add_event", _add_event_once)


def _add_event_once(original: Any, self: Any, *args: Any, **kwargs: Any) -> int:
    if isinstance(kwargs.get("event_details"), Recorded):
        return kwargs["context"].source_event_id
    return original(self, *args, **kwargs)
