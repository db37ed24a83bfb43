"""Conditions of filters, ``[?(@.price < 10 && @.kind == 'book')]``.

AWS excludes regular expressions, operators that are words, and references to other parts of the
data. ``@`` alone matches objects only, so that a comparison of plain values is never true.
https://docs.aws.amazon.com/step-functions/latest/dg/amazon-states-language-paths.html
"""

import json
import operator
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

QUOTED = re.compile(r"'(?:\\'|[^'])*'|\"(?:\\\"|[^\"])*\"")

_NUMBER = re.compile(r"-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?")
_TOKEN = re.compile(
    rf"\s*(?P<token>{QUOTED.pattern}|&&|\|\||[=!]=|<=|>=|=~|[<>!()]"
    rf"|[@$](?:\.[\w-]+|\[(?:{QUOTED.pattern}|-?\d+)\])*"
    rf"|{_NUMBER.pattern}|\w+)"
)
_STEP = re.compile(rf"\.(?P<name>[\w-]+)|\[(?P<quoted>{QUOTED.pattern})\]|\[(?P<index>-?\d+)\]")
_BARE = re.compile(r"\s*(?P<text>[^\s'\"@$()&|][^()&|]*?)\s*(?=[()&|]|$)")
_PATH_GOES_ON = (".", "[", "(")
_SIGNS = ("==", "!=", "<", "<=", ">", ">=")
_LITERALS = {"true": True, "false": False, "null": None}

Condition = Callable[[Any], bool]


class UnsupportedConditionError(ValueError):
    """A condition that AWS accepts, but whose result on AWS is unknown."""


class _Missing:
    pass


_MISSING = _Missing()


@dataclass(frozen=True)
class _Operand:
    """A literal, or a path from ``@`` if `steps` is given."""

    literal: Any = None
    steps: tuple[str | int, ...] | None = None

    def value(self, item: Any) -> Any:
        if self.steps is None:
            return self.literal
        for step in self.steps:
            if not _has(item, step):
                return _MISSING
            item = item[step]
        return item


def _has(item: Any, step: str | int) -> bool:
    if isinstance(step, str):
        return isinstance(item, dict) and step in item
    return isinstance(item, list) and -len(item) <= step < len(item)


def unquoted(match: re.Match[str]) -> str:
    """Return the text between quotes; a backslash escapes the same quote only."""
    text = match[0]
    return text[1:-1].replace("\\" + text[0], text[0])


def parse_condition(text: str) -> Condition:
    """Return a function that checks whether the condition is true for an element.

    Raises
    ------
    ValueError
        If the text is not a condition, or uses features that AWS excludes.
    UnsupportedConditionError
        If AWS accepts it, but the emulator does not evaluate it.
    """
    parser = _Parser(_tokens(text))
    condition = parser.either()
    parser.expect_end()
    return condition


def _tokens(text: str) -> list[str]:
    tokens: list[str] = []
    position = 0
    while text[position:].strip():
        before = tokens[-1] if tokens else ""
        if before in _SIGNS:
            _refuse_bare_text(text, position)
        match = _TOKEN.match(text, position)
        if not match:
            raise ValueError(f"'{text[position:].strip()}' is not understood")
        tokens.append(_allowed(match["token"], before))
        position = match.end()
        if match["token"].startswith("@") and text[position : position + 1] in _PATH_GOES_ON:
            raise UnsupportedConditionError(
                "after @ the emulator follows fields and positions only, and not "
                f"'{match['token']}{text[position:]}'"
            )
    return tokens


def _refuse_bare_text(text: str, position: int) -> None:
    # Public machines have [?(@.name == some.text)], which AWS accepts.
    bare = _BARE.match(text, position)
    if bare and bare["text"] not in _LITERALS and not _NUMBER.fullmatch(bare["text"]):
        raise UnsupportedConditionError(
            f"the emulator compares with texts in quotes only; write '{bare['text']}' with them"
        )


def _allowed(text: str, before: str) -> str:
    if text == "=~":
        raise ValueError("AWS evaluates no regular expressions in filters")
    if re.fullmatch(r"[^\W\d]\w*", text) and text not in _LITERALS:
        if before in ("", "(", "!", "&&", "||"):
            raise ValueError(f"'{text}' is no path; a field is written @.{text}")
        raise ValueError(f"AWS evaluates no operators that are words, such as '{text}'")
    if text.startswith("$"):
        raise ValueError(f"AWS evaluates no references to other data in filters: '{text}'")
    return text


class _Parser:
    def __init__(self, tokens: list[str]) -> None:
        self._tokens = tokens

    def either(self) -> Condition:
        parts = [self._both()]
        while self._take("||"):
            parts.append(self._both())
        return lambda item: any(part(item) for part in parts)

    def expect_end(self) -> None:
        if self._tokens:
            raise ValueError(f"'{self._tokens[0]}' is not expected there")

    def _both(self) -> Condition:
        parts = [self._single()]
        while self._take("&&"):
            parts.append(self._single())
        return lambda item: all(part(item) for part in parts)

    def _single(self) -> Condition:
        if self._take("!"):
            negated = self._single()
            return lambda item: not negated(item)
        if self._take("("):
            inner = self.either()
            if not self._take(")"):
                raise ValueError("a ')' is missing")
            return inner
        return self._comparison()

    def _comparison(self) -> Condition:
        left = self._operand()
        sign = self._tokens[0] if self._tokens else ""
        if sign not in _COMPARISONS:
            if left.steps is None:
                raise ValueError(f"'{left.literal}' alone is no condition")
            return lambda item: left.value(item) is not _MISSING
        self._tokens.pop(0)
        right = self._operand()
        compare = _COMPARISONS[sign]
        plain = () in (left.steps, right.steps)

        def holds(item: Any) -> bool:
            if plain and not isinstance(item, dict):
                return False
            return compare(left.value(item), right.value(item))

        return holds

    def _operand(self) -> _Operand:
        if not self._tokens:
            raise ValueError("an operand is missing")
        token = self._tokens.pop(0)
        if token.startswith("@"):
            return _Operand(steps=_steps(token[1:]))
        quoted = QUOTED.fullmatch(token)
        if quoted:
            return _Operand(unquoted(quoted))
        if token in _LITERALS:
            return _Operand(_LITERALS[token])
        try:
            return _Operand(json.loads(token))
        except ValueError as error:
            raise ValueError(f"'{token}' is not expected there") from error

    def _take(self, token: str) -> bool:
        if self._tokens[:1] != [token]:
            return False
        self._tokens.pop(0)
        return True


def _steps(text: str) -> tuple[str | int, ...]:
    steps: list[str | int] = []
    for match in _STEP.finditer(text):
        quoted = match["quoted"]
        name = match["name"] or (quoted and unquoted(re.fullmatch(QUOTED, quoted)))  # pyright: ignore[reportArgumentType]
        steps.append(name if name is not None else int(match["index"]))
    return tuple(steps)


def _number(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def _equal(left: Any, right: Any) -> bool:
    if _number(left) and _number(right):
        return left == right
    return type(left) is type(right) and left == right


def _ordered(compare: Callable[[Any, Any], bool]) -> Callable[[Any, Any], bool]:
    def comparison(left: Any, right: Any) -> bool:
        both_numbers = _number(left) and _number(right)
        both_texts = isinstance(left, str) and isinstance(right, str)
        return (both_numbers or both_texts) and compare(left, right)

    return comparison


_COMPARISONS: dict[str, Callable[[Any, Any], bool]] = {
    "==": _equal,
    "!=": lambda left, right: not _equal(left, right),
    "<": _ordered(operator.lt),
    "<=": _ordered(operator.le),
    ">": _ordered(operator.gt),
    ">=": _ordered(operator.ge),
}
