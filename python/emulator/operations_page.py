"""Prints docs/emulator-operations.md: ``python -m emulator.operations_page``."""

import sys
from collections.abc import Iterator

from emulator.aws.protocol.operation_table import table

_HEAD = """\
# What the emulator does with AWS's operations

This page is generated from
[`operations.ini`](../python/emulator/aws/protocol/operations.ini), which
the emulator checks for every request. To generate it again:

```sh
export PYTHONPATH=python
npm run python --silent -- -m emulator.operations_page > docs/emulator-operations.md
```

- **runs**: the operation does what it says, within the limits on [the emulator's page](emulator.md)
  and in the note above the operations.
- **record**: the record is kept and returned. On AWS it is no more than that either, or the note
  states what is missing.
- **refused members** of requests would have no effect here.
- **Everything else is refused**, operations and services, with HTTP 400 and by name: when it is
  called, and when a state machine is created whose task calls it. Leave the call out here, or run
  it on AWS.

`--allow-records` on `npm run emulator` and `npm start` answers refused operations from the bare
records of [moto](https://docs.getmoto.org), if it has one. Then nothing happens but the record, and
the response may be invented: completed jobs, successful queries. The emulator prints each such
operation.
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
