"""How long tests wait for a result: slow machines must not fail them.

No test asserts how long something takes. If a test checks that it does not wait for something (a
timeout, a slow request), that takes far longer than `LIMIT_SECONDS`.
"""

import os
import time

import pytest

PATIENCE = float(os.environ.get("WORKFLOW_TEST_PATIENCE") or 1)
LIMIT_SECONDS = 60 * PATIENCE
# Longer than any test waits: a process that sleeps this long is killed.
FOR_EVER = int(10 * LIMIT_SECONDS)


def wait_until(condition, what="it"):
    """Return a condition's value once it is true; fail after a limit."""
    deadline = time.monotonic() + LIMIT_SECONDS
    while not (found := condition()):
        if time.monotonic() > deadline:
            pytest.fail(f"still not so after {LIMIT_SECONDS:g} s: {what}")
        time.sleep(0.01)
    return found
