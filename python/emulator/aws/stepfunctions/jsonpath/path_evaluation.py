"""Evaluation of paths on plain JSON data.

A definite path returns the value itself, an indefinite one always a list. This follows Jayway's
JsonPath, which Step Functions uses, including two of its peculiarities: a position past the end of
an array is null, and wildcards over a missing field return an empty list.
"""

from collections.abc import Callable, Iterator
from typing import Any

from emulator.aws.stepfunctions.jsonpath.java_values import java_text
from emulator.aws.stepfunctions.jsonpath.path_syntax import (
    Descent,
    Filter,
    Indices,
    Length,
    Path,
    Properties,
    Slice,
    Step,
    Wildcard,
    bracketed,
)


class PathNotFoundError(Exception):
    """A definite path that matches nothing; its text is the second half of AWS's message."""


class PathMisfitError(PathNotFoundError):
    """A step that cannot be applied to a value, which also fails for indefinite paths."""


class _PastTheEnd:
    """The null of a position past the end, which counts as missing elsewhere."""


PAST_THE_END = _PastTheEnd()


def find(path: Path, data: Any) -> Any:
    """Return the result of a path.

    Returns
    -------
    Any
        A JSON value, a list of values for an indefinite path, or `PAST_THE_END`.

    Raises
    ------
    PathNotFoundError
        If a definite path matches nothing, or if a position, slice or filter cannot be applied to
        a value.
    """
    if path.definite:
        return _find_one(path.steps, data)
    try:
        return list(_find_all(path.steps, 0, data, definite=True))
    except PathMisfitError:
        raise
    except PathNotFoundError:
        return []


def _find_one(steps: tuple[Step, ...], value: Any) -> Any:
    for i, step in enumerate(steps):
        value = _follow(steps, i, step, value)
    return value


def _follow(steps: tuple[Step, ...], i: int, step: Step, value: Any) -> Any:
    here = bracketed(steps[:i])
    if isinstance(step, Properties):
        return _property(step.names[0], value, here, last=i == len(steps) - 1)
    if isinstance(step, Indices):
        return _element(step, value, here)
    if isinstance(value, (list, dict, str)):
        return len(value)
    raise PathMisfitError(f"The function length() cannot be applied to ${here}")


def _property(name: str, value: Any, here: str, *, last: bool) -> Any:
    where = f"${here}['{name}']"
    if not isinstance(value, dict):
        kind = "null" if value is None or value is PAST_THE_END else java_text(value)
        raise PathNotFoundError(
            f"Expected to find an object with property ['{name}'] in path ${here} but found "
            f"'{kind}'. This is not a json object."
        )
    if name not in value:
        problem = "No results for path: " if last else "Missing property in path "
        raise PathNotFoundError(problem + where)
    return value[name]


def _element(step: Indices, value: Any, here: str) -> Any:
    if value is None or value is PAST_THE_END:
        raise PathNotFoundError(f"The path ${here} is null")
    if not isinstance(value, list):
        raise _not_an_array(bracketed([step]), value)
    position = step.positions[0]
    if -len(value) <= position < len(value):
        return value[position]
    return PAST_THE_END


def _not_an_array(filter_text: str, value: Any) -> PathMisfitError:
    return PathMisfitError(
        f"Filter: {filter_text} can only be applied to arrays. "
        f"Current context is: {java_text(value)}"
    )


def _find_all(steps: tuple[Step, ...], i: int, value: Any, *, definite: bool) -> Iterator[Any]:
    if i == len(steps):
        yield None if value is PAST_THE_END else value
        return
    step = steps[i]
    if definite and isinstance(step, (Properties, Indices)) and _single(step):
        yield from _find_all(steps, i + 1, _follow(steps, i, step, value), definite=True)
        return
    if isinstance(step, Descent):
        for below in _descend(value):
            for found in _BRANCHES[type(steps[i + 1])](steps[i + 1], below, False):
                yield from _find_all(steps, i + 2, found, definite=False)
        return
    for found in _BRANCHES[type(step)](step, value, definite):
        yield from _find_all(steps, i + 1, found, definite=False)


def _single(step: Properties | Indices) -> bool:
    return len(step.names if isinstance(step, Properties) else step.positions) == 1


def _descend(value: Any) -> Iterator[Any]:
    yield value
    below = value.values() if isinstance(value, dict) else value
    if isinstance(value, (dict, list)):
        for item in below:
            yield from _descend(item)


def _properties(step: Properties, value: Any, definite: bool) -> Iterator[Any]:
    if not isinstance(value, dict):
        return
    present = {name: value[name] for name in step.names if name in value}
    if len(step.names) == 1:
        yield from present.values()
    else:
        # Several names in brackets return one object with these fields.
        yield present


def _elements(step: Indices, value: Any, definite: bool) -> Iterator[Any]:
    if not isinstance(value, list):
        if definite:
            raise _not_an_array(bracketed([step]), value)
        return
    for position in step.positions:
        if -len(value) <= position < len(value):
            yield value[position]


def _slice(step: Slice, value: Any, definite: bool) -> Iterator[Any]:
    if isinstance(value, list):
        yield from value[step.start : step.stop]
    elif definite:
        raise _not_an_array(step.text, value)


def _all(step: Wildcard, value: Any, definite: bool) -> Iterator[Any]:
    if isinstance(value, dict):
        yield from value.values()
    elif isinstance(value, list):
        yield from value


def _matching(step: Filter, value: Any, definite: bool) -> Iterator[Any]:
    if isinstance(value, dict):
        if step.condition(value):
            yield value
    elif isinstance(value, list):
        yield from (item for item in value if step.condition(item))
    elif definite:
        raise PathMisfitError(
            f"Filter: {step.text} can not be applied to primitives. "
            f"Current context is: {java_text(value)}"
        )


def _lengths(step: Length, value: Any, definite: bool) -> Iterator[Any]:
    if isinstance(value, (list, dict, str)):
        yield len(value)


_BRANCHES: dict[type, Callable[..., Iterator[Any]]] = {
    Properties: _properties,
    Indices: _elements,
    Slice: _slice,
    Wildcard: _all,
    Filter: _matching,
    Length: _lengths,
}
