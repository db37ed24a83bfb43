"""Finds the metrics of a training job in its log, in a process that can be ended.

Python holds its interpreter while it matches, and an expression may take for ever: a process of its
own is ended by the system when one line takes more than `LINE_SECONDS` of its time.

As a program it reads lines, and answers each with one line: a JSON array of [index of the
definition, matched text].
"""

from __future__ import annotations

import contextlib
import json
import re
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Sequence

LINE_SECONDS = 2.0


class MetricMatcher:
    """The process that matches, started with the first line.

    Parameters
    ----------
    definitions : sequence of dict
        ``MetricDefinitions``: ``Name`` and ``Regex``.
    on_match : callable
        Gets the name of a metric and the text that was matched, in a thread of its own.
    """

    def __init__(self, definitions: Sequence[dict], on_match: Callable[[str, str], None]):
        self._names = [definition["Name"] for definition in definitions]
        self._expressions = [definition["Regex"] for definition in definitions]
        self._on_match = on_match
        self._process: subprocess.Popen[bytes] | None = None
        self._changed = threading.Condition()
        self._sent = self._answered = 0
        self.gave_up = self._is_closed = False

    def feed(self, line: str) -> None:
        """Match a line; once one has taken too long, nothing is matched any more."""
        if not self._names or self.gave_up:
            return
        if self._process is None:
            self._start()
        assert self._process is not None  # noqa: S101
        assert self._process.stdin is not None  # noqa: S101
        try:
            self._process.stdin.write(json.dumps(line).encode() + b"\n")
            self._process.stdin.flush()
        except OSError:
            self.gave_up = True
            return
        self._sent += 1

    def wait(self) -> None:
        """Wait until every line is matched, or one has taken too long."""
        with self._changed:
            self._changed.wait_for(lambda: self.gave_up or self._answered >= self._sent)

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
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self) -> None:
        assert self._process is not None  # noqa: S101
        for answer in self._process.stdout or ():
            for index, text in json.loads(answer):
                self._on_match(self._names[index], text)
            with self._changed:
                self._answered += 1
                self._changed.notify_all()
        with self._changed:
            self.gave_up = not self._is_closed
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
