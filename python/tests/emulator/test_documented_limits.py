"""The limits in docs/emulator.md are the real ones."""

from pathlib import Path

import pytest

from emulator import server
from emulator.aws.stepfunctions.maps import child_executions
from emulator.aws.stepfunctions.tasks import callbacks
from emulator.front import bodies
from emulator.runtime.data import archives
from emulator.runtime.functions import function, sandbox
from emulator.runtime.logs import job_log, metric_matcher

DOCUMENT = " ".join(
    (Path(__file__).parents[3] / "docs" / "emulator.md").read_text(encoding="utf-8").split()
)


@pytest.mark.parametrize(
    "sentence",
    [
        f"A log keeps its first {job_log.MAX_LOG_BYTES / 1e6:g} MB or {job_log.MAX_LOG_LINES:,} "
        f"lines (of a function's invocation {sandbox.MAX_OUTPUT_BYTES / 1e6:g} MB)",
        f"need more than {metric_matcher.LINE_SECONDS:g} s for a line, or fall "
        f"{metric_matcher.BEHIND_SECONDS:g} s behind the log",
        f"holds more than {archives.MAX_UNPACKED_BYTES / 1024**3:g} GiB, more than "
        f"{archives.MAX_MEMBERS:,} members",
        f"function code of {function.MAX_CODE_BYTES:,} bytes or more, and responses of more than "
        f"{sandbox.MAX_ANSWER_BYTES:,}",
        f"An upload to S3 may have {bodies.MAX_OBJECT_BYTES / 1024**3:g} GiB, as on AWS, and any "
        f"other body {bodies.MAX_BODY_BYTES / 1024**2:g} MiB",
        f"more than {server.MAX_CONNECTIONS} connections at once",
        f"at most {child_executions.MOST_AT_ONCE} at once",
        f"with `GetActivityTask`, which answers within {callbacks.LONGEST_POLL_SECONDS:g} s",
    ],
)
def test_a_limit_is_as_documented(sentence):
    assert sentence in DOCUMENT
