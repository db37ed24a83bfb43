"""A request's parameters by the names of its model, in any protocol."""

import functools
from collections.abc import Iterator
from typing import Any

from moto.core.parse import PROTOCOL_PARSERS
from moto.core.request import determine_request_protocol
from moto.core.utils import get_service_model


def parse_parameters(response: Any, operation: str) -> dict[str, Any]:
    """Return the parameters of the request of one of moto's response objects."""
    model = get_service_model(response.boto3_service_name)
    request = response.normalized_request
    protocol = determine_request_protocol(model, request.content_type)
    parser = PROTOCOL_PARSERS[protocol](model.operation_model(operation), map_type=dict)
    return parser.parse(
        {
            "method": request.method,
            "values": request.values,
            "headers": request.headers,
            "body": request.data,
            "url_path": request.path,
            "url_params": response.uri_match,
        }
    )


@functools.cache
def member_names(service: str, operation: str) -> frozenset[str]:
    """Return the names of all members that a request may have at any depth, in lower case."""
    shape = get_service_model(service).operation_model(operation).input_shape
    return frozenset(name.lower() for name in _names(shape, frozenset())) if shape else frozenset()


def _names(shape: Any, above: frozenset[str]) -> Iterator[str]:
    if shape.name in above:
        return  # some structures are recursive
    above |= {shape.name}
    if shape.type_name == "structure":
        for name, member in shape.members.items():
            yield name
            yield from _names(member, above)
    elif shape.type_name == "list":
        yield from _names(shape.member, above)
    elif shape.type_name == "map":
        yield from _names(shape.value, above)
