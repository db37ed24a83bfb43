"""Map states: the fields of each mode, and the checks of readers, batchers and writers.

Source: https://docs.aws.amazon.com/step-functions/latest/dg/state-map-distributed.html
"""

import re
from collections.abc import Iterator
from typing import Any

from emulator.aws.stepfunctions.field_values import is_expression, is_whole
from emulator.aws.stepfunctions.names import LONGEST_LABEL

DELIMITERS = {"COMMA": ",", "PIPE": "|", "SEMICOLON": ";", "SPACE": " ", "TAB": "\t"}
TRANSFORMATIONS = ("NONE", "COMPACT", "FLATTEN")
OUTPUT_TYPES = ("JSON", "JSONL")

_DISTRIBUTED_ONLY = (
    *("ItemReader", "ItemBatcher", "ResultWriter", "Label"),
    *("ToleratedFailureCount", "ToleratedFailureCountPath"),
    *("ToleratedFailurePercentage", "ToleratedFailurePercentagePath"),
)
_READERS = {"getObject": ("CSV", "JSON", "JSONL"), "listObjectsV2": ()}
_NOT_READ = ("MANIFEST", "PARQUET")
_READER_CONFIG = {
    *("InputType", "CSVHeaderLocation", "CSVHeaders", "CSVDelimiter", "ItemsPointer"),
    *("MaxItems", "MaxItemsPath", "Transformation", "ManifestType"),
}
_S3 = re.compile(r"arn:aws[\w-]*:states:[\w-]*:\d*:s3:(?P<action>\w+)")
_NOT_IN_LABELS = '?*<>{}[]:;,\\|^~$#%&`"'
_LABEL = re.compile(rf"[^\s\x00-\x1f\x7f-\x9f{re.escape(_NOT_IN_LABELS)}]{{1,{LONGEST_LABEL}}}")
_BATCHER = {
    *("MaxItemsPerBatch", "MaxItemsPerBatchPath", "MaxInputBytesPerBatch"),
    *("MaxInputBytesPerBatchPath", "BatchInput"),
}


def is_distributed(state: dict[str, Any]) -> bool:
    """Whether a Map state runs each item, or batch of items, as a child execution."""
    return _config(state).get("Mode") == "DISTRIBUTED"


def _config(state: dict[str, Any]) -> dict[str, Any]:
    processor = state.get("ItemProcessor") or state.get("Iterator")
    config = processor.get("ProcessorConfig") if isinstance(processor, dict) else None
    return config if isinstance(config, dict) else {}


def not_here(what: str, path: str, instead: str) -> str:
    """Return the problem of a feature that AWS supports and the emulator does not."""
    return f"EMULATOR_DOES_NOT_RUN: The emulator does not run {what}; {instead} at {path}"


def map_problems(state: dict[str, Any], path: str) -> Iterator[str]:
    """Return the problems of a Map state, except those of its fields."""
    config, where = _config(state), f"{path}/ItemProcessor/ProcessorConfig"
    for field, known in (("Mode", ("INLINE", "DISTRIBUTED")), ("ExecutionType", _TYPES)):
        if config.get(field, known[0]) not in known:
            yield _wrong(field, f"one of {', '.join(known)}", config[field], where)
    if not is_distributed(state):
        for field in _DISTRIBUTED_ONLY:
            if field in state:
                yield (
                    "SCHEMA_VALIDATION_FAILED: Field is not supported in INLINE mode, it needs "
                    f'ProcessorConfig {{"Mode": "DISTRIBUTED"}} at {path}/{field}'
                )
        return
    label = state.get("Label")
    if isinstance(label, str) and not _LABEL.fullmatch(label):
        yield (
            f"INVALID_LABEL_NAME: '{label}' is not a label, which has 1 to {LONGEST_LABEL} "
            f"characters and none of {_NOT_IN_LABELS} or blanks at {path}/Label"
        )
    for field, problems in _PARTS.items():
        if isinstance(state.get(field), dict):
            yield from problems(state[field], f"{path}/{field}")
    if config.get("ExecutionType") == "EXPRESS":
        yield from _express_problems(state.get("ItemProcessor", {}), f"{path}/ItemProcessor")


_TYPES = ("STANDARD", "EXPRESS")


def _wrong(field: str, wanted: str, value: Any, path: str) -> str:
    return (
        f"SCHEMA_VALIDATION_FAILED: The value of '{field}' must be {wanted}, got {value!r} at "
        f"{path}/{field}"
    )


def _required(field: str, path: str) -> str:
    return f"SCHEMA_VALIDATION_FAILED: The field '{field}' is required but was missing at {path}"


def _unknown(value: dict[str, Any], known: set[str], path: str) -> Iterator[str]:
    for field in value:
        if field not in known:
            yield f"SCHEMA_VALIDATION_FAILED: Field is not supported at {path}/{field}"


def _reader_problems(reader: dict[str, Any], path: str) -> Iterator[str]:
    yield from _unknown(reader, {"Resource", "Parameters", "Arguments", "ReaderConfig"}, path)
    found = _S3.fullmatch(str(reader.get("Resource")))
    action = found["action"] if found else None
    if action not in _READERS:
        yield _wrong("Resource", "that of s3:getObject or s3:listObjectsV2", action, path)
        return
    config, where = reader.get("ReaderConfig", {}), f"{path}/ReaderConfig"
    if not isinstance(config, dict):
        yield _wrong("ReaderConfig", "an object", config, path)
        return
    yield from _unknown(config, _READER_CONFIG, where)
    kind = config.get("InputType")
    if kind in _NOT_READ:
        yield not_here(f"the input type {kind}", f"{where}/InputType", "use CSV, JSON or JSONL")
    elif action == "getObject" and kind is None:
        yield _required("InputType", where)
    elif kind is not None and kind not in _READERS["getObject"]:
        yield _wrong("InputType", "one of CSV, JSON, JSONL, MANIFEST, PARQUET", kind, where)
    if config.get("Transformation", "NONE") != "NONE":
        yield not_here(
            f"the transformation {config['Transformation']}",
            f"{where}/Transformation",
            "leave it out, and read the objects in a second distributed Map",
        )
    yield from _csv_problems(config, where)
    yield from _count_problems(config, ("MaxItems",), where)


def _csv_problems(config: dict[str, Any], path: str) -> Iterator[str]:
    if config.get("InputType") != "CSV":
        return
    location, headers = config.get("CSVHeaderLocation"), config.get("CSVHeaders")
    if location not in ("FIRST_ROW", "GIVEN"):
        yield _wrong("CSVHeaderLocation", "FIRST_ROW or GIVEN", location, path)
    if location == "GIVEN" and not (isinstance(headers, list) and headers):
        yield _wrong("CSVHeaders", "an array of names that is not empty", headers, path)
    delimiter = config.get("CSVDelimiter", "COMMA")
    if delimiter not in DELIMITERS:
        yield _wrong("CSVDelimiter", f"one of {', '.join(DELIMITERS)}", delimiter, path)


def _count_problems(
    value: dict[str, Any], fields: tuple[str, ...], path: str, least: int = 0
) -> Iterator[str]:
    for field in fields:
        count = value.get(field, least)
        if not (is_whole(count) and count >= least) and not is_expression(count):
            yield _wrong(field, f"a whole number from {least}", count, path)


def _batcher_problems(batcher: dict[str, Any], path: str) -> Iterator[str]:
    yield from _unknown(batcher, _BATCHER, path)
    yield from _count_problems(batcher, ("MaxItemsPerBatch", "MaxInputBytesPerBatch"), path, 1)
    if not _BATCHER - {"BatchInput"} & set(batcher):
        yield (
            "SCHEMA_VALIDATION_FAILED: One of 'MaxItemsPerBatch' or 'MaxInputBytesPerBatch' is "
            f"required at {path}"
        )


def _writer_problems(writer: dict[str, Any], path: str) -> Iterator[str]:
    yield from _unknown(writer, {"Resource", "Parameters", "Arguments", "WriterConfig"}, path)
    if not writer:
        yield (
            "SCHEMA_VALIDATION_FAILED: ResultWriter needs 'Resource' and its parameters, or "
            f"'WriterConfig', or both at {path}"
        )
    resource = writer.get("Resource")
    found = _S3.fullmatch(str(resource))
    if "Resource" in writer and (not found or found["action"] != "putObject"):
        yield _wrong("Resource", "that of s3:putObject", resource, path)
    if "Resource" in writer and not {"Parameters", "Arguments"} & set(writer):
        yield _required("Parameters", path)
    config, where = writer.get("WriterConfig", {}), f"{path}/WriterConfig"
    if not isinstance(config, dict):
        yield _wrong("WriterConfig", "an object", config, path)
        return
    yield from _unknown(config, {"OutputType", "Transformation"}, where)
    for field, known in (("OutputType", OUTPUT_TYPES), ("Transformation", TRANSFORMATIONS)):
        if config.get(field, known[0]) not in known:
            yield _wrong(field, f"one of {', '.join(known)}", config[field], where)


_PARTS = {
    "ItemReader": _reader_problems,
    "ItemBatcher": _batcher_problems,
    "ResultWriter": _writer_problems,
}


def _express_problems(program: Any, path: str) -> Iterator[str]:
    """Return the problems of tasks that Express workflows do not support because they wait."""
    states = program.get("States") if isinstance(program, dict) else None
    for name, state in states.items() if isinstance(states, dict) else ():
        if not isinstance(state, dict):
            continue
        where = f"{path}/States/{name}"
        resource = str(state.get("Resource", ""))
        if re.search(r"\.(sync(:2)?|waitForTaskToken)$|:activity:", resource):
            yield (
                f"SCHEMA_VALIDATION_FAILED: Express workflows do not support {resource} at "
                f"{where}/Resource"
            )
        if state.get("Type") == "Map" and is_distributed(state):
            yield (
                "SCHEMA_VALIDATION_FAILED: Express workflows do not support a Map in DISTRIBUTED "
                f"mode at {where}"
            )
        branches = state.get("Branches")
        for i, branch in enumerate(branches if isinstance(branches, list) else []):
            yield from _express_problems(branch, f"{where}/Branches[{i}]")
        yield from _express_problems(state.get("ItemProcessor"), f"{where}/ItemProcessor")
