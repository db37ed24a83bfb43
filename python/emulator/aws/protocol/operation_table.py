"""Which operations run, which are only recorded, and the refusal of all others.

The table is ``operations.ini``. Operations that it does not name are refused: moto answers
thousands of them as if they had run.
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
    "is not run by the emulator, so it is refused: leave the call out, or run this against "
    "AWS; with --allow-records, moto answers it with a bare record if it can"
)
"""Continues a message that begins with an operation's name."""


class Status(Enum):
    """How requests for an operation are handled."""

    RUNS = "runs"
    RECORD = "record"
    REFUSED = "refused"


@dataclass(frozen=True)
class Service:
    """The emulator's part of a service.

    Attributes
    ----------
    note : str
        Differences from the service on AWS; empty if there are none.
    without : tuple of str
        Members of requests that are refused, such as ``CreateTable.ResourcePolicy``.
    """

    note: str
    runs: tuple[str, ...]
    record: tuple[str, ...]
    without: tuple[str, ...]


@functools.cache
def table() -> dict[str, Service]:
    """Return the table, by the services' names in boto3."""
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
    """Return an operation's status; names as in boto3: ``stepfunctions``, ``StartExecution``."""
    return _statuses().get((service, operation), Status.REFUSED)


def refusal_text(name: str) -> str:
    """Return why an operation, named as in IAM, is refused, and what to do instead."""
    return f"{name} {NOT_RUN}"


class RefusedOperations:
    """Refuses operations that the table does not name, unless moto's bare records are allowed."""

    def __init__(self) -> None:
        self._records_allowed = False
        self._told: set[str] = set()

    def allow_records(self, allowed: bool) -> None:
        """Set whether moto answers operations that the emulator does not run."""
        self._records_allowed = allowed

    @property
    def records_allowed(self) -> bool:
        """Whether moto's bare records are allowed."""
        return self._records_allowed

    def reason(self, service: str, operation: str) -> str | None:
        """Return why an operation is refused, or None if it is not.

        Parameters
        ----------
        service, operation : str
            Named as in boto3: ``stepfunctions``, ``StartExecution``.
        """
        if status(service, operation) is not Status.REFUSED:
            return None
        name = iam_name(service, operation)
        if not self._records_allowed:
            return refusal_text(name)
        self._warn(name)
        return None

    def member_reason(
        self, service: str, operation: str, parameters: Callable[[], Mapping[str, Any]]
    ) -> str | None:
        """Return why a request is refused for one of its members, or None if it is not.

        Parameters
        ----------
        parameters : callable
            Returns the request's parameters; called only if the operation has such members.
        """
        members = refused_members(service, operation)
        given = parameters() if members else {}
        for member in members:
            name = f"{member} of {iam_name(service, operation)}"
            if not _has_value(given.get(member)):
                continue
            if not self._records_allowed:
                return f"{name} {NOT_RUN}"
            self._warn(name)
        return None

    def _warn(self, name: str) -> None:
        if name not in self._told:
            self._told.add(name)
            LOG.warning(
                "%s is only recorded: nothing else happens, and responses are made up", name
            )


def _has_value(value: Any) -> bool:
    # Terraform sends empty structures for unset settings.
    if isinstance(value, Mapping):
        return any(_has_value(item) for item in value.values())
    return bool(value)


OPERATIONS = RefusedOperations()
"""One per process, like moto's state."""


def refused_members(service: str, operation: str) -> tuple[str, ...]:
    """Return the members of an operation's requests that the emulator cannot follow."""
    entry = table().get(service)
    named = (member.split(".") for member in (entry.without if entry else ()))
    return tuple(member for of, member in named if of == operation)


def moto_module_runs(module: str) -> bool:
    """Whether the table has an operation of the service of one of moto's modules."""
    return OPERATIONS.records_allowed or module in _moto_modules()


@functools.cache
def _moto_modules() -> frozenset[str]:
    return frozenset({service.replace("-", "") for service in table()} | {"awslambda"})
