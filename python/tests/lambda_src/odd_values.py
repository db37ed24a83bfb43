"""Unexpected JSON, as data or users may contain it."""

import json
import random

# Texts that are not JSON, or more deeply nested than a parser supports.
ODD_TEXTS = (
    "",
    "{",
    "null",
    "[1]",
    '"text"',
    "1e999",
    "9" * 5000,
    '{"reason": NaN}',
    "[" * 50_000,
    "[" * 900 + "]" * 900,
    '{"reason":' * 900 + "1" + "}" * 900,
    '{"reason":' * 50_000,
    '{"a": "\\ud800"}',
    "\ud800",
    "\u2028Next:\r\n\x1b[31m",
    "x" * 200_000,
)
_SCALARS = (
    None,
    True,
    0,
    -1.5,
    10**400,
    float("inf"),
    float("nan"),
    "",
    "text",
    "\ud800",
    "a\nNext:\n  evil",
    "\u202eRTL",
    "x" * 5000,
)


def odd_value(chance: random.Random, keys=(), depth=3):
    """Return any JSON value; objects have some of `keys` and others."""
    kind = chance.randrange(4 if depth else 2)
    if kind < 2:
        return chance.choice(_SCALARS)
    if kind == 2:
        return [odd_value(chance, keys, depth - 1) for _ in range(chance.randrange(4))]
    names = chance.sample([*keys, "", "other", "\n", "\ud800"], min(len(keys) + 2, 6))
    return {name: odd_value(chance, keys, depth - 1) for name in names}


def odd_objects(count, keys, seed=1):
    """Return objects with all of `keys`, each with any value or the one in `keys`."""
    chance = random.Random(seed)  # noqa: S311  (the same at every run)
    for _ in range(count):
        yield {
            key: right if chance.random() < 0.5 else odd_value(chance, list(keys))
            for key, right in keys.items()
            if chance.random() < 0.9
        }


def nested(depth):
    """Return nested lists."""
    value = []
    for _ in range(depth):
        value = [value]
    return value


def as_text(value):
    """Return a value as the JSON that a service would pass on."""
    return json.dumps(value)
