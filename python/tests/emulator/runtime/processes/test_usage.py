"""What processes use of the machine."""

import sys
import time
from pathlib import Path

import pytest

from emulator.runtime.processes.supervised import Command, SupervisedProcess
from emulator.runtime.processes.usage import usage_of_session
from tests.patience import wait_until

pytestmark = pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="not Linux")

# The command's child works, too, and ends.
WORKS = """
import subprocess, sys, time
held = bytearray(50_000_000)
burn = "import time\\nwhile time.process_time() < 0.3: pass"
subprocess.run([sys.executable, "-c", burn], check=True)
print("worked", flush=True)
time.sleep(600)
"""


def used_by(process):
    usage = process.usage()
    assert usage is not None
    return usage


def test_processor_time_and_memory_of_a_command_and_its_children():
    command = Command([sys.executable, "-c", WORKS], {}, "/")
    process = SupervisedProcess(command, grace_seconds=1)
    try:
        first = used_by(process)
        assert process.stdout.readline() == b"worked\n"
        worked = used_by(process)
        assert worked.cpu_seconds - first.cpu_seconds >= 0.25
        assert 50_000_000 <= worked.memory_bytes < 500_000_000
        # It sleeps: whatever time passes, it uses no processor.
        time.sleep(0.2)
        assert used_by(process).cpu_seconds - worked.cpu_seconds < 0.1
    finally:
        process.kill()
    wait_until(lambda: process.usage() is None)


def test_nothing_is_known_of_processes_that_are_not_there():
    assert usage_of_session(2**22 + 1) is None
