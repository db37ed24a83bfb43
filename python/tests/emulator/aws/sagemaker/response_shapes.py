"""The check of a response against its service's model."""

from collections.abc import Iterator, Mapping
from typing import Any


def response_problems(shape: Any, value: Any, path: str = "") -> Iterator[str]:
    """Yield the paths at which a response lacks a required member, or has an empty structure.

    Parameters
    ----------
    shape : botocore.model.Shape
        The shape of the output.
    value : Any
        The response of boto3.
    """
    if shape.type_name == "structure":
        yield from _structure_problems(shape, value, path)
    elif shape.type_name == "list":
        for number, item in enumerate(value):
            yield from response_problems(shape.member, item, f"{path}[{number}]")
    elif shape.type_name == "map" and isinstance(value, Mapping):
        for key, item in value.items():
            yield from response_problems(shape.value, item, f"{path}[{key}]")
    elif value is None:
        yield f"{path} is null"
    elif shape.type_name == "string" and shape.enum and value not in shape.enum:
        yield f"{path} is {value!r}, none of {shape.enum}"


def _structure_problems(shape: Any, value: Any, path: str) -> Iterator[str]:
    if not value and path:
        yield f"{path} is an empty structure"
        return
    for name in shape.required_members:
        if name not in value:
            yield f"{path}.{name} is missing"
    for name, item in value.items():
        if name in shape.members:
            yield from response_problems(shape.members[name], item, f"{path}.{name}")
