"""Prints docs/emulator-operations.md: ``python -m emulator.operations_page``."""

import sys
from collections.abc import Iterator

from emulator.aws.protocol.operation_table import table

_HEAD = """\
# What the emulator does with AWS's operations

This page is made from [`operations.ini`](../python/emulator/aws/protocol/operations.ini), which
the emulator asks about every request. This writes it again:

```sh
export PYTHONPATH=python
npm run python --silent -- -m emulator.operations_page > docs/emulator-operations.md
```

- **runs**: what it says happens, as far as [the emulator's page](emulator.md) and the note go that
  stands above the operations.
- **record**: it is kept and given back. That is all that it is on AWS, too, or the note says what
  is missing.
- **refused members** of requests would have no effect here.
- **Everything else is refused**, operations and services: with HTTP 400 and by its name, when it is
  called, and when a state machine is created whose task calls it. Leave it out here, or run it
  on AWS.

`--allow-records` on `npm run emulator` and `npm start` lets the bare records of
[moto](https://docs.getmoto.org) answer for what is refused, where it has one. Nothing happens then
but the record, and its answers may be made up: jobs that are completed, queries that have
succeeded. The emulator writes a line for each such operation.
"""


def page() -> str:
    """Return the page's text."""
    return _HEAD + "".join(_section(name) for name in sorted(table()))


def _section(service: str) -> str:
    entry = table()[service]
    lines = [f"\n## {service}\n", *([f"{entry.note}\n"] if entry.note else [])]
    columns = [("runs", entry.runs), ("record", entry.record), ("refused members", entry.without)]
    lines += ["| | operations |\n| --- | --- |", *_rows(columns)]
    return "\n".join(lines) + "\n"


def _rows(columns: list[tuple[str, tuple[str, ...]]]) -> Iterator[str]:
    for column, operations in columns:
        if operations:
            yield f"| {column} | {', '.join(sorted(operations))} |"


if __name__ == "__main__":
    sys.stdout.write(page())
