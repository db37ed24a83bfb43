"""Memory of deleted objects is returned to the system."""

import io
from pathlib import Path

import pytest

from tests.patience import wait_until

MIB = 1024 * 1024


def resident_mib():
    """Return the memory of this process, in which the emulator runs."""
    lines = Path("/proc/self/status").read_text().splitlines()
    (line,) = [line for line in lines if line.startswith("VmRSS")]
    return int(line.split()[1]) // 1024


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="Linux tells it so")
@pytest.mark.parametrize("in_parts", [False, True])
def test_memory_of_deleted_objects_is_returned(client, name, in_parts):
    s3 = client("s3")
    s3.create_bucket(Bucket=name)
    data = bytes(100 * MIB)
    before = resident_mib()
    if in_parts:
        s3.upload_fileobj(io.BytesIO(data), name, "key")
    else:
        s3.put_object(Bucket=name, Key="key", Body=data)
    s3.delete_object(Bucket=name, Key="key")
    wait_until(lambda: resident_mib() < before + 50)
