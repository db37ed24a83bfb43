"""The events that services send to EventBridge."""

import datetime
import json
import logging
from typing import Any

from moto.events.models import events_backends

from emulator.aws.account import ACCOUNT, REGION

LOG = logging.getLogger("emulator")


def emit(source: str, detail_type: str, detail: dict[str, Any], resources: list[str]) -> None:
    """Put an event on the default bus, without the fields that are None.

    As on AWS, a target that cannot be reached does not fail the job or execution of the event.
    """
    event = {
        "Source": source,
        "DetailType": detail_type,
        "Detail": json.dumps({k: v for k, v in detail.items() if v is not None}),
        "Resources": resources,
    }
    try:
        events_backends[ACCOUNT][REGION].put_events([event])
    except Exception as error:
        LOG.warning("the event '%s' did not reach its targets: %s", detail_type, error)


def epoch_ms(time: datetime.datetime) -> int:
    """Return a time in epoch milliseconds; moto's naive times are in UTC."""
    if time.tzinfo is None:
        time = time.replace(tzinfo=datetime.timezone.utc)
    return int(time.timestamp() * 1000)
