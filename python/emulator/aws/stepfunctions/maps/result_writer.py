"""ResultWriter: the results of a Map Run's children, as the state's output or in S3.

Source: https://docs.aws.amazon.com/step-functions/latest/dg/input-output-resultwriter.html
"""

import json
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from emulator.aws.stepfunctions.maps.child_executions import Child


class ResultWriterError(Exception):
    """S3 did not accept the results."""


def write_results(
    client: Any, writer: dict[str, Any] | None, run: Any, children: list[Child]
) -> Any:
    """Write the results as defined, and return the state's result.

    Without a resource, it is the array of the children's results, in the order of the items; with
    one, it names the manifest in S3.

    Raises
    ------
    ResultWriterError
        If S3 refuses.
    """
    writer = writer or {}
    exported = "Resource" in writer
    config = writer.get("WriterConfig") or {}
    transformation = config.get("Transformation", "NONE" if exported else "COMPACT")
    if not exported:
        return _results(children, transformation)
    place = writer.get("Arguments") or writer.get("Parameters") or {}
    prefix = str(place.get("Prefix") or "").rstrip("/")
    identifier = run.map_run_arn.rpartition(":")[2]
    folder = f"{prefix}/{identifier}" if prefix else identifier
    lines = config.get("OutputType") == "JSONL"
    try:
        return _export(client, place["Bucket"], folder, run, children, transformation, lines)
    except KeyError as error:
        raise ResultWriterError(f"ResultWriter has no {error}") from error
    except (ClientError, BotoCoreError) as error:
        raise ResultWriterError(str(error)) from error


def _results(children: list[Child], transformation: str) -> list[Any]:
    results: list[Any] = []
    for child in children:
        if transformation == "NONE" or child.status != "SUCCEEDED":
            results.append(child.describe())
        elif transformation == "FLATTEN" and isinstance(child.output, list):
            results.extend(child.output)
        else:
            results.append(child.output)
    return results


def _export(
    client: Any,
    bucket: str,
    folder: str,
    run: Any,
    children: list[Child],
    transformation: str,
    lines: bool,
) -> dict[str, Any]:
    groups: dict[str, list[Child]] = {"FAILED": [], "PENDING": [], "SUCCEEDED": []}
    for child in children:
        groups[_GROUPS.get(child.status, "FAILED")].append(child)
    files: dict[str, list[dict[str, Any]]] = {}
    for name, members in groups.items():
        files[name] = []
        if not members:
            continue
        key = f"{folder}/{name}_0.{'jsonl' if lines else 'json'}"
        results = _results(members, transformation)
        body = _body(results, lines)
        client.put_object(Bucket=bucket, Key=key, Body=body)
        files[name].append({"Key": key, "Size": len(body)})
        for child in members:
            run.execution_counter.results_written.count()
            run.item_counter.results_written.count(child.items)
    manifest = {
        "DestinationBucket": bucket,
        "MapRunArn": run.map_run_arn,
        "ResultFiles": files,
    }
    key = f"{folder}/manifest.json"
    client.put_object(Bucket=bucket, Key=key, Body=_body(manifest, lines=False))
    return {
        "MapRunArn": run.map_run_arn,
        "ResultWriterDetails": {"Bucket": bucket, "Key": key},
    }


_GROUPS = {"SUCCEEDED": "SUCCEEDED", "PENDING": "PENDING"}


def _body(value: Any, lines: bool) -> bytes:
    if lines:
        return "".join(f"{json.dumps(item, default=str)}\n" for item in value).encode()
    return json.dumps(value, separators=(",", ":"), default=str).encode()
