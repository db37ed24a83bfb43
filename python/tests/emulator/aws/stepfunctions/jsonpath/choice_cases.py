"""Comparisons of Choice rules, as (comparison, value, operand, result, source).

Comparisons that also exist with ``Path`` are tested in both forms.
"""

from tests.emulator.aws.stepfunctions.jsonpath.sources import (
    CHOICE,
    CONFORMANCE,
    JAVA,
    RECORDED,
    SPEC,
)

NOON, NOON_THERE = "2025-01-01T12:00:00.000Z", "2025-01-01T07:00:00-05:00"
LATER = "2025-01-01T12:00:01Z"
OTHERS = [None, 0, 1.1, "", " ", "x", "2023-02-24", [], [""], {}, {"a": 0}, True, False]
"""Values of all types."""


def _types():
    kinds = {
        "IsNull": (None,),
        "IsBoolean": (True, False),
        "IsNumeric": (0, 1.1),
        "IsString": ("", " ", "x", "2023-02-24"),
        "IsTimestamp": (),
    }
    for name, members in kinds.items():
        for value in OTHERS:
            belongs = any(type(value) is type(member) and value == member for member in members)
            yield (name, value, True, belongs, RECORDED)
            yield (name, value, False, not belongs, RECORDED)


def _other_types():
    """Compare with a value of another type, which is false."""
    wanted = {"String": "y", "Numeric": 7, "Boolean": True, "Timestamp": NOON}
    same = {"String": (str,), "Numeric": (int, float), "Boolean": (bool,), "Timestamp": ()}
    for kind, literal in wanted.items():
        for value in OTHERS:
            if type(value) not in same[kind]:
                yield (f"{kind}Equals", value, literal, False, RECORDED)


CASES = [
    *_types(),
    *_other_types(),
    ("BooleanEquals", True, True, True, RECORDED),
    ("BooleanEquals", False, True, False, RECORDED),
    ("BooleanEquals", "true", True, False, CONFORMANCE),
    ("BooleanEquals", 1, True, False, RECORDED),
    ("NumericEquals", 0, 0.0, True, RECORDED),
    ("NumericEquals", 1, 1.0, True, RECORDED),
    ("NumericEquals", 2.22, 2.22, True, RECORDED),
    ("NumericEquals", True, 1, False, RECORDED),
    ("NumericEquals", "1", 1, False, RECORDED),
    ("NumericGreaterThan", 1, 0, True, RECORDED),
    ("NumericGreaterThan", 0.77, 0.7, True, SPEC),
    ("NumericGreaterThan", 0.7, 0.7, False, RECORDED),
    ("NumericGreaterThan", [0.77], 0.7, False, RECORDED),
    ("NumericGreaterThanEquals", 1, 1.0, True, RECORDED),
    ("NumericLessThan", -1.5, -1, True, RECORDED),
    ("NumericLessThan", 1, 1, False, RECORDED),
    ("NumericLessThanEquals", 1, 1, True, RECORDED),
    ("StringEquals", "Hello", "Hello", True, RECORDED),
    ("StringEquals", "Hello", "hello", False, RECORDED),
    ("StringGreaterThan", "a", "A", True, JAVA),
    ("StringGreaterThan", "", "", False, RECORDED),
    ("StringGreaterThanEquals", "AB", "A", True, RECORDED),
    ("StringLessThan", "A", "AB", True, RECORDED),
    ("StringLessThan", "10", "9", True, SPEC),
    # Java compares UTF-16 units.
    ("StringLessThan", "😀", "\ufb00", True, JAVA),
    ("StringLessThanEquals", "", "", True, RECORDED),
    ("TimestampEquals", NOON, NOON_THERE, True, CONFORMANCE),
    ("TimestampEquals", NOON, LATER, False, RECORDED),
    ("TimestampGreaterThan", LATER, NOON, True, RECORDED),
    ("TimestampGreaterThanEquals", NOON_THERE, NOON, True, CONFORMANCE),
    ("TimestampLessThan", NOON, LATER, True, RECORDED),
    ("TimestampLessThan", NOON_THERE, NOON, False, CONFORMANCE),
    ("TimestampLessThan", "2025-01-01T12:00:00.049Z", "2025-01-01T12:00:00.05Z", True, SPEC),
    ("TimestampLessThanEquals", NOON, NOON_THERE, True, CONFORMANCE),
    ("TimestampEquals", "2025-01-01T12:00:00", NOON, False, SPEC),
    ("IsTimestamp", NOON, True, True, SPEC),
    ("IsTimestamp", NOON_THERE, True, True, SPEC),
    ("IsTimestamp", "2016-03-14T01:59:00Z", True, True, SPEC),
    ("IsTimestamp", "2016-03-14t01:59:00z", True, False, SPEC),
    ("IsTimestamp", "2016-13-14T01:59:00Z", True, False, SPEC),
    ("IsTimestamp", "2025-01-01T00%3A00%3A00Z", True, False, CONFORMANCE),
    ("IsTimestamp", "2012-10-09T19:00:55", True, False, RECORDED),
    ("IsTimestamp", 1735689600, True, False, CONFORMANCE),
    ("StringMatches", "invoice-2025.json", "invoice-*.json", True, CONFORMANCE),
    ("StringMatches", "logs-1-2-done", "logs-*-*-done", True, CONFORMANCE),
    ("StringMatches", "a", "*a*", True, CHOICE),
    ("StringMatches", "hello", "he?lo", False, CHOICE),
    ("StringMatches", "he?lo", "he?lo", True, CHOICE),
    ("StringMatches", "a[b]", "a[b]", True, CHOICE),
    ("StringMatches", "ab", "a[b]", False, CHOICE),
    ("StringMatches", "HELLO", "hello", False, CHOICE),
    ("StringMatches", "file*name.txt", r"file\*name.txt", True, CONFORMANCE),
    ("StringMatches", "file-name.txt", r"file\*name.txt", False, CONFORMANCE),
    ("StringMatches", "a\\b", "a\\\\*", True, CHOICE),
    ("StringMatches", "a.b", "a.b", True, CHOICE),
    ("StringMatches", "axb", "a.b", False, CHOICE),
    ("StringMatches", 123, "123", False, CONFORMANCE),
]

WRONG_LITERALS = [
    ("StringEquals", 1, "must be a string"),
    ("NumericEquals", "1", "must be a number"),
    ("NumericEquals", True, "must be a number"),
    ("BooleanEquals", "true", "must be true or false"),
    ("TimestampEquals", "2025-01-01", "must be an RFC 3339 timestamp"),
    ("IsPresent", "true", "must be true or false"),
    ("IsNull", None, "must be true or false"),
    ("StringMatches", 1, "must be a string"),
    ("StringMatches", "a\\b", "must have an asterisk or a backslash after each backslash"),
    ("StringMatches", "a\\", "must have an asterisk or a backslash after each backslash"),
]
