"""Which operations run here, which are only kept, and the refusal of all others.

The table is ``operations.ini``: what it does not name is refused, since moto answers thousands of
operations as if something had happened.
"""

import configparser
import functools
import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from typing import Any

from emulator.aws.protocol.operations import iam_name

LOG = logging.getLogger("emulator")


NOT_RUN = (
    "is nothing the emulator runs, so it is refused: leave the call out, or run this against "
    "AWS; --allow-records lets moto's bare record answer where there is one"
)
"""The rest of a sentence that begins with an operation's name."""


class Status(Enum):
    """What becomes of a request for an operation."""

    RUNS = "runs"
    RECORD = "record"
    REFUSED = "refused"


@dataclass(frozen=True)
class Service:
    """What the emulator does of a service.

    Attributes
    ----------
    note : str
        What is missing compared with the service on AWS; empty if nothing is.
    without : tuple of str
        Members of requests that are refused, as ``CreateTable.ResourcePolicy``.
    """

    note: str
    runs: tuple[str, ...]
    record: tuple[str, ...]
    without: tuple[str, ...]


@functools.cache
def table() -> dict[str, Service]:
    """Return the table, by boto3's names of services."""
    parser = configparser.ConfigParser(interpolation=None)
    parser.read_string(Path(__file__).with_name("operations.ini").read_text())
    return {name: _service(parser[name]) for name in parser.sections()}


def _service(section: configparser.SectionProxy) -> Service:
    runs, record, without = (
        tuple(section.get(column, "").split()) for column in ("runs", "record", "without")
    )
    return Service(" ".join(section.get("note", "").split()), runs, record, without)


@functools.cache
def _statuses() -> dict[tuple[str, str], Status]:
    return {
        (service, operation): status
        for service, entry in table().items()
        for status, operations in ((Status.RUNS, entry.runs), (Status.RECORD, entry.record))
        for operation in operations
    }


def status(service: str, operation: str) -> Status:
    """Return what becomes of an operation, by boto3's ``stepfunctions`` and ``StartExecution``."""
    return _statuses().get((service, operation), Status.REFUSED)


def refusal_text(name: str) -> str:
    """Return why an operation is refused, by its name in IAM, and what to do instead."""
    return f"{name} {NOT_RUN}"


class RefusedOperations:
    """Refuses what the table does not name, unless moto's bare records may answer."""

    def __init__(self) -> None:
        self._records_allowed = False
        self._told: set[str] = set()

    def allow_records(self, allowed: bool) -> None:
        """Let moto answer for what does not run, or refuse it."""
        self._records_allowed = allowed

    @property
    def records_allowed(self) -> bool:
        """Whether moto's bare records answer."""
        return self._records_allowed

    def reason(self, service: str, operation: str) -> str | None:
        """Return why an operation is refused, or None if it is not.

        Parameters
        ----------
        service, operation : str
            As boto3 names them: ``stepfunctions``, ``StartExecution``.
        """
        if status(service, operation) is not Status.REFUSED:
            return None
        name = iam_name(service, operation)
        if not self._records_allowed:
            return refusal_text(name)
        self._tell(name)
        return None

    def member_reason(
        self, service: str, operation: str, parameters: Callable[[], Mapping[str, Any]]
    ) -> str | None:
        """Return why a request is refused for what it asks of an operation, or None if it is not.

        Parameters
        ----------
        parameters : callable
            Gives the request's parameters; called only where there is something to look for.
        """
        members = refused_members(service, operation)
        given = parameters() if members else {}
        for member in members:
            name = f"{member} of {iam_name(service, operation)}"
            if not _asks(given.get(member)):
                continue
            if not self._records_allowed:
                return f"{name} {NOT_RUN}"
            self._tell(name)
        return None

    def _tell(self, name: str) -> None:
        if name not in self._told:
            self._told.add(name)
            LOG.warning("%s is only recorded: nothing else happens, and answers are made up", name)


def _asks(value: Any) -> bool:
    # Terraform sends empty structures for settings that are not set.
    if isinstance(value, Mapping):
        return any(_asks(item) for item in value.values())
    return bool(value)


OPERATIONS = RefusedOperations()
"""The process's own, as moto's state is the process's."""


def refused_members(service: str, operation: str) -> tuple[str, ...]:
    """Return the members of an operation's requests that would have no effect here."""
    entry = table().get(service)
    named = (member.split(".") for member in (entry.without if entry else ()))
    return tuple(member for of, member in named if of == operation)


def moto_module_runs(module: str) -> bool:
    """Whether the table has an operation of the service that a module of moto is about."""
    return OPERATIONS.records_allowed or module in _moto_modules()


@functools.cache
def _moto_modules() -> frozenset[str]:
    return frozenset({service.replace("-", "") for service in table()} | {"awslambda"})
