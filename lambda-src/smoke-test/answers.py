"""Check an endpoint's responses to recorded examples."""

from __future__ import annotations

import csv
import io
import json
import math
from typing import Any, NamedTuple

JSON, CSV = "application/json", "text/csv"

MAX_EXAMPLES = 100


class InvalidExamples(Exception):
    """The examples lack a key or have an invalid value."""


class Range(NamedTuple):
    """The lowest and the highest prediction that pass."""

    low: float
    high: float


class Example(NamedTuple):
    """Instances to send, and what the predictions for them must be.

    ``expected`` is a range for all of them, or a value for each.
    """

    instances: list[Any]
    expected: Range | list[Any]


def parse_examples(examples: Any) -> list[Example]:
    """Check examples.

    Parameters
    ----------
    examples : list of dict
        Each with ``instances``, a non-empty list, and either ``low`` and ``high``, which are within
        the range, or ``expected``, a value for each instance.

    Raises
    ------
    InvalidExamples
        If an example is invalid; the message names the first one and the reason.
    """
    if not isinstance(examples, list) or not 1 <= len(examples) <= MAX_EXAMPLES:
        raise InvalidExamples(
            f"the examples must be a list of 1 to {MAX_EXAMPLES}, got {short(examples)}"
        )
    return [_example(number, example) for number, example in enumerate(examples, start=1)]


def request_body(instances: list[Any], content_type: str) -> str:
    """Return instances as a request body.

    Raises
    ------
    InvalidExamples
        If the content type is unknown or does not support the instances.
    """
    if content_type == JSON:
        try:
            return json.dumps({"instances": instances})
        except RecursionError as error:
            raise InvalidExamples("instances must not be nested so deeply") from error
    if content_type != CSV:
        raise InvalidExamples(f"ContentType must be {JSON} or {CSV}, got {short(content_type)}")
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    for instance in instances:
        if not isinstance(instance, list):
            raise InvalidExamples(
                f"an instance must be a list of values to be sent as {CSV}, got {short(instance)}"
            )
        writer.writerow(instance)
    return text.getvalue()


def failures(example: Example, answer: str) -> list[str]:
    """Return what is wrong with a response.

    Parameters
    ----------
    example : Example
        The example that was sent.
    answer : str
        JSON: a list of predictions, or an object with such a list as ``predictions``.

    Returns
    -------
    list of str
        A sentence per fault; empty if there is none.
    """
    try:
        predictions = json.loads(answer)
    except (ValueError, RecursionError):
        return [f"the response must be JSON, got {short(answer)}"]
    if isinstance(predictions, dict):
        predictions = predictions.get("predictions")
    if not isinstance(predictions, list):
        return [f"the response must contain a list of predictions, got {short(answer)}"]
    count = len(example.instances)
    if len(predictions) != count:
        return [f"the response must contain {count} predictions, got {len(predictions)}"]
    expected = example.expected
    each = expected if isinstance(expected, list) else [expected] * count
    faults = (
        (number, _fault(value, wanted))
        for number, (value, wanted) in enumerate(zip(predictions, each), start=1)
    )
    return [f"instance {number}: {fault}" for number, fault in faults if fault]


def _fault(value: Any, expected: Any) -> str | None:
    if isinstance(expected, Range):
        if not _is_finite_number(value):
            return f"the prediction must be a finite number, got {short(value)}"
        if not expected.low <= value <= expected.high:
            return (
                f"the prediction must be from {expected.low} to {expected.high}, got {short(value)}"
            )
        return None
    # In Python True equals 1; in JSON it does not.
    if value != expected or isinstance(value, bool) != isinstance(expected, bool):
        return f"the prediction must be {short(expected)}, got {short(value)}"
    return None


def _example(number: int, example: Any) -> Example:
    if not isinstance(example, dict):
        raise InvalidExamples(f"example {number} must be an object, got {short(example)}")
    instances = example.get("instances")
    if not isinstance(instances, list) or not instances:
        raise InvalidExamples(
            f"example {number}: instances must be a non-empty list, got {short(instances)}"
        )
    if "expected" in example:
        return Example(instances, _values(number, example["expected"], len(instances)))
    return Example(instances, _range(number, example))


def _values(number: int, expected: Any, count: int) -> list[Any]:
    if not isinstance(expected, list) or len(expected) != count:
        raise InvalidExamples(
            f"example {number}: expected must be a list of one value for each of the {count} "
            f"instances, got {short(expected)}"
        )
    for value in expected:
        if not isinstance(value, (str, bool)) and not _is_finite_number(value):
            raise InvalidExamples(
                f"example {number}: expected must hold text, numbers or booleans, got "
                f"{short(value)}"
            )
    return expected


def _range(number: int, example: dict[str, Any]) -> Range:
    for key in ("low", "high"):
        value = example.get(key)
        if not _is_finite_number(value):
            raise InvalidExamples(
                f"example {number}: {key} must be a finite number, got {short(value)}"
            )
    low, high = example["low"], example["high"]
    if low > high:
        raise InvalidExamples(f"example {number}: low must be at most high, {high}, got {low}")
    return Range(low, high)


def _is_finite_number(value: Any) -> bool:
    try:
        return type(value) in (int, float) and math.isfinite(value)
    except OverflowError:
        return False


def short(value: Any) -> str:
    """Return the beginning of any value as JSON."""
    try:
        return json.dumps(value)[:200]
    except (ValueError, TypeError, RecursionError):
        return f"a {type(value).__name__} that cannot be shown"
