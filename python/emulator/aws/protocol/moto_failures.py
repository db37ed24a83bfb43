"""Error messages for requests at which moto raises a Python exception.

moto looks up records that do not exist, splits texts that are not ARNs, and expects optional
members. The cause in the request can mostly be derived from the exception and the request. The
messages are the emulator's own: AWS words them differently.
"""

import traceback
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

FAILED_INSIDE = (
    "failed inside the emulator: this is a fault of the emulator, not of the request; its output "
    "has the details"
)
# Parts of the names of errors, the likeliest first.
_NOT_FOUND = ("NotFound", "NoSuch", "NotExist")
_INVALID = ("InvalidParameter", "Validation", "InvalidArn", "InvalidInput", "InvalidRequest")


def explain(error: Exception, model: Any, parameters: Mapping[str, Any]) -> tuple[str, str]:
    """Return an error's code, and a message that continues the operation's name.

    Parameters
    ----------
    error : Exception
        What moto raised.
    model : OperationModel
        botocore's model of the operation.
    parameters : mapping
        The request's parameters, by the model's names.
    """
    if not _is_motos(error):
        return "InternalFailure", FAILED_INSIDE
    text = str(error.args[0]) if error.args else ""
    given = list(_texts(parameters))
    if isinstance(error, KeyError) and text in given:
        return _code(model, _NOT_FOUND), f"found nothing named {text!r}"
    lacking = _lacking(model, parameters)
    if isinstance(error, KeyError) and text in _members(model.input_shape, ()):
        return _invalid(model), f"needs {text} in the emulator, even if AWS does not; add it"
    for name, value in _arns(parameters):
        if len(value.split(":", 5)) < 6 or not value.startswith("arn:"):
            problem = f"needs an ARN for {name}, such as arn:aws:..., got {value!r}"
            return _invalid(model), problem
    if "None" in text and lacking:
        problem = f"needs another parameter in the emulator: one of {', '.join(lacking)}"
        return _invalid(model), problem
    shown = ", ".join(repr(value[:100]) for value in given[:5]) or "nothing"
    problem = (
        "cannot be run by the emulator with these parameters, though AWS may accept them; among "
        f"them is {shown}"
    )
    return _invalid(model), problem


def _is_motos(error: Exception) -> bool:
    # A fault in the emulator's own code is not the request's.
    files = [frame.filename for frame in traceback.extract_tb(error.__traceback__)]
    packages = [part for file in files for part in Path(file).parts if part in ("moto", "emulator")]
    return bool(packages) and packages[-1] == "moto"


def _invalid(model: Any) -> str:
    return _code(model, _INVALID)


def _code(model: Any, wanted: tuple[str, ...]) -> str:
    for part in wanted:
        for shape in model.error_shapes:
            if part in shape.name:
                return str(shape.metadata.get("error", {}).get("code", shape.name))
    return "ValidationException"


def _lacking(model: Any, parameters: Mapping[str, Any]) -> list[str]:
    members = model.input_shape.members if model.input_shape else {}
    return [name for name in members if parameters.get(name) is None]


def _members(shape: Any, above: tuple[str, ...]) -> set[str]:
    if shape is None or shape.name in above:
        return set()
    above = (*above, shape.name)
    if shape.type_name == "list":
        return _members(shape.member, above)
    if shape.type_name != "structure":
        return set()
    below = [_members(member, above) for member in shape.members.values()]
    return set(shape.members).union(*below)


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for item in value.values():
            yield from _texts(item)
    elif isinstance(value, list):
        for item in value:
            yield from _texts(item)


def _arns(parameters: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    for name, value in parameters.items():
        if name.lower().endswith("arn") and isinstance(value, str):
            yield name, value
