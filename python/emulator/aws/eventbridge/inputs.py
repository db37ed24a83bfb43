"""The input of a rule's target: the event, a part of it, a constant, or a filled template.

Source: https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-transform-target-input.html
"""

import json
import re
from collections.abc import Mapping
from typing import Any

from jsonpath_ng.exceptions import JSONPathError
from jsonpath_ng.parser import parse

_PLACEHOLDER = re.compile(r"<([A-Za-z0-9_.\-]+)>")
_RESERVED = "aws."


class InputError(ValueError):
    """A target's input cannot be built from an event."""


def target_input(target: Mapping[str, Any], event: dict[str, Any], rule_arn: str) -> str:
    """Return the text that is sent to a target.

    Raises
    ------
    InputError
        If a path matches nothing, or a filled template is not JSON.
    """
    if target.get("Input") is not None:
        return target["Input"]
    if target.get("InputPath"):
        return json.dumps(_find(target["InputPath"], event))
    transformer = target.get("InputTransformer")
    if transformer:
        return _fill(transformer, event, rule_arn)
    return json.dumps(event)


def _fill(transformer: Mapping[str, Any], event: dict[str, Any], rule_arn: str) -> str:
    template = transformer["InputTemplate"]
    paths = transformer.get("InputPathsMap") or {}
    values = {
        "aws.events.rule-arn": rule_arn,
        "aws.events.rule-name": rule_arn.rpartition("/")[2],
        "aws.events.event.ingestion-time": event["time"],
        "aws.events.event": {key: value for key, value in event.items() if key != "detail"},
        "aws.events.event.json": event,
    }

    def value_of(match: re.Match[str]) -> str:
        name = match[1]
        if name in paths:
            value = _find(paths[name], event)
        elif name in values:
            value = values[name]
        elif name.startswith(_RESERVED):
            raise InputError(f"InputTemplate: <{name}> is not a variable that EventBridge knows")
        else:
            return match[0]
        if not _is_quoted(template, match.start()):
            return json.dumps(value)
        # Between quotes, text is inserted as it is, other values as JSON with escaped quotes.
        return json.dumps(value if isinstance(value, str) else json.dumps(value))[1:-1]

    filled = _PLACEHOLDER.sub(value_of, template)
    if template.lstrip().startswith("{"):
        try:
            json.loads(filled)
        except ValueError as error:
            raise InputError(f"InputTemplate: the filled template is not JSON: {filled}") from error
    return filled


def _find(path: str, event: dict[str, Any]) -> Any:
    try:
        # EventBridge's paths have names with a dash without quotes.
        found = parse(re.sub(r"\.([\w]*-[\w-]*)", r"['\1']", path)).find(event)
    except JSONPathError as error:
        raise InputError(f"invalid JSON path {path!r}: {error}") from error
    if not found:
        raise InputError(f"the event has no value at {path!r}")
    return found[0].value


def _is_quoted(template: str, position: int) -> bool:
    return len(re.findall(r'(?<!\\)"', template[:position])) % 2 == 1
