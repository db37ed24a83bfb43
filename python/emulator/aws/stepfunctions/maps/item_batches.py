"""ItemBatcher: batches of items for child executions.

Source: https://docs.aws.amazon.com/step-functions/latest/dg/input-output-itembatcher.html
"""

import json
from collections.abc import Iterator
from typing import Any

_UNLIMITED = float("inf")


def batches(items: list[Any], batcher: dict[str, Any] | None) -> Iterator[tuple[Any, int]]:
    """Yield the input of each child execution, and its number of items.

    Parameters
    ----------
    items : list
        The inputs of children without batches.
    batcher : dict, optional
        The evaluated ItemBatcher. `MaxInputBytesPerBatch` limits the whole input, as JSON in
        UTF-8; a larger item is a separate batch.
    """
    if batcher is None:
        yield from ((item, 1) for item in items)
        return
    shared = {"BatchInput": batcher["BatchInput"]} if "BatchInput" in batcher else {}
    most_items = _limit(batcher, "MaxItemsPerBatch")
    most_bytes = _limit(batcher, "MaxInputBytesPerBatch")
    frame = _size({**shared, "Items": []})
    batch: list[Any] = []
    size = frame
    for item in items:
        added = _size(item) + (1 if batch else 0)  # a comma
        if batch and (len(batch) >= most_items or size + added > most_bytes):
            yield {**shared, "Items": batch}, len(batch)
            batch, size, added = [], frame, _size(item)
        batch.append(item)
        size += added
    if batch:
        yield {**shared, "Items": batch}, len(batch)


def _limit(batcher: dict[str, Any], field: str) -> float:
    return int(batcher.get(field) or 0) or _UNLIMITED


def _size(value: Any) -> int:
    return len(json.dumps(value, separators=(",", ":"), ensure_ascii=False).encode())
