"""Transfers between S3 and a job's folder, by the rules of SageMaker's data agent."""

from __future__ import annotations

import os
import shutil
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from boto3.exceptions import Boto3Error  # pyright: ignore[reportMissingTypeStubs]
from botocore.exceptions import BotoCoreError, ClientError  # pyright: ignore[reportMissingTypeStubs]

from emulator.runtime.errors import JobFault


def split_uri(uri: str) -> tuple[str, str]:
    """Return bucket and key of an ``s3://`` address."""
    bucket, _, key = uri.removeprefix("s3://").partition("/")
    if not uri.startswith("s3://") or not bucket:
        raise JobFault(f"ClientError: the address must be s3://bucket/key, got {uri!r}")
    return bucket, key


def download_prefix(s3: Any, uri: str, target: Path, *, required: bool = True) -> None:
    """Download the objects with a key *prefix* into a folder.

    If the address is that of an object, the file has the object's base name; the prefix ``a/tr``
    also matches ``a/train/x``, which becomes the file ``train/x``.

    Raises
    ------
    JobFault
        If nothing matches although data is required, or if S3 refuses.
    """
    bucket, _ = split_uri(uri)
    target.mkdir(parents=True, exist_ok=True)
    found = False
    with _faults("Data download failed", uri):
        for key, name in objects_under(s3, uri):
            found = True
            if ".." in Path(name).parts:
                raise JobFault(f"ClientError: Data download failed: {key!r} leaves its folder")
            _download(s3, bucket, key, target / name)
    if required and not found:
        raise JobFault(
            f'ClientError: No S3 objects found under S3 URL "{uri}" given in input data source. '
            "Please ensure that the bucket exists, that objects exist under that S3 prefix, and "
            f'that the role has "s3:ListBucket" permissions on bucket "{bucket}".'
        )


def objects_under(s3: Any, uri: str) -> Iterator[tuple[str, str]]:
    """Yield the key of each object with a key *prefix*, and its name below the prefix."""
    bucket, prefix = split_uri(uri)
    with _faults("Data download failed", uri):
        for key in _keys(s3, bucket, prefix):
            if key.startswith(f"{prefix.rstrip('/')}/") or not prefix:
                yield key, key[len(prefix) :].lstrip("/")
            else:
                yield key, key[prefix.rfind("/") + 1 :]


def download_object(s3: Any, uri: str, path: Path) -> None:
    """Download an object into a file; a refusal is a `JobFault`."""
    bucket, key = split_uri(uri)
    with _faults("Data download failed", uri):
        _download(s3, bucket, key, path)


def upload_file(s3: Any, path: Path, uri: str, kms_key: str | None = None) -> None:
    """Upload a file to an address; a refusal is a `JobFault`."""
    bucket, key = split_uri(uri)
    encryption = {"ServerSideEncryption": "aws:kms", "SSEKMSKeyId": kms_key} if kms_key else {}
    with _faults("Failed to upload", uri):
        s3.upload_file(str(path), bucket, key, ExtraArgs=encryption)


def delete_object(s3: Any, uri: str) -> None:
    """Delete an object; a refusal is a `JobFault`."""
    bucket, key = split_uri(uri)
    with _faults("Failed to delete", uri):
        s3.delete_object(Bucket=bucket, Key=key)


def upload_tree(s3: Any, folder: Path, uri: str, kms_key: str | None = None) -> None:
    """Upload a folder's files as objects below an address; links are not followed."""
    for directory, _, names in os.walk(folder):
        for path in (Path(directory, name) for name in sorted(names)):
            if path.is_file() and not path.is_symlink():
                upload_file(s3, path, join(uri, path.relative_to(folder).as_posix()), kms_key)


def join(uri: str, name: str) -> str:
    """Return the address of a name below another address."""
    return f"{uri.rstrip('/')}/{name}"


def _keys(s3: Any, bucket: str, prefix: str) -> Iterator[str]:
    for page in s3.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=prefix):
        for item in page.get("Contents", []):
            if not item["Key"].endswith("/"):  # consoles create such an object for an empty folder
                yield item["Key"]


def _download(s3: Any, bucket: str, key: str, path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    # Not download_file: its thread pool needs three times as long on a loopback connection.
    with path.open("wb") as file:
        shutil.copyfileobj(s3.get_object(Bucket=bucket, Key=key)["Body"], file, 1 << 20)


@contextmanager
def _faults(what: str, uri: str) -> Generator[None]:
    try:
        yield
    # Keys such as `a` and `a/b` cannot both be files.
    except (FileExistsError, NotADirectoryError, IsADirectoryError) as error:
        raise JobFault(f"ClientError: {what}: {uri}: {error}") from error
    except (BotoCoreError, Boto3Error, ClientError) as error:
        raise JobFault(f"ClientError: {what}: {uri}: {error}") from error
