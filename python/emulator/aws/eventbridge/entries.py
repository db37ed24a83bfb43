"""The results of the entries of ``PutEvents``."""

import json
import logging
import uuid
from typing import Any

from moto.events.exceptions import ResourceNotFoundException
from moto.events.models import EventsBackend

from emulator.aws.patching import wrap

LOG = logging.getLogger("emulator")

_MOST = 10
_MALFORMED = {"ErrorCode": "MalformedDetail", "ErrorMessage": "Detail is malformed."}


def install() -> None:
    """Handle each entry by itself; in moto, one entry for a missing bus fails all."""
    wrap(EventsBackend, "put_events", _put_events)


def _put_events(original: Any, self: Any, events: list[dict[str, Any]]) -> list[dict[str, Any]]:
    if len(events) > _MOST:
        return original(self, events)
    return [_put(original, self, event) for event in events]


def _put(original: Any, backend: Any, event: dict[str, Any]) -> dict[str, Any]:
    if _is_malformed(event.get("Detail")):
        return dict(_MALFORMED)
    try:
        return original(backend, [event])[0]
    except ResourceNotFoundException:
        # AWS accepts such an event and drops it.
        LOG.warning("event dropped: the event bus %s does not exist", event.get("EventBusName"))
        return {"EventId": str(uuid.uuid4())}


def _is_malformed(detail: Any) -> bool:
    try:
        return bool(detail) and not isinstance(json.loads(detail), dict)
    except ValueError:
        return True
