"""Requests that are generated from botocore's models, and sent to a WSGI application."""

import functools
import io
import re
from dataclasses import dataclass
from urllib.parse import urlencode, urlparse

import botocore.serialize

from emulator.aws.protocol.operations import service_model
from tests.emulator.aws.signing import signed_headers

_GUESSES = (
    "a",
    "A",
    "1",
    "ab",
    "abc",
    "abc-12345",
    "2026-01-01",
    "123456789012",
    "arn:aws:iam::123456789012:role/made-up",
    "arn:aws:sagemaker:us-east-1:123456789012:model/made-up",
    "s3://made-up/made-up",
    "https://made-up.example/a",
    "made-up.example",
    "subnet-0123456789abcdef0",
    "sg-0123456789abcdef0",
    "10.0.0.0/16",
    "0123456789abcdef0123456789abcdef",
    "01234567-89ab-cdef-0123-456789abcdef",
    "$LATEST",
    "{}",
)
_NUMBERS = ("integer", "long", "float", "double", "bigdecimal")


@dataclass(frozen=True)
class Answer:
    """The response as text."""

    status: int
    text: str


def minimal(shape):
    """Return a structure of a model with its required members only."""
    return _structure(shape, (), optional=False)


def full(shape):
    """Return a structure of a model with every member, to a depth of four."""
    return _structure(shape, (), optional=True)


def nameless(shape):
    """Return a structure without required members, except those in the URL."""
    if shape is None:
        return {}
    return {
        name: _value(member, (), optional=False)
        for name, member in shape.members.items()
        if member.serialization.get("location") == "uri"
        or member.serialization.get("hostLabel")
        or (
            member.serialization.get("location") == "querystring" and name in shape.required_members
        )
    }


def _structure(shape, above, *, optional):
    if shape is None:
        return {}
    if getattr(shape, "is_tagged_union", False):
        names = list(shape.members)[:1]
    elif optional and len(above) < 4:
        names = list(shape.members)
    else:
        names = shape.required_members
    return {
        name: _value(shape.members[name], (*above, shape.name), optional=optional)
        for name in names
        if shape.members[name].name not in above
    }


def _value(shape, above, *, optional):
    kind = shape.type_name
    if kind == "structure":
        return _structure(shape, above, optional=optional)
    if kind == "list":
        count = max(shape.metadata.get("min", 0), 1)
        if shape.member.name in above:
            return []
        return [_value(shape.member, (*above, shape.name), optional=optional)] * count
    if kind == "map":
        key = _value(shape.key, above, optional=optional)
        return {key: _value(shape.value, (*above, shape.name), optional=optional)}
    if kind == "string":
        return _text(shape)
    if kind == "boolean":
        return True
    if kind == "blob":
        return b"a"
    if kind == "timestamp":
        return 1767225600
    if kind in _NUMBERS:
        return max(shape.metadata.get("min", 1), 1)
    raise AssertionError(f"a model has a shape of type {kind}")


def _text(shape):
    enum = getattr(shape, "enum", [])
    if enum:
        return enum[0]
    low, high = shape.metadata.get("min", 0), shape.metadata.get("max", 1_000_000)
    pattern = shape.metadata.get("pattern")
    guesses = [*_GUESSES, "a" * max(low, 1), "1" * max(low, 1)]
    fitting = [text for text in guesses if low <= len(text) <= high]
    if pattern:
        fitting = [text for text in fitting if _fits(pattern, text)] or fitting
    return (fitting or ["a" * max(low, 1)])[0]


def _fits(pattern, text):
    try:
        return re.fullmatch(pattern, text) is not None
    except re.error:
        return True


@functools.cache
def _serializer(protocol):
    return botocore.serialize.create_serializer(protocol, include_validation=False)


def environ(aws, service, operation, parameters):
    """Return the WSGI environment of a request to `aws`, an `EmulatedAws`."""
    model = service_model(service)
    request = _serializer(model.resolved_protocol).serialize_to_request(
        parameters, model.operation_model(operation)
    )
    return _environ(aws, request, model.signing_name, _body(request))


def _body(request):
    body = request["body"]
    if isinstance(body, dict):
        body = urlencode(body, doseq=True)
        request["headers"]["Content-Type"] = "application/x-www-form-urlencoded"
    return body.encode() if isinstance(body, str) else bytes(body)


def _environ(aws, request, scope, body):
    path, _, query = request["url_path"].partition("?")
    more = request["query_string"]
    if more:
        query = "&".join(filter(None, (query, urlencode(more, doseq=True))))
    target = f"{path}?{query}" if query else path
    headers = signed_headers(
        aws, request["method"], target, service=scope, body=body, headers=request["headers"]
    )
    headers["Host"] = urlparse(aws.endpoint).netloc
    fields = {f"HTTP_{name.upper().replace('-', '_')}": value for name, value in headers.items()}
    kind = fields.pop("HTTP_CONTENT_TYPE", "")
    return {
        "REQUEST_METHOD": request["method"],
        "SCRIPT_NAME": "",
        "PATH_INFO": path,
        "QUERY_STRING": query,
        "RAW_URI": target,
        "REQUEST_URI": target,
        "SERVER_NAME": "127.0.0.1",
        "SERVER_PORT": "80",
        "SERVER_PROTOCOL": "HTTP/1.1",
        "REMOTE_ADDR": "127.0.0.1",
        "CONTENT_TYPE": kind,
        "CONTENT_LENGTH": str(len(body)),
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": "http",
        "wsgi.input": io.BytesIO(body),
        "wsgi.errors": io.StringIO(),
        "wsgi.multithread": True,
        "wsgi.multiprocess": False,
        "wsgi.run_once": False,
        **fields,
    }


def send(cloud, service, operation, parameters):
    """Call an operation of the fixture `cloud`, without its server."""
    started = []
    request = environ(cloud.aws, service, operation, parameters)
    chunks = cloud.application(request, lambda *given: started.append(given))
    body = b"".join(chunks)
    return Answer(int(started[0][0].split()[0]), body.decode(errors="replace"))
