"""The file with answers of tasks, in the format of Step Functions Local.

Source: https://docs.aws.amazon.com/step-functions/latest/dg/sfn-local-mock-cfg-file.html
"""

import json
import re
import threading
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

_RANGE = re.compile(r"(\d+)(?:-(\d+))?")


class MockFileError(ValueError):
    """The file cannot be read or followed, or lacks a test case."""


class _FormError(ValueError):
    """A part of the file has another form."""


@dataclass(frozen=True)
class Answer:
    """What calls of a state get, up to the call with the number `last`."""

    last: int
    result: Any = None
    error: str | None = None
    """None: the task succeeds with the result."""
    cause: str | None = None


class MockCase:
    """The answers of one execution. Safe to use from several threads.

    Each call of a state takes the next answer: retries, iterations and later visits go on where
    the earlier ones stopped, as in Step Functions Local.
    https://github.com/floci-io/floci/issues/3254
    """

    def __init__(self, answers: Mapping[str, list[Answer]]) -> None:
        # By moto's name: moto checks here whether a state has a mocked result.
        self.state_mocked_responses = answers
        self._calls: Counter[str] = Counter()
        self._lock = threading.Lock()

    def next_answer(self, state: str) -> Answer:
        """Return the answer of a state's next call.

        Raises
        ------
        MockFileError
            If there are no more.
        """
        with self._lock:
            call = self._calls[state]
            self._calls[state] += 1
        for answer in self.state_mocked_responses[state]:
            if call <= answer.last:
                return answer
        raise MockFileError(f"The mock file has no answer for call {call} of the state {state}")


class MockFile:
    """The test cases of a file, which is read again whenever it has changed."""

    def __init__(self, path: Path | None = None) -> None:
        """Read the file; without one there are no cases.

        Raises
        ------
        MockFileError
            If it cannot be read, or has another form.
        """
        self.path = path
        self._read: tuple[Path, int, int] | None = None
        self._machines: dict[str, dict[str, dict[str, list[Answer]]]] = {}
        self._lock = threading.Lock()
        self._refresh()

    def case(self, machine: str, name: str) -> MockCase:
        """Return the answers for a new execution.

        Raises
        ------
        MockFileError
            If the file has no such case, or can no longer be read.
        """
        with self._lock:
            self._refresh()
            cases = self._machines.get(machine, {})
        if name not in cases:
            known = ", ".join(cases) or "none"
            problem = f"{machine} has no test case {name!r} in the mock file, has {known}"
            raise MockFileError(problem)
        return MockCase(cases[name])

    def _refresh(self) -> None:
        if self.path is None:
            return
        try:
            stat = self.path.stat()
            version = (self.path, stat.st_mtime_ns, stat.st_size)
            if version != self._read:
                self._machines = _parse(json.loads(self.path.read_text(encoding="utf-8")))
                self._read = version
        except (OSError, ValueError) as error:
            reason = error.strerror if isinstance(error, OSError) else error
            raise MockFileError(f"{self.path} must be a file with mocks: {reason}") from error


def _parse(document: Any) -> dict[str, dict[str, dict[str, list[Answer]]]]:
    top = _object(document, "the file")
    responses = {
        name: _answers(value, f"MockedResponses.{name}")
        for name, value in _object(top.get("MockedResponses"), "MockedResponses").items()
    }
    machines: dict[str, dict[str, dict[str, list[Answer]]]] = {}
    for machine, value in _object(top.get("StateMachines"), "StateMachines").items():
        where = f"StateMachines.{machine}.TestCases"
        cases = _object(_object(value, f"StateMachines.{machine}").get("TestCases"), where)
        machines[machine] = {
            case: _states(states, responses, f"{where}.{case}") for case, states in cases.items()
        }
    return machines


def _states(
    value: Any, responses: Mapping[str, list[Answer]], where: str
) -> dict[str, list[Answer]]:
    states = _object(value, where)
    for state, response in states.items():
        if response not in responses:
            raise _FormError(f"{where}.{state} must be in MockedResponses, got {response!r}")
    return {state: responses[response] for state, response in states.items()}


def _answers(value: Any, where: str) -> list[Answer]:
    numbered: list[tuple[int, Answer]] = []
    for key, entry in _object(value, where).items():
        found = _RANGE.fullmatch(key)
        if found is None:
            raise _FormError(f"{where} must have numbers such as 0 or 1-2 as keys, got {key!r}")
        first, last = int(found[1]), int(found[2] or found[1])
        numbered.append((first, _answer(entry, last, f"{where}.{key}")))
    numbered.sort(key=lambda one: one[0])
    wanted = 0
    for first, answer in numbered:
        if first != wanted or answer.last < first:
            raise _FormError(f"{where} must number its answers from 0 without a gap")
        wanted = answer.last + 1
    return [answer for _, answer in numbered]


def _answer(value: Any, last: int, where: str) -> Answer:
    entry = _object(value, where)
    if set(entry) == {"Return"}:
        return Answer(last, result=entry["Return"])
    if set(entry) != {"Throw"}:
        raise _FormError(f"{where} must have either Return or Throw")
    thrown = _object(entry["Throw"], f"{where}.Throw")
    error, cause = thrown.get("Error"), thrown.get("Cause")
    if not isinstance(error, str) or not isinstance(cause, str | None):
        raise _FormError(f"{where}.Throw must have a text as Error and, optionally, as Cause")
    return Answer(last, error=error, cause=cause)


def _object(value: Any, where: str) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise _FormError(f"{where} must be an object, got {value!r}")
    return value
