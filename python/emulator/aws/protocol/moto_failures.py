"""What to tell about a request over which moto stumbled.

moto looks up what does not exist, takes texts apart that are no ARNs, and counts on members that
are optional; a Python exception is what comes of it. What the request has to do with it can mostly
be told from the exception and the request, and is told as ours: AWS has other words for it.
"""

import traceback
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

FAILED_INSIDE = (
    "failed inside the emulator, which is the emulator's fault and not the request's; its output "
    "has the details"
)
# What the names of errors have in them, the likeliest first.
_NOT_FOUND = ("NotFound", "NoSuch", "NotExist")
_INVALID = ("InvalidParameter", "Validation", "InvalidArn", "InvalidInput", "InvalidRequest")


def explain(error: Exception, model: Any, parameters: Mapping[str, Any]) -> tuple[str, str]:
    """Return an error's code, and a message that continues the operation's name.

    Parameters
    ----------
    error : Exception
        What moto raised.
    model : OperationModel
        The operation as botocore knows it.
    parameters : mapping
        What was given, by the model's names.
    """
    if not _is_motos(error):
        return "InternalFailure", FAILED_INSIDE
    text = str(error.args[0]) if error.args else ""
    given = list(_texts(parameters))
    if isinstance(error, KeyError) and text in given:
        return _code(model, _NOT_FOUND), f"found nothing that is called {text!r}"
    lacking = _lacking(model, parameters)
    if isinstance(error, KeyError) and text in _members(model.input_shape, ()):
        return _invalid(model), f"needs {text} in the emulator, also where AWS does not; give it"
    for name, value in _arns(parameters):
        if len(value.split(":", 5)) < 6 or not value.startswith("arn:"):
            problem = f"wants an ARN for {name}, such as arn:aws:..., and got {value!r}"
            return _invalid(model), problem
    if "None" in text and lacking:
        problem = f"needs more in the emulator than it was given: one of {', '.join(lacking)}"
        return _invalid(model), problem
    shown = ", ".join(repr(value[:100]) for value in given[:5]) or "nothing"
    problem = (
        "cannot be carried out by the emulator with what it was given, where AWS may do it; among "
        f"it is {shown}"
    )
    return _invalid(model), problem


def _is_motos(error: Exception) -> bool:
    # Our own faults are not laid at the request's door.
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
