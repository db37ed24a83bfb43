"""Versions and aliases of state machines: publication, start and deletion.

Source: https://docs.aws.amazon.com/step-functions/latest/dg/concepts-cd-aliasing-versioning.html
"""

import random
import uuid
from dataclasses import dataclass
from typing import Any

from moto.core.responses import ActionResult, EmptyResult
from moto.stepfunctions.exceptions import StateMachineDoesNotExist
from moto.stepfunctions.models import StateMachine, StepFunctionBackend
from moto.stepfunctions.parser.models import StepFunctionsParserBackend
from moto.stepfunctions.responses import StepFunctionResponse
from moto.stepfunctions.utils import PAGINATION_MODEL
from moto.utilities.paginator import paginate

from emulator.aws.patching import add, replace, wrap
from emulator.aws.protocol.errors import EmulatorError

_ALIAS_PARTS = 8  # number of parts of an ARN with a version or an alias
_REVISED = ("definition", "roleArn", "loggingConfiguration", "tracingConfiguration")


@dataclass(frozen=True)
class Target:
    """The state machine, version and alias that a started ARN names.

    Attributes
    ----------
    machine : StateMachine
        moto's record.
    version : StateMachineVersion or None
        The version to run; None for the current machine.
    alias_arn : str or None
        The alias that chose the version.
    """

    machine: Any
    version: Any = None
    alias_arn: str | None = None

    @property
    def version_arn(self) -> str | None:
        """The ARN of the version, if any."""
        return self.version.arn if self.version else None


def resolve(backend: Any, arn: str) -> Target:
    """Return the target of an ARN of a state machine, a version or an alias.

    The version of an alias is drawn by the weights of its routing configuration.

    Raises
    ------
    StateMachineDoesNotExist
        If the machine, version or alias does not exist.
    """
    machine = _machine(backend, arn)
    qualifier = _qualifier(arn)
    if not qualifier:
        return Target(machine)
    alias = machine.aliases.get(qualifier)
    if alias is None:
        return Target(machine, _version(machine, qualifier, arn))
    routes = alias.routing_configuration
    (chosen,) = random.choices(routes, [route["weight"] for route in routes])  # noqa: S311
    version_arn = chosen["stateMachineVersionArn"]
    version = _version(machine, _qualifier(version_arn), version_arn)
    return Target(machine, version, alias.arn)


def started_by(backend: Any, arn: str) -> list[Any]:
    """Return the executions of a machine, or those started by its version or alias.

    Raises
    ------
    StateMachineDoesNotExist
        If the machine, version or alias does not exist.
    """
    machine = _machine(backend, arn)
    qualifier = _qualifier(arn)
    if not qualifier:
        return list(machine.executions)
    if qualifier not in machine.aliases:
        _version(machine, qualifier, arn)
    return [e for e in machine.executions if arn in qualified_arns(e).values()]


def qualified_arns(execution: Any) -> dict[str, str]:
    """Return the version and the alias that started an execution, in the form of responses."""
    started = execution.state_machine
    named = {
        "stateMachineVersionArn": started.version_arn,
        "stateMachineAliasArn": started.alias_arn,
    }
    return {name: arn for name, arn in named.items() if arn}


def install() -> None:
    """Publish each revision once; delete versions; check aliases like AWS."""
    replace(StepFunctionBackend, "list_executions", list_executions)
    wrap(StateMachine, "update", _assign_revision)
    wrap(StateMachine, "publish", _publish_once)
    wrap(StepFunctionsParserBackend, "update_state_machine", _refuse_version_or_alias)
    wrap(StepFunctionResponse, "create_state_machine_alias", _create_alias)
    wrap(StepFunctionResponse, "update_state_machine", _add_revision)
    add(StepFunctionResponse, "publish_state_machine_version", _publish_version)
    add(StepFunctionResponse, "delete_state_machine_version", _delete_version)


def revision_of(machine_or_version: Any) -> str | None:
    """Return the id of a machine's current revision; the first one has none."""
    return getattr(machine_or_version, "revision_id", None)


@paginate(pagination_model=PAGINATION_MODEL)
def list_executions(
    self: Any, state_machine_arn: str, status_filter: str | None = None
) -> list[Any]:
    """Return the executions of a machine, a version or an alias, newest first."""
    found = started_by(self, state_machine_arn)
    wanted = [one for one in found if status_filter in (None, one.status)]
    return sorted(wanted, key=lambda one: one.start_date, reverse=True)


def _missing(arn: str) -> StateMachineDoesNotExist:
    return StateMachineDoesNotExist(f"State Machine Does Not Exist: '{arn}'")


def _machine(backend: Any, arn: str) -> Any:
    name_arn = ":".join(arn.split(":")[: _ALIAS_PARTS - 1])
    machine = next((one for one in backend.state_machines if one.arn == name_arn), None)
    if machine is None:
        raise _missing(arn)
    return machine


def _qualifier(arn: str) -> str:
    return arn.split(":", _ALIAS_PARTS - 1)[_ALIAS_PARTS - 1 :][0] if arn.count(":") > 6 else ""


def _version(machine: Any, number: str, arn: str) -> Any:
    version = machine.versions.get(int(number)) if number.isdecimal() else None
    if version is None:
        raise _missing(arn)
    return version


def _assign_revision(original: Any, self: Any, **changes: Any) -> None:
    before = [getattr(self, name) for name in _REVISED]
    original(self, **changes)
    if before != [getattr(self, name) for name in _REVISED]:
        self.revision_id = str(uuid.uuid4())


def _publish_once(original: Any, self: Any, description: str | None) -> None:
    # A revision is published once; further requests return its existing version.
    published = [v for v in self.versions.values() if revision_of(v) == revision_of(self)]
    if published:
        self.latest_version = published[-1]
        return
    original(self, description)
    self.latest_version.revision_id = revision_of(self)


def _refuse_version_or_alias(original: Any, self: Any, arn: str, *args: Any, **kwargs: Any) -> Any:
    if _qualifier(arn):
        raise _missing(arn)
    return original(self, arn, *args, **kwargs)


def _add_revision(original: Any, self: Any) -> ActionResult:
    answer = original(self)
    revision = revision_of(_machine(self.stepfunction_backend, self._get_param("stateMachineArn")))
    if revision:
        return ActionResult({**answer.result, "revisionId": revision})
    return answer


def _publish_version(self: Any) -> ActionResult:
    arn = self._get_param("stateMachineArn")
    machine = _machine(self.stepfunction_backend, arn)
    wanted = self._get_param("revisionId")
    present = revision_of(machine)
    if wanted and wanted != present:
        raise EmulatorError(
            "ConflictException",
            f"Failed to publish the State Machine version for revision {wanted}. The current "
            f"State Machine revision is {present or 'INITIAL'}.",
        )
    machine.publish(self._get_param("description"))
    version = machine.latest_version
    return ActionResult(
        {"creationDate": version.creation_date, "stateMachineVersionArn": version.arn}
    )


def _delete_version(self: Any) -> EmptyResult:
    arn = self._get_param("stateMachineVersionArn")
    number = _qualifier(arn)
    if not number.isdecimal():
        raise EmulatorError("InvalidArn", f"Invalid Arn: '{arn}' names no version")
    try:
        machine = _machine(self.stepfunction_backend, arn)
    except StateMachineDoesNotExist:
        return EmptyResult()  # the same response as AWS
    referring = [
        alias.name
        for alias in machine.aliases.values()
        if any(route["stateMachineVersionArn"] == arn for route in alias.routing_configuration)
    ]
    if referring:
        raise EmulatorError(
            "ConflictException",
            "Version to be deleted must not be referenced by an alias. Current list of aliases "
            f"referencing this version: [{', '.join(referring)}]",
        )
    version = machine.versions.pop(int(number), None)
    if version is not None and version is machine.latest_version:
        machine.latest_version = next(reversed(machine.versions.values()), None)
    return EmptyResult()


def _create_alias(original: Any, self: Any) -> Any:
    routes = self._get_param("routingConfiguration") or []
    arns = [route["stateMachineVersionArn"] for route in routes]
    received = f"Received: [{', '.join(arns)}]"
    if not all(_qualifier(arn).isdecimal() for arn in arns):
        raise EmulatorError(
            "ValidationException",
            f"Routing configuration must contain state machine version ARNs. {received}",
        )
    if len(set(arns)) < len(arns):
        raise EmulatorError(
            "ValidationException",
            f"Routing configuration must contain distinct state machine version ARNs. {received}",
        )
    machine = [resolve(self.stepfunction_backend, arn).machine for arn in arns][-1]
    existing = machine.aliases.get(self._get_param("name"))
    if existing is None:
        return original(self)
    given = (routes, self._get_param("description"))
    if given != (existing.routing_configuration, existing.description):
        raise EmulatorError(
            "ConflictException",
            "Failed to create alias because an alias with the same name and a different routing "
            "configuration already exists.",
        )
    return ActionResult(
        {"creationDate": existing.creation_date, "stateMachineAliasArn": existing.arn}
    )
