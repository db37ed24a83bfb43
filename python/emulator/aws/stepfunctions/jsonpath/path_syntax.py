"""The syntax of paths: JsonPath in Jayway's dialect, without the features that AWS excludes.

Source: https://states-language.net/#path
and https://docs.aws.amazon.com/step-functions/latest/dg/amazon-states-language-paths.html
"""

import functools
import re
from dataclasses import dataclass
from typing import Any

from emulator.aws.stepfunctions.jsonpath import filters

_INTEGER = r"-?\d+"
_INDICES = re.compile(rf"\s*{_INTEGER}\s*(,\s*{_INTEGER}\s*)*")
_SLICE = re.compile(rf"\s*(?P<start>{_INTEGER})?\s*:\s*(?P<stop>{_INTEGER})?\s*")
_FUNCTION = re.compile(r"(?P<name>\w+)\(\s*(?P<arguments>[^)]*)\)")
_VARIABLE = re.compile(r"\$(?P<name>[^\W\d]\w*)")
_NAME_ENDS = ".[("


class PathSyntaxError(ValueError):
    """A text that is not a path, or one that AWS does not evaluate."""


class UnsupportedPathError(PathSyntaxError):
    """A path that AWS evaluates, but the emulator does not."""


@dataclass(frozen=True)
class Properties:
    """The fields with these names; several only in brackets."""

    names: tuple[str, ...]


@dataclass(frozen=True)
class Indices:
    """The elements at these positions; negative ones count from the end."""

    positions: tuple[int, ...]


@dataclass(frozen=True)
class Slice:
    """The elements from `start` until `stop` (exclusive)."""

    start: int | None
    stop: int | None
    text: str


@dataclass(frozen=True)
class Wildcard:
    """Every field, or every element."""


@dataclass(frozen=True)
class Filter:
    """The objects for which a condition is true."""

    condition: filters.Condition
    text: str


@dataclass(frozen=True)
class Descent:
    """A value and everything below it, to which the next step applies."""


@dataclass(frozen=True)
class Length:
    """The function ``length()``: the number of elements, fields or characters."""


Step = Properties | Indices | Slice | Wildcard | Filter | Descent | Length


@dataclass(frozen=True)
class Path:
    """A parsed path: its root and its steps.

    `root` is ``$`` for the state's input, ``$$`` for the context object, or a variable's name.
    """

    text: str
    root: str
    steps: tuple[Step, ...]

    @property
    def definite(self) -> bool:
        """Whether the path can match only one value."""
        return all(map(_names_one_value, self.steps))


def _names_one_value(step: Step) -> bool:
    if isinstance(step, Properties):
        return len(step.names) == 1
    if isinstance(step, Indices):
        return len(step.positions) == 1
    return isinstance(step, Length)


def _ends_path(step: Step) -> bool:
    return isinstance(step, Length) or (isinstance(step, Properties) and len(step.names) > 1)


@functools.lru_cache(maxsize=4096)
def parse_path(text: str) -> Path:
    """Parse a path that starts with ``$``, ``$$`` or a variable.

    Raises
    ------
    PathSyntaxError
        If it is not a path, or one that AWS excludes or the emulator cannot evaluate.
    """
    stripped = text.strip()
    variable = _VARIABLE.match(stripped)
    if stripped.startswith("$$"):
        root, rest = "$$", stripped[2:]
    elif variable:
        root, rest = variable["name"], stripped[variable.end() :]
    elif stripped.startswith("$"):
        root, rest = "$", stripped[1:]
    else:
        raise PathSyntaxError(f"a path starts with $, got '{text}'")
    return Path(stripped, root, tuple(_Reader(text, rest).steps()))


def parse_reference_path(text: str) -> Path:
    """Parse a path that consists of fields and positions only.

    Raises
    ------
    PathSyntaxError
        If it is not such a path.
    """
    path = parse_path(text)
    for step in path.steps:
        if not _names_one_value(step) or isinstance(step, Length):
            raise PathSyntaxError(
                f"'{text}' is not a reference path: it may only name fields and positions, "
                "without wildcards, slices, filters, '..' and functions"
            )
    return path


class _Reader:
    def __init__(self, path: str, rest: str) -> None:
        self._path = path
        self._rest = rest

    def steps(self) -> list[Step]:
        steps: list[Step] = []
        while self._rest:
            if steps and _ends_path(steps[-1]):
                raise self._error("nothing may follow a function, or several names in brackets")
            if self._take(".."):
                steps.append(Descent())
                if not self._rest:
                    raise self._error("something must follow '..'")
                steps.append(self._bracket() if self._take("[") else self._dotted())
            elif self._take(".[") or self._take("["):
                steps.append(self._bracket())
            elif self._take("."):
                steps.append(self._dotted())
            else:
                raise self._error(f"expected '.' or '[' before '{self._rest}'")
        return steps

    def _dotted(self) -> Step:
        if self._take("*"):
            return Wildcard()
        function = _FUNCTION.match(self._rest)
        if function:
            self._rest = self._rest[function.end() :]
            return self._function(function)
        end = next((i for i, c in enumerate(self._rest) if c in _NAME_ENDS), len(self._rest))
        name, self._rest = self._rest[:end], self._rest[end:]
        if not name:
            raise self._error("a name is missing after '.'")
        if any(character.isspace() for character in name):
            raise self._error(f"write a name with blanks in brackets: ['{name}']")
        return Properties((name,))

    def _function(self, match: re.Match[str]) -> Step:
        if match["name"] != "length" or match["arguments"]:
            raise UnsupportedPathError(
                f"in '{self._path}' the emulator does not evaluate {match[0]}, only length(); "
                "compute it in a function, or in JSONata"
            )
        return Length()

    def _bracket(self) -> Step:
        content = self._until_bracket_closes()
        stripped = content.strip()
        if stripped == "*":
            return Wildcard()
        if stripped.startswith("?"):
            return self._filter(stripped)
        if stripped[:1] in ("'", '"'):
            return Properties(self._names(stripped))
        if _INDICES.fullmatch(content):
            return Indices(tuple(int(position) for position in content.split(",")))
        match = _SLICE.fullmatch(content)
        if match and (match["start"] or match["stop"]):
            start, stop = (int(part) if part else None for part in match.group("start", "stop"))
            return Slice(start, stop, f"[{stripped}]")
        raise self._error(f"'[' must be followed by a quoted name, a position or *: [{content}]")

    def _filter(self, text: str) -> Step:
        if not re.fullmatch(r"\?\s*\(.*\)", text, re.DOTALL):
            raise self._error(f"a filter is written [?(...)], got [{text}]")
        expression = text[1:].strip()[1:-1]
        try:
            condition = filters.parse_condition(expression)
        except filters.UnsupportedConditionError as error:
            raise UnsupportedPathError(f"in '{self._path}': {error}") from error
        except ValueError as error:
            raise self._error(f"in the filter [{text}]: {error}") from error
        return Filter(condition, f"[{text}]")

    def _names(self, text: str) -> tuple[str, ...]:
        names = []
        position = 0
        while True:
            match = filters.QUOTED.match(text, position)
            if not match:
                raise self._error(f"the names in [{text}] must be quoted and parted by commas")
            names.append(filters.unquoted(match))
            rest = text[match.end() :].lstrip()
            if not rest:
                return tuple(names)
            if not rest.startswith(","):
                raise self._error(f"the names in [{text}] must be quoted and parted by commas")
            position = len(text) - len(rest[1:].lstrip())

    def _until_bracket_closes(self) -> str:
        depth, position = 1, 0
        while position < len(self._rest):
            quoted = filters.QUOTED.match(self._rest, position)
            if quoted:
                position = quoted.end()
                continue
            depth += {"[": 1, "]": -1}.get(self._rest[position], 0)
            if depth == 0:
                content, self._rest = self._rest[:position], self._rest[position + 1 :]
                return content
            position += 1
        raise self._error("a '[' is not closed")

    def _take(self, text: str) -> bool:
        if not self._rest.startswith(text):
            return False
        self._rest = self._rest[len(text) :]
        return True

    def _error(self, problem: str) -> PathSyntaxError:
        return PathSyntaxError(f"'{self._path}' is not a path that can be evaluated: {problem}")


def bracketed(steps: Any) -> str:
    """Return steps in the form of messages: ``['a'][0]``."""
    parts = []
    for step in steps:
        if isinstance(step, Properties):
            parts.append("[" + ",".join(f"'{name}'" for name in step.names) + "]")
        elif isinstance(step, Indices):
            parts.append("[" + ",".join(map(str, step.positions)) + "]")
        elif isinstance(step, Wildcard):
            parts.append("[*]")
        elif isinstance(step, Descent):
            parts.append("..")
        elif isinstance(step, Length):
            parts.append(".length()")
        else:
            parts.append(step.text)
    return "".join(parts)
