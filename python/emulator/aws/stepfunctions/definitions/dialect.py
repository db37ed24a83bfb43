"""Translation of AWS's language into the subset that moto's grammar supports."""

import copy
from typing import Any

from emulator.aws.stepfunctions.definitions.map_definitions import is_distributed

_SETTINGS = "settings of "
"""Prefix of the name of the state that holds the settings of a distributed Map."""

_CONFIG = {"Mode": "DISTRIBUTED", "ExecutionType": "STANDARD"}
_MOVED = (
    *("ItemReader", "ItemBatcher", "ResultWriter", "Label"),
    *("ToleratedFailureCount", "ToleratedFailureCountPath"),
    *("ToleratedFailurePercentage", "ToleratedFailurePercentagePath"),
)
_PATHS = (
    *("ToleratedFailureCountPath", "ToleratedFailurePercentagePath", "MaxItemsPath"),
    *("MaxItemsPerBatchPath", "MaxInputBytesPerBatchPath"),
)


def for_grammar(document: Any) -> Any:
    """Return a definition that the grammar can parse.

    The grammar lacks half of a distributed Map. Its settings are moved into the parameters of an
    additional task, which never runs; `settings_of` reads them from there.
    """
    document = copy.deepcopy(document)
    _rewrite(document, "JSONPath")
    return document


def settings_of(states: dict[str, Any], name: str) -> Any:
    """Remove the component with the settings of a Map state from `states`; return it or None."""
    task = states.pop(_SETTINGS + name, None)
    return task.parargs if task else None


def _rewrite(program: Any, language: str) -> None:
    if not isinstance(program, dict) or not isinstance(program.get("States"), dict):
        return
    language = program.get("QueryLanguage", language)
    for name, state in list(program["States"].items()):
        if not isinstance(state, dict):
            continue
        inner = state.get("QueryLanguage", language)
        if state.get("Type") == "Map" and is_distributed(state):
            program["States"][_SETTINGS + name] = _settings(state, inner)
            for field in _MOVED:
                state.pop(field, None)
            processor = state.get("ItemProcessor") or state["Iterator"]
            processor["ProcessorConfig"] = _CONFIG
        for branch in state.get("Branches") or []:
            _rewrite(branch, inner)
        for field in ("ItemProcessor", "Iterator"):
            _rewrite(state.get(field), inner)


def _settings(state: dict[str, Any], language: str) -> dict[str, Any]:
    settings = {field: _evaluable(state[field]) for field in _MOVED if field in state}
    for field in list(settings):
        if field in _PATHS:
            settings[field.removesuffix("Path") + ".$"] = settings.pop(field)
    return {
        "Type": "Task",
        "Resource": "arn:aws:states:::lambda:invoke",
        "QueryLanguage": language,
        "Arguments" if language == "JSONata" else "Parameters": settings,
        "End": True,
    }


def _evaluable(value: Any) -> Any:
    if not isinstance(value, dict):
        return value
    return {
        (key.removesuffix("Path") + ".$" if key in _PATHS else key): _evaluable(item)
        for key, item in value.items()
    }
