"""Descriptions: with all members of the request, and without empty optional structures.

moto stores only the members that it knows, and returns ``{}`` for structures that AWS leaves out.
SDKs that validate responses refuse an empty structure that has required members.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from moto.core.responses import ActionResult
from moto.sagemaker.responses import SageMakerResponse

from emulator.aws.patching import wrap
from emulator.aws.protocol.operations import operation_model


def install() -> None:
    """Leave empty structures out of every response."""
    wrap(SageMakerResponse, "serialized", _serialized)


def _serialized(original: Any, self: Any, action_result: Any) -> Any:
    result = action_result.result
    model = operation_model("sagemaker", self._get_action())
    if isinstance(result, Mapping) and model is not None and model.output_shape is not None:
        action_result = ActionResult(without_empty_structures(model.output_shape, result))
    return original(self, action_result)


def without_empty_structures(shape: Any, value: Any) -> Any:
    """Return a response without the members that are None or empty structures.

    Parameters
    ----------
    shape : botocore.model.Shape
        The service's model of the value.
    """
    if shape.type_name == "structure" and isinstance(value, Mapping):
        members = {
            name: without_empty_structures(shape.members[name], item)
            for name, item in value.items()
            if name in shape.members and item is not None
        }
        return {
            name: item
            for name, item in members.items()
            if item != {} or shape.members[name].type_name != "structure"
        }
    if shape.type_name == "list" and isinstance(value, list):
        return [without_empty_structures(shape.member, item) for item in value]
    if shape.type_name == "map" and isinstance(value, Mapping):
        return {key: without_empty_structures(shape.value, item) for key, item in value.items()}
    return value


def keep_requested_members(record: Any, noun: str, request: Mapping[str, Any]) -> None:
    """Add the members of a request to moto's record that its description would lack.

    Parameters
    ----------
    noun : str
        The API's noun, as in ``Describe<noun>``.
    """
    model = operation_model("sagemaker", f"Describe{noun}")
    described = record.response_object
    for name in model.output_shape.members:
        if name in request and name not in described:
            # moto returns attributes without an underscore as members, unchanged.
            setattr(record, name, request[name])
