"""Finds the metrics of a training job in its log, in a process that can be killed.

An expression may take forever to match, and Python holds the interpreter lock while it matches. The
system ends the process when one line takes more than `LINE_SECONDS` of processor time; the emulator
kills it when it is `BEHIND_SECONDS` behind, because the job would block until it reads a line.

As a program, it reads lines, and writes one line for each: a JSON array of [index of the
definition, matched text].
"""

from __future__ import annotations

import contextlib
import json
import os
import re
import signal
import subprocess
import sys
import threading
import time
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from typing import Any

LINE_SECONDS = 2.0
BEHIND_SECONDS = 60.0
_LOOK_SECONDS = 0.01


class MetricMatcher:
    """The matching process, which is started with the first line.

    Parameters
    ----------
    definitions : sequence of dict
        ``MetricDefinitions``: ``Name`` and ``Regex``.
    on_match : callable
        Called with the name of a metric and the matched text, in a background thread.

    Attributes
    ----------
    gave_up : str or None
        Why matching has stopped, or None.
    """

    def __init__(
        self, definitions: Sequence[Mapping[str, Any]], on_match: Callable[[str, str], None]
    ):
        self._names = [definition["Name"] for definition in definitions]
        self._expressions = [definition["Regex"] for definition in definitions]
        self._on_match = on_match
        self._process: subprocess.Popen[bytes] | None = None
        self._changed = threading.Condition()
        self._waiting: deque[float] = deque()  # times of the lines without a result
        self.gave_up: str | None = None
        self._is_closed = False

    def feed(self, line: str) -> None:
        """Match a line, unless matching has stopped because it took too long."""
        if not self._names or self.gave_up:
            return
        if self._process is None:
            self._start()
        with self._changed:
            self._waiting.append(time.monotonic())
        with contextlib.suppress(BrokenPipeError):  # the reader notices its end
            self._send(json.dumps(line).encode() + b"\n")

    def wait(self) -> None:
        """Wait until every line is matched, or matching has stopped."""
        with self._changed:
            while self._waiting and not self._is_too_late():
                self._changed.wait(_LOOK_SECONDS)

    def close(self) -> None:
        """End the process."""
        if self._process is not None:
            self._is_closed = True
            self._process.kill()
            self._process.wait()
            self._reader.join()
            for pipe in (self._process.stdin, self._process.stdout):
                with contextlib.suppress(OSError):
                    if pipe is not None:
                        pipe.close()

    def _start(self) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-I", "-S", __file__, json.dumps(self._expressions)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env={},
        )
        os.set_blocking(self._pipe, False)
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    @property
    def _pipe(self) -> int:
        assert self._process is not None  # noqa: S101
        assert self._process.stdin is not None  # noqa: S101
        return self._process.stdin.fileno()

    def _send(self, data: bytes) -> None:
        while data and not self._is_too_late():
            try:
                data = data[os.write(self._pipe, data) :]
            except BlockingIOError:
                time.sleep(_LOOK_SECONDS)

    def _is_too_late(self) -> bool:
        with self._changed:
            behind = bool(self._waiting) and time.monotonic() - self._waiting[0] > BEHIND_SECONDS
            if behind and not self.gave_up and self._process is not None:
                self.gave_up = f"its metric definitions are {BEHIND_SECONDS:g} s behind this log"
                self._process.kill()
            return self.gave_up is not None

    def _read(self) -> None:
        assert self._process is not None  # noqa: S101
        for answer in self._process.stdout or ():
            for index, text in json.loads(answer):
                self._on_match(self._names[index], text)
            with self._changed:
                self._waiting.popleft()
                self._changed.notify_all()
        with self._changed:
            if not self._is_closed:
                self.gave_up = self.gave_up or (
                    f"a metric definition took more than {LINE_SECONDS:g} s for a line of this log"
                )
            self._changed.notify_all()


def _answer_lines(expressions: Sequence[str]) -> None:
    compiled = [re.compile(expression) for expression in expressions]
    signal.signal(signal.SIGVTALRM, signal.SIG_DFL)
    for line in sys.stdin:
        text = json.loads(line)
        signal.setitimer(signal.ITIMER_VIRTUAL, LINE_SECONDS)
        found = [
            (index, match.group(1) if expression.groups else match.group())
            for index, expression in enumerate(compiled)
            for match in expression.finditer(text)
        ]
        signal.setitimer(signal.ITIMER_VIRTUAL, 0)
        sys.stdout.write(json.dumps(found) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    _answer_lines(json.loads(sys.argv[1]))
