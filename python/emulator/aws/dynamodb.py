"""DynamoDB's responses: capacity and collection sizes only if the request asks for them."""

import functools
from typing import Any

from moto.core.responses import ActionResult

from emulator.aws.patching import wrap

_ASKED_BY = {
    "ConsumedCapacity": "ReturnConsumedCapacity",
    "ItemCollectionMetrics": "ReturnItemCollectionMetrics",
}


@functools.cache
def install() -> None:
    """Leave out what was not requested. Called at the first request: few runs use DynamoDB."""
    from moto.dynamodb.responses import DynamoHandler

    for name in ("update_item", "batch_get_item", "batch_write_item", "transact_write_items"):
        wrap(DynamoHandler, name, _only_requested)


def _only_requested(original: Any, self: Any) -> Any:
    answer = original(self)
    kept = {
        name: value
        for name, value in answer.result.items()
        if name not in _ASKED_BY or (value and self.body.get(_ASKED_BY[name], "NONE") != "NONE")
    }
    return ActionResult(kept)
