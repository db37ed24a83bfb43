"""Names in ``aws-sdk`` tasks: services and members as in the AWS SDK for Java 2."""

import functools
import re
import zlib
from pathlib import Path

import botocore

_SERVICE_ID = re.compile(rb'"serviceId"\s*:\s*"([^"]+)"')
_METADATA_BYTES = 2048  # the identifier is in the first lines of a model


@functools.cache
def boto_names() -> dict[str, str]:
    """Return boto3's name of each service by its name in tasks, such as ``sfn``.

    The latter is the service's identifier in lower case, without spaces, ``AWS`` and ``Service``.
    """
    names = {}
    for folder in sorted((Path(botocore.__file__).parent / "data").iterdir()):
        models = sorted(folder.glob("*/service-2.json*"))
        found = _SERVICE_ID.search(_head(models[-1])) if models else None
        if found:
            names[service_name(found[1].decode())] = folder.name
    return names


def service_name(service_id: str) -> str:
    """Return ``databasemigration`` for the identifier ``Database Migration Service``."""
    name = re.sub(r"[^a-z0-9]", "", service_id.lower())
    return re.sub(r"^(amazon|aws)|service$", "", name) or name


def _head(model: Path) -> bytes:
    with model.open("rb") as file:
        head = file.read(_METADATA_BYTES)
    return zlib.decompressobj(wbits=31).decompress(head) if model.suffix == ".gz" else head


@functools.cache
def member_name(name: str) -> str:
    """Return ``DbInstanceIdentifier`` for ``DBInstanceIdentifier``: acronyms are words."""
    text = re.sub(r"[^A-Za-z0-9]+", " ", name)
    text = re.sub(r"([^a-z]{2,})v([0-9]+)", r"\1 v\2 ", text)
    text = re.sub(r"([^A-Z]{2,})V([0-9]+)", r"\1 V\2 ", text)
    text = re.sub(r"(?<=[a-z])(?=[A-Z][a-zA-Z0-9])", " ", text)
    text = re.sub(r"([A-Z]+)([A-Z][a-z])", r"\1 \2", text)
    text = re.sub(r"([0-9])([a-zA-Z])", r"\1 \2", text)
    return "".join(word[:1].upper() + word[1:].lower() for word in text.split())
