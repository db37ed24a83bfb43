"""How long a test waits for what must come: a slow machine is no fault.

No test says how long something should take. Where it must not wait for something else (a timeout,
a slow request), that something else takes far longer than `LIMIT_SECONDS`.
"""

import os
import time

import pytest

PATIENCE = float(os.environ.get("WORKFLOW_TEST_PATIENCE") or 1)
LIMIT_SECONDS = 60 * PATIENCE
# Longer than any test waits: what sleeps so long is ended by somebody else.
FOR_EVER = int(10 * LIMIT_SECONDS)


def wait_until(condition, what="it"):
    """Return what a condition gives once that is true; fail when it does not come."""
    deadline = time.monotonic() + LIMIT_SECONDS
    while not (found := condition()):
        if time.monotonic() > deadline:
            pytest.fail(f"still not so after {LIMIT_SECONDS:g} s: {what}")
        time.sleep(0.01)
    return found
