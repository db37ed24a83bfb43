"""The intrinsic functions, from plain values to plain values.

Undocumented behavior is as observed on AWS; a wrong argument is "Invalid arguments in States.Name".
Source: https://docs.aws.amazon.com/step-functions/latest/dg/intrinsic-functions.html
"""

import base64
import hashlib
import json
import math
import random
import re
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, NoReturn

from emulator.aws.stepfunctions.jsonpath.java_values import hash_set, java_text

LONGEST_TEXT = 10_000
"""Maximum number of characters that are encoded, decoded or hashed."""

LONGEST_RANGE = 1_000
"""Maximum number of elements of ``States.ArrayRange``."""

_HASHES = {
    "MD5": "md5",
    "SHA-1": "sha1",
    "SHA-256": "sha256",
    "SHA-384": "sha384",
    "SHA-512": "sha512",
}
_PLACEHOLDER = re.compile(r"\\(?P<escaped>[{}'\\])|(?P<placeholder>\{\})|(?P<stray>[{}\\])")


class IntrinsicError(Exception):
    """A call that fails; the text is AWS's message after the function's name."""


@dataclass(frozen=True)
class Literal:
    """A literal in a call; `raw` is a text with its escapes."""

    value: Any
    raw: str | None = None


@dataclass(frozen=True)
class Function:
    """A function, and its number of arguments."""

    run: Callable[..., Any]
    fewest: int
    most: int | None = None

    def argument_problem(self, arguments: tuple[Any, ...]) -> str | None:
        """Return the problem of a wrong number of arguments."""
        most = self.fewest if self.most is None else self.most
        if self.fewest <= len(arguments) <= most:
            return None
        if most > 99:
            wanted = f"at least {self.fewest}"
        else:
            wanted = str(most) if most == self.fewest else f"{self.fewest} to {most}"
        return f"takes {wanted} arguments, got {len(arguments)}"


def _invalid(name: str) -> NoReturn:
    raise IntrinsicError(f"Invalid arguments in States.{name}")


def _truncated(name: str, value: Any) -> int:
    # AWS documents rounding, but truncates.
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not math.isfinite(value):
        _invalid(name)
    return int(value)


def _expect(name: str, kind: type, *values: Any) -> None:
    if not all(isinstance(value, kind) for value in values):
        _invalid(name)


def _format(template: Any, *values: Any) -> str:
    _expect("Format", str, template)
    remaining = list(values)

    def fill(match: re.Match[str]) -> str:
        if match["escaped"]:
            return match["escaped"]
        if match["stray"] or not remaining:
            _invalid("Format")
        return java_text(remaining.pop(0))

    text = _PLACEHOLDER.sub(fill, template)
    if remaining:
        _invalid("Format")
    return text


def _string_to_json(text: Any) -> Any:
    _expect("StringToJson", str, text)
    if not text.strip():
        return None
    try:
        return json.loads(text, parse_constant=_no_constant)
    except ValueError:
        _invalid("StringToJson")


def _no_constant(text: str) -> NoReturn:
    raise ValueError(f"{text} is not JSON")


def _json_to_string(value: Any) -> str:
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False)


def _array_partition(array: Any, size: Any) -> list[Any]:
    step = _truncated("ArrayPartition", size)
    _expect("ArrayPartition", list, array)
    if step < 1:
        _invalid("ArrayPartition")
    return [array[i : i + step] for i in range(0, len(array), step)]


def _array_contains(array: Any, value: Any) -> bool:
    _expect("ArrayContains", list, array)
    # AWS compares texts: 1 is in ["1"], and objects are equal only with the same order of fields.
    wanted = java_text(value)
    return any(java_text(item) == wanted for item in array)


def _array_range(first: Any, last: Any, step: Any) -> list[int]:
    start, stop, stride = (_truncated("ArrayRange", value) for value in (first, last, step))
    if stride == 0:
        _invalid("ArrayRange")
    numbers = range(start, stop + (1 if stride > 0 else -1), stride)
    if len(numbers) > LONGEST_RANGE:
        _invalid("ArrayRange")
    return list(numbers)


def _array_get_item(array: Any, index: Any) -> Any:
    _expect("ArrayGetItem", list, array)
    position = _truncated("ArrayGetItem", index)
    if position < 0 or (array and position >= len(array)):
        _invalid("ArrayGetItem")
    return array[position] if array else None


def _array_length(array: Any) -> int:
    _expect("ArrayLength", list, array)
    return len(array)


def _array_unique(array: Any) -> list[Any]:
    _expect("ArrayUnique", list, array)
    return hash_set(array)


def _base64_encode(text: Any) -> str:
    _expect("Base64Encode", str, text)
    if len(text) > LONGEST_TEXT:
        _invalid("Base64Encode")
    return base64.b64encode(text.encode()).decode()


def _base64_decode(text: Any) -> str:
    _expect("Base64Decode", str, text)
    if len(text) > LONGEST_TEXT:
        _invalid("Base64Decode")
    # AWS skips characters that are not Base64, and stops at the padding.
    digits = re.sub(r"[^A-Za-z0-9+/]", "", text.partition("=")[0])
    usable = digits if len(digits) % 4 != 1 else digits[:-1]
    return base64.b64decode(usable + "=" * (-len(usable) % 4)).decode(errors="replace")


def _hash(value: Any, algorithm: Any) -> str:
    if not isinstance(algorithm, str) or algorithm not in _HASHES:
        _invalid("Hash")
    text = java_text(value)
    if len(text) > LONGEST_TEXT:
        _invalid("Hash")
    return hashlib.new(_HASHES[algorithm], text.encode()).hexdigest()


def _json_merge(first: Any, second: Any, deep: Any) -> dict[str, Any]:
    _expect("JsonMerge", dict, first, second)
    if deep is True:
        _invalid("JsonMerge")
    return {**first, **second}


def _math_random(first: Any, last: Any, *seed: Any) -> int:
    start, stop, *seeds = (_truncated("MathRandom", value) for value in (first, last, *seed))
    if start >= stop:
        _invalid("MathRandom")
    return random.Random(*seeds).randrange(start, stop)  # noqa: S311


def _math_add(first: Any, second: Any) -> int:
    terms = [_rounded(value) for value in (first, second)]
    for number in (*terms, sum(terms)):
        if not -(2**31) <= number < 2**31:
            _invalid("MathAdd")
    return sum(terms)


def _rounded(value: Any) -> int:
    # Halves are rounded up, even below zero: -1.5 is -1.
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not math.isfinite(value):
        _invalid("MathAdd")
    return value if isinstance(value, int) else math.floor(value + 0.5)


def _string_split(text: Any, separators: Any) -> list[str]:
    _expect("StringSplit", str, text, separators)
    # Each character of the second argument separates; empty parts are dropped.
    parts = re.split(f"[{re.escape(separators)}]", text) if separators else [text]
    return [part for part in parts if part]


FUNCTIONS = {
    "Format": Function(_format, 1, 100),
    "StringToJson": Function(_string_to_json, 1),
    "JsonToString": Function(_json_to_string, 1),
    "Array": Function(lambda *values: list(values), 0, 100),
    "ArrayPartition": Function(_array_partition, 2),
    "ArrayContains": Function(_array_contains, 2),
    "ArrayRange": Function(_array_range, 3),
    "ArrayGetItem": Function(_array_get_item, 2),
    "ArrayLength": Function(_array_length, 1),
    "ArrayUnique": Function(_array_unique, 1),
    "Base64Encode": Function(_base64_encode, 1),
    "Base64Decode": Function(_base64_decode, 1),
    "Hash": Function(_hash, 2),
    "JsonMerge": Function(_json_merge, 3),
    "MathRandom": Function(_math_random, 2, 3),
    "MathAdd": Function(_math_add, 2),
    "StringSplit": Function(_string_split, 2),
    "UUID": Function(lambda: str(uuid.uuid4()), 0),
}
"""The functions by name, without ``States.``."""
