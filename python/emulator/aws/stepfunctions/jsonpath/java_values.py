"""The text and order of JSON values in the Java service behind Step Functions.

``States.Format`` writes an object like a Java map, ``{name=value}``, and ``States.ArrayUnique`` has
the order of a Java hash set; both were observed on AWS.
"""

import struct
from decimal import Decimal
from typing import Any

_INT_BITS = 0xFFFFFFFF


def java_text(value: Any) -> str:
    """Return the text of ``toString``: strings without quotes, objects as ``{name=value}``."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        return _double_text(value)
    if isinstance(value, dict):
        return "{" + ", ".join(f"{key}={java_text(item)}" for key, item in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(java_text, value)) + "]"
    return str(value)


def _double_text(value: float) -> str:
    # Java writes plain digits from 0.001 up to ten million, and 1.5E10 beyond.
    if value == 0 or 1e-3 <= abs(value) < 1e7:
        return format(Decimal(repr(value)), "f")
    sign, digits, exponent = Decimal(repr(value)).normalize().as_tuple()
    if not isinstance(exponent, int):
        return repr(value)
    first, rest = str(digits[0]), "".join(map(str, digits[1:])) or "0"
    return f"{'-' if sign else ''}{first}.{rest}E{exponent + len(digits) - 1}"


def utf16(text: str) -> bytes:
    """Return a key that sorts strings as Java compares them."""
    return text.encode("utf-16-be", "surrogatepass")


def hash_set(values: list[Any]) -> list[Any]:
    """Return the distinct values in the order in which a Java ``HashSet`` iterates over them."""
    size = 16
    while size < len(values) / 0.75 + 1:
        size *= 2
    buckets: dict[int, list[Any]] = {}
    for value in values:
        code = _hash(value)
        bucket = buckets.setdefault((code ^ (code >> 16)) & (size - 1), [])
        if not any(same(value, other) for other in bucket):
            bucket.append(value)
    return [value for place in sorted(buckets) for value in buckets[place]]


def same(left: Any, right: Any) -> bool:
    """Return whether two values are equal in Java: 1 is not 1.0, and true is not 1."""
    if type(left) is not type(right):
        return False
    if isinstance(left, dict):
        return left.keys() == right.keys() and all(same(left[key], right[key]) for key in left)
    if isinstance(left, list):
        return len(left) == len(right) and all(map(same, left, right))
    return left == right


def _hash(value: Any) -> int:
    if value is None:
        return 0
    if isinstance(value, bool):
        return 1231 if value else 1237
    if isinstance(value, int):
        return _int_hash(value)
    if isinstance(value, float):
        bits = struct.unpack(">Q", struct.pack(">d", value))[0]
        return (bits ^ (bits >> 32)) & _INT_BITS
    if isinstance(value, str):
        units = utf16(value)
        return _polynomial(0, [units[i] << 8 | units[i + 1] for i in range(0, len(units), 2)])
    if isinstance(value, dict):
        return sum(_hash(key) ^ _hash(item) for key, item in value.items()) & _INT_BITS
    return _polynomial(1, [_hash(item) for item in value])


def _int_hash(value: int) -> int:
    if -(2**31) <= value < 2**31:
        return value & _INT_BITS
    long = value & 0xFFFFFFFFFFFFFFFF
    return (long ^ (long >> 32)) & _INT_BITS


def _polynomial(start: int, codes: list[int]) -> int:
    for code in codes:
        start = (31 * start + code) & _INT_BITS
    return start
