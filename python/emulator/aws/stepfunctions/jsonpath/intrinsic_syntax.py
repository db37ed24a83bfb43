"""Calls of intrinsic functions, ``States.Format('{}-{}', $.name, $$.Execution.Name)``.

Source: https://states-language.net/#intrinsic-functions
and https://docs.aws.amazon.com/step-functions/latest/dg/intrinsic-functions.html
"""

import functools
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass

from emulator.aws.stepfunctions.jsonpath.intrinsic_functions import FUNCTIONS, Literal
from emulator.aws.stepfunctions.jsonpath.path_syntax import (
    Path,
    PathSyntaxError,
    UnsupportedPathError,
    parse_path,
)

DEEPEST_NESTING = 10
"""Maximum nesting of calls on AWS."""

_CALL = re.compile(r"States\.(?P<name>\w+)\s*\(\s*")
_TEXT = re.compile(r"'(?P<text>(?:\\.|[^'\\])*)'", re.DOTALL)
_NUMBER = re.compile(r"-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?(?=\s*[,)])")
_WORD = re.compile(r"(?:true|false|null)(?=\s*[,)])")
_SEPARATOR = re.compile(r"\s*,\s*")
_END = re.compile(r"\s*\)")
_WRONG_ESCAPE = re.compile(r"\\(?:[^'{}\\]|$)")
_IN_PATH = re.compile(r"'(?:\\'|[^'])*'|\"(?:\\\"|[^\"])*\"|[^\s,)\[\]]|[\[\]]")


class IntrinsicSyntaxError(ValueError):
    """A text that is not a call of an intrinsic function, or one that cannot succeed."""


class UnsupportedCallError(IntrinsicSyntaxError):
    """A call that AWS evaluates, but the emulator does not."""


@dataclass(frozen=True)
class Call:
    """A call: the function's name without ``States.``, and its arguments in order."""

    text: str
    name: str
    arguments: tuple["Call | Path | Literal", ...]

    def paths(self) -> Iterator[Path]:
        """Return the paths among the arguments of this call and of nested calls."""
        for argument in self.arguments:
            if isinstance(argument, Call):
                yield from argument.paths()
            elif isinstance(argument, Path):
                yield argument


@functools.lru_cache(maxsize=4096)
def parse_call(text: str) -> Call:
    """Parse a call of an intrinsic function.

    Raises
    ------
    IntrinsicSyntaxError
        If it is not a call, or if its function, its number of arguments, or a literal argument is
        wrong.
    """
    reader = _Reader(text.strip())
    call = reader.call(1)
    reader.expect_end()
    return call


def _expect_known_text(call: Call) -> None:
    inner = [a for a in call.arguments if isinstance(a, Call) and a.name == "StringToJson"]
    if call.name in ("Format", "Hash", "ArrayContains") and inner:
        raise UnsupportedCallError(
            f"in '{call.text}' the emulator does not evaluate States.StringToJson as an argument "
            f"of States.{call.name}: the text that AWS makes of it is not known; parse it in a "
            "state before"
        )


class _Reader:
    def __init__(self, text: str) -> None:
        self._text = text
        self._position = 0

    def call(self, depth: int) -> Call:
        start = self._position
        match = self._take(_CALL)
        if not match:
            raise self._error("expected a call such as States.Format('{}', $.name)")
        name = match["name"]
        if name not in FUNCTIONS:
            known = ", ".join(f"States.{function}" for function in sorted(FUNCTIONS))
            raise self._error(f"there is no States.{name}; there are {known}")
        if depth > DEEPEST_NESTING:
            raise self._error(f"calls can be nested {DEEPEST_NESTING} deep, these go deeper")
        arguments = tuple(self._arguments(depth))
        call = Call(self._text[start : self._position], name, arguments)
        problem = FUNCTIONS[name].argument_problem(arguments)
        if problem:
            raise self._error(f"States.{name} {problem}")
        _expect_known_text(call)
        return call

    def expect_end(self) -> None:
        rest = self._text[self._position :].strip()
        if rest:
            raise self._error(f"'{rest}' follows the call")

    def _arguments(self, depth: int) -> Iterator["Call | Path | Literal"]:
        if self._take(_END):
            return
        while True:
            yield self._argument(depth)
            if self._take(_END):
                return
            if not self._take(_SEPARATOR):
                raise self._error(f"expected ',' or ')' at '{self._rest()}'")

    def _argument(self, depth: int) -> "Call | Path | Literal":
        rest = self._rest()
        if rest.startswith("States."):
            return self.call(depth + 1)
        if rest.startswith("$"):
            return self._path()
        text = self._take(_TEXT)
        if text:
            return self._literal_text(text["text"])
        value = self._take(_NUMBER) or self._take(_WORD)
        if value:
            return Literal(json.loads(value[0]))
        raise self._error(
            f"an argument is a path, a call, a number, true, false, null or a text in single "
            f"quotes, got '{rest}'"
        )

    def _literal_text(self, raw: str) -> Literal:
        wrong = _WRONG_ESCAPE.search(raw.replace("\\\\", "\0\0"))
        if wrong:
            raise self._error(
                f"'{wrong[0]}' is no escape; a backslash may stand before ', {{, }} and \\ only"
            )
        value = re.sub(r"\\(.)", r"\1", raw, flags=re.DOTALL)
        return Literal(value, raw)

    def _path(self) -> Path:
        start, depth = self._position, 0
        while self._position < len(self._text):
            match = _IN_PATH.match(self._text, self._position)
            part = match[0] if match else self._text[self._position]
            if depth == 0 and (not match or len(part) > 1):
                break
            depth += {"[": 1, "]": -1}.get(part, 0)
            if part == "(" and depth == 0:
                part = self._function_arguments()
            self._position += len(part)
        try:
            return parse_path(self._text[start : self._position])
        except UnsupportedPathError as error:
            raise UnsupportedCallError(str(error)) from error
        except PathSyntaxError as error:
            raise IntrinsicSyntaxError(str(error)) from error

    def _function_arguments(self) -> str:
        end = self._text.find(")", self._position)
        return self._text[self._position : end + 1] if end > 0 else "("

    def _rest(self) -> str:
        return self._text[self._position :]

    def _take(self, pattern: re.Pattern[str]) -> re.Match[str] | None:
        match = pattern.match(self._text, self._position)
        if match:
            self._position = match.end()
        return match

    def _error(self, problem: str) -> IntrinsicSyntaxError:
        return IntrinsicSyntaxError(f"'{self._text}' is no call that can be evaluated: {problem}")
