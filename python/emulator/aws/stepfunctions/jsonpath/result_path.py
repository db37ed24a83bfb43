"""Inserting a result into a state's input with ``ResultPath``.

Source: https://states-language.net/#resultpath
"""

import copy
from typing import Any

from emulator.aws.stepfunctions.jsonpath.path_syntax import Path, Properties


class ResultPathError(Exception):
    """A result that cannot be inserted into this input: ``States.ResultPathMatchFailure``."""


def insert(path: Path, data: Any, result: Any) -> Any:
    """Return a copy of `data` with `result` at a reference path; create missing objects.

    Raises
    ------
    ResultPathError
        If a part of the path is not an object, or is past the end of an array.
    """
    result = copy.deepcopy(result)
    if not path.steps:
        return result
    changed = copy.deepcopy(data)
    place = changed
    for i, step in enumerate(path.steps):
        last = i == len(path.steps) - 1
        if isinstance(step, Properties) and isinstance(place, dict):
            key: Any = step.names[0]
            if not last and key not in place:
                place[key] = {}
        elif not isinstance(step, Properties) and _has(place, step):
            key = step.positions[0]  # pyright: ignore[reportAttributeAccessIssue]
        else:
            raise ResultPathError(path.text)
        if last:
            place[key] = result
        else:
            place = place[key]
    return changed


def _has(place: Any, step: Any) -> bool:
    return isinstance(place, list) and -len(place) <= step.positions[0] < len(place)
