"""The key of a result: everything that it depends on, its hash, and how two keys differ."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from typing import Any, NamedTuple

from cached_step import CachedStep, shown

# Part of every key: results that were recorded in another form are not found.
VERSION = 1

# How many differences are told, and how much of a value: an execution's output has a limit.
MAX_CHANGES = 10
MAX_SHOWN = 120

_ABSENT = object()


class Found(NamedTuple):
    """An object as a list of S3 has it."""

    etag: str
    size: int
    modified: str


def make_key(
    step: CachedStep, digest: str | None, inputs: dict[str, dict[str, Found]]
) -> dict[str, Any]:
    """Return the key of a step's result.

    Parameters
    ----------
    digest : str or None
        The image's digest; None if its address has it.
    inputs : dict
        The objects that the job reads, by channel and by their names below it.
    """
    return plain(
        {
            "Version": VERSION,
            "Step": step.name,
            "Image": {"Address": step.image, "Digest": digest},
            **step.parameters,
            "Inputs": {
                channel: {name: found.etag for name, found in objects.items()}
                for channel, objects in inputs.items()
            },
        }
    )


def plain(value: Any) -> Any:
    """Return a JSON value in which whole numbers are integers: 1 and 1.0 are the same parameter."""
    if isinstance(value, float) and value.is_integer():
        return int(value)
    if isinstance(value, dict):
        return {name: plain(inner) for name, inner in value.items()}
    return [plain(inner) for inner in value] if isinstance(value, list) else value


def canonical(value: Any) -> bytes:
    """Return the one way of writing a JSON value: sorted members, no spaces, ASCII only."""
    return json.dumps(value, sort_keys=True, separators=(",", ":")).encode()


def sha256(value: Any) -> str:
    """Return the hash of a JSON value as hexadecimal digits: of a key, its address."""
    return hashlib.sha256(canonical(value)).hexdigest()


def seen(digest: str | None, inputs: dict[str, dict[str, Found]]) -> str:
    """Return a hash that changes with anything that is written to the inputs meanwhile.

    A key has no times, so that the same data that is uploaded again is the same; but data that was
    replaced and restored while a job ran may have been read by it.
    """
    return sha256([digest, inputs])


def differences(old: dict[str, Any], new: dict[str, Any]) -> list[tuple[str, Any, Any]]:
    """Return each field in which two keys differ, with both values; None where it is absent."""
    before, after = dict(_fields(old)), dict(_fields(new))
    return [
        (name, before.get(name), after.get(name))
        for name in sorted({*before, *after})
        if before.get(name, _ABSENT) != after.get(name, _ABSENT)
    ]


def _fields(key: dict[str, Any]) -> Iterator[tuple[str, Any]]:
    for name, value in key.items():
        if name == "Inputs":
            for channel, objects in value.items():
                yield from ((f"Inputs.{channel}/{path}", etag) for path, etag in objects.items())
        else:
            yield from _leaves(name, value)


def _leaves(name: str, value: Any) -> Iterator[tuple[str, Any]]:
    if isinstance(value, dict) and value:
        for member, inner in value.items():
            yield from _leaves(f"{name}.{member}", inner)
    else:
        yield name, value


def told(changes: list[tuple[str, Any, Any]]) -> list[dict[str, Any]]:
    """Return the first differences in the form of a report, with shortened values."""
    return [
        {"Field": shortened(name), "Old": shortened(old), "New": shortened(new)}
        for name, old, new in changes[:MAX_CHANGES]
    ]


def shortened(value: Any) -> Any:
    """Return a value as it is, or the beginning of it if it is long."""
    if value is None or isinstance(value, bool | int | float):
        return value
    if isinstance(value, str):
        return value if len(value) <= MAX_SHOWN else f"{value[:MAX_SHOWN]}…"
    return shown(value, MAX_SHOWN)
