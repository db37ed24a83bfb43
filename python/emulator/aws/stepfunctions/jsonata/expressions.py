"""JSONata in Step Functions: AWS's additional functions, and values bound natively."""

import copy
import functools
import hashlib
import json
import math
import random
import sys
import time
import uuid
from collections.abc import Callable, Mapping
from typing import Any

from jsonata import Functions, JException, Jsonata, Utils
from jsonata.timebox import Timebox

# AWS ends an expression after a second. The depth limit keeps a runaway recursion from exhausting
# the thread's stack, which would kill the process.
TIME_LIMIT_MS = 1_000
_MAX_DEPTH = 500

_HASHES = {
    "MD5": "md5",
    "SHA-1": "sha1",
    "SHA-256": "sha256",
    "SHA-384": "sha384",
    "SHA-512": "sha512",
}


class ExpressionError(Exception):
    """An expression that cannot be parsed, or that fails when evaluated."""


class _Bounds(Timebox):
    """Limits an expression by its processor time, so that none fails on a busy machine."""

    def __init__(self, environment: Any, timeout: int, max_depth: int) -> None:
        super().__init__(environment, timeout, max_depth)
        self._started = time.thread_time()
        self._steps = 0

    def check_runaway(self) -> None:
        if self.depth > _MAX_DEPTH:
            raise JException("D1011", -1)
        self._steps += 1
        # Reading the clock costs more than most steps.
        if self._steps % 64 == 0 and (time.thread_time() - self._started) * 1000 > TIME_LIMIT_MS:
            raise JException("D1012", -1, TIME_LIMIT_MS)


class _Undefined:
    def __repr__(self) -> str:
        return "UNDEFINED"


UNDEFINED = _Undefined()
"""The result of an expression that finds nothing; JSONata's null is None."""


def check(expression: str) -> None:
    """Parse an expression.

    Raises
    ------
    ExpressionError
        If it is not JSONata.
    """
    try:
        _parsed(expression)
    except Exception as error:
        raise ExpressionError(_message(error)) from error


def evaluate(expression: str, variables: Mapping[str, Any]) -> Any:
    """Evaluate an expression with plain JSON values bound to variables.

    Returns
    -------
    Any
        A JSON value, or `UNDEFINED`.

    Raises
    ------
    ExpressionError
        If the expression throws, runs too long, or returns a value that is not JSON.
    """
    try:
        jsonata = _evaluator(expression)
        _Bounds(jsonata.environment, TIME_LIMIT_MS, _MAX_DEPTH)
        jsonata.set_output_convert_nulls(False)
        bindings = {name: Jsonata.JLambda(function) for name, function in _FUNCTIONS.items()}
        bindings.update({name: _bindable(value) for name, value in variables.items()})
        result = jsonata.evaluate(None, bindings)
        return UNDEFINED if result is None else _plain(result)
    except Exception as error:
        raise ExpressionError(_message(error)) from error


@functools.lru_cache(maxsize=4096)
def _parsed(expression: str) -> Jsonata:
    return Jsonata(expression)


def _evaluator(expression: str) -> Jsonata:
    """Return an evaluator of this thread's own; it shares the syntax tree, which it only reads."""
    evaluator = copy.copy(_parsed(expression))
    evaluator.environment = evaluator.create_frame(Jsonata.static_frame)
    Jsonata.CURRENT.jsonata = evaluator
    return evaluator


def install() -> None:
    """Convert values to text like the reference implementation.

    ``$string`` and ``&`` write objects like JavaScript, with non-ASCII text unescaped; and
    ``$lowercase`` does not fold letters that are equal only if case is ignored, such as ß and ss.
    """
    string: Any = staticmethod(_string)
    lowercase: Any = staticmethod(_lowercase)
    Functions._string = string
    Functions.lowercase = lowercase
    Jsonata.define_function("lowercase", "<s-:s>")


def _lowercase(text: str | None) -> str | None:
    return None if text is None else text.lower()


def _string(value: Any, prettify: bool) -> str:
    if isinstance(value, float) and 0 < abs(value) < sys.float_info.min:
        return repr(value)  # which the library would round to digits that the number does not have
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        return Functions.Encoder().encode(value)
    layout: dict[str, Any] = {"indent": 2} if prettify else {"separators": (",", ":")}
    return json.dumps(_plain(value, as_text=True), ensure_ascii=False, **layout)


def _message(error: Exception) -> str:
    return f"{error.error}: {error}" if isinstance(error, JException) else str(error)


def _bindable(value: Any) -> Any:
    # At the top level, a Python None would mean undefined.
    return Utils.NULL_VALUE if value is None else value


def _plain(value: Any, *, as_text: bool = False) -> Any:
    """Return the JSON value of a result; JSON has one kind of number, so 2.0 is 2.

    As text, numbers have 15 digits and functions are empty, as in the reference implementation.
    """
    if value is None or value is Utils.NULL_VALUE:
        return None
    if isinstance(value, (str, bool, int)):
        return value
    if isinstance(value, float):
        if not math.isfinite(value):
            raise JException("D1001", 0, value)
        if value.is_integer() and abs(value) < 1e15:
            return int(value)
        return float(f"{value:.15g}") if as_text else value
    if isinstance(value, Mapping):
        return {key: _plain(item, as_text=as_text) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(value[i], as_text=as_text) for i in range(len(value))]
    if as_text:
        return ""
    raise TypeError("the result is a function, not a JSON value")


def _partition(array: list[Any], size: float) -> list[Any]:
    if size <= 0:
        raise JException("D3137", 0, "the second argument of $partition must be greater than 0")
    step = int(size)
    return [array[i : i + step] for i in range(0, len(array), step)]


def _range(first: float, last: float, step: float) -> list[float]:
    if step == 0:
        raise JException("D3137", 0, "the third argument of $range must not be 0")
    count = int((last - first) // step) + 1
    if count > 1000:
        raise JException("D2014", 0, count)
    return [first + i * step for i in range(count)]


def _hash(value: Any, algorithm: str) -> str:
    if algorithm not in _HASHES:
        raise JException("D3137", 0, f"$hash knows {', '.join(_HASHES)}, got {algorithm}")
    text = value if isinstance(value, str) else _string(value, False)
    return hashlib.new(_HASHES[algorithm], text.encode()).hexdigest()


def _random(seed: Any = None) -> float:
    return random.random() if seed is None else random.Random(seed).random()  # noqa: S311


def _parse(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError as error:
        raise JException("D3137", 0, f"$parse got what is not JSON: {error}") from error


def _no_eval(*_: Any) -> Any:
    raise JException("D3137", 0, "$eval is not supported; use $parse")


_FUNCTIONS: dict[str, Callable[..., Any]] = {
    "partition": _partition,
    "range": _range,
    "hash": _hash,
    "random": _random,
    "uuid": lambda *_: str(uuid.uuid4()),
    "parse": _parse,
    "eval": _no_eval,
}
