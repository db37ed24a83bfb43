"""ItemReader: the items of a distributed Map from S3.

Source: https://docs.aws.amazon.com/step-functions/latest/dg/input-output-itemreader.html
"""

import csv
import io
import itertools
import json
from collections.abc import Iterator
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from emulator.aws.stepfunctions.definitions.map_definitions import DELIMITERS


class ItemReaderError(Exception):
    """The source of the items is missing, or does not have the declared form."""


def read_items(client: Any, reader: dict[str, Any]) -> list[Any]:
    """Read the items.

    Parameters
    ----------
    client : botocore client
        For S3, with the state machine's role.
    reader : dict
        The evaluated ItemReader.

    Raises
    ------
    ItemReaderError
        If S3 refuses, or the object does not contain items of the declared type.
    """
    config = reader.get("ReaderConfig") or {}
    request = reader.get("Arguments") or reader.get("Parameters") or {}
    try:
        if reader["Resource"].endswith("listObjectsV2"):
            items = _listed(client, request)
        else:
            body = client.get_object(**request)["Body"].read()
            items = _PARSERS[config["InputType"]](body.decode("utf-8-sig"), config)
        most = int(config.get("MaxItems") or 0) or None
        return list(itertools.islice(items, most))
    except (ClientError, BotoCoreError) as error:
        raise ItemReaderError(str(error)) from error
    except (ValueError, csv.Error) as error:
        raise ItemReaderError(f"the object is not {config.get('InputType')}: {error}") from error


def _listed(client: Any, request: dict[str, Any]) -> Iterator[dict[str, Any]]:
    for page in client.get_paginator("list_objects_v2").paginate(**request):
        for found in page.get("Contents", []):
            yield {
                "Etag": found["ETag"],
                "Key": found["Key"],
                "LastModified": int(found["LastModified"].timestamp()),
                "Size": found["Size"],
                "StorageClass": found.get("StorageClass", "STANDARD"),
            }


def _csv(text: str, config: dict[str, Any]) -> Iterator[dict[str, str]]:
    delimiter = DELIMITERS[config.get("CSVDelimiter", "COMMA")]
    rows = (row for row in csv.reader(io.StringIO(text, newline=""), delimiter=delimiter) if row)
    first_row = config.get("CSVHeaderLocation") == "FIRST_ROW"
    headers = next(rows, []) if first_row else config["CSVHeaders"]
    if len(set(headers)) < len(headers):
        raise ItemReaderError("CSV headers cannot contain duplicates.")
    for row in rows:
        padded = [*row, *[""] * (len(headers) - len(row))]
        yield dict(zip(headers, padded))


def _json(text: str, config: dict[str, Any]) -> Iterator[Any]:
    document = json.loads(text)
    pointer = config.get("ItemsPointer", "")
    for step in pointer.split("/")[1:]:
        key = step.replace("~1", "/").replace("~0", "~")
        try:
            document = document[int(key) if isinstance(document, list) else key]
        except (KeyError, IndexError, TypeError, ValueError):
            raise ItemReaderError(f"ItemsPointer {pointer} leads nowhere") from None
    if not isinstance(document, list):
        raise ItemReaderError("Attempting to map over non-iterable node.")
    yield from document


def _json_lines(text: str, _: dict[str, Any]) -> Iterator[Any]:
    for line in text.split("\n"):
        if line.strip():
            yield json.loads(line)


_PARSERS = {"CSV": _csv, "JSON": _json, "JSONL": _json_lines}
