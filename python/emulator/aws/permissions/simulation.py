"""IAM's policy simulator, with the same evaluation as requests.

Source: https://docs.aws.amazon.com/IAM/latest/APIReference/API_SimulatePrincipalPolicy.html
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from moto.core.responses import ActionResult
from moto.iam.models import AWSManagedPolicy, iam_backends
from moto.iam.responses import IamResponse

from emulator.aws.account import ACCOUNT
from emulator.aws.patching import add
from emulator.aws.permissions.callers import IdentityPolicies, boundary_of, document_of
from emulator.aws.permissions.decisions import decide
from emulator.aws.permissions.parameters import parse_parameters
from emulator.aws.permissions.policy_documents import (
    UnknownConditionError,
    Values,
    as_list,
    matches,
    parse,
)
from emulator.aws.permissions.statements import statements
from emulator.aws.protocol.errors import EmulatorError
from emulator.runtime.errors import UnsupportedError

_ACTION = re.compile(r"[A-Za-z0-9-]+:[A-Za-z0-9*?]+")
_VARIABLE = re.compile(r"\$\{([^}*?$][^},]*)")
_DEFAULT_PAGE = 100


@dataclass(frozen=True)
class _Source:
    """A policy that is simulated; `kind` is its ``SourcePolicyType``."""

    name: str
    kind: str
    text: str


@dataclass
class _Context:
    """The condition keys of a simulated request; `missing` collects those it does not have."""

    given: Mapping[str, Values]
    missing: dict[str, None] = field(default_factory=dict)

    def get(self, key: str, /) -> Values:
        if key not in self.given:
            self.missing[key] = None
        return self.given.get(key)


def install() -> None:
    """Add the simulator; moto has none."""
    add(IamResponse, "simulate_principal_policy", _simulate_principal)
    add(IamResponse, "simulate_custom_policy", _simulate_custom)
    add(IamResponse, "get_context_keys_for_principal_policy", _keys_for_principal)
    add(IamResponse, "get_context_keys_for_custom_policy", _keys_for_custom)


def _simulate_principal(self: Any) -> ActionResult:
    request = parse_parameters(self, "SimulatePrincipalPolicy")
    entity = _find(request["PolicySourceArn"])
    sources = [*_sources_of(entity), *_given(request, "PolicyInputList")]
    return _simulate(request, sources, boundary_of(entity), {"aws:principalarn": entity.arn})


def _simulate_custom(self: Any) -> ActionResult:
    request = parse_parameters(self, "SimulateCustomPolicy")
    return _simulate(request, _given(request, "PolicyInputList"), None, {})


def _keys_for_principal(self: Any) -> ActionResult:
    request = parse_parameters(self, "GetContextKeysForPrincipalPolicy")
    sources = [*_sources_of(_find(request["PolicySourceArn"])), *_given(request, "PolicyInputList")]
    return ActionResult({"ContextKeyNames": _context_keys(sources)})


def _keys_for_custom(self: Any) -> ActionResult:
    request = parse_parameters(self, "GetContextKeysForCustomPolicy")
    return ActionResult({"ContextKeyNames": _context_keys(_given(request, "PolicyInputList"))})


def _simulate(
    request: Mapping[str, Any],
    sources: list[_Source],
    boundary: Mapping[str, Any] | None,
    known: Mapping[str, Values],
) -> ActionResult:
    for member in ("ResourcePolicy", "ResourceOwner", "ResourceHandlingOption"):
        if request.get(member):
            raise UnsupportedError(
                f"{member}: the emulator simulates only policies of identities; leave it out here"
            )
    boundaries = _given(request, "PermissionsBoundaryPolicyInputList")
    if boundaries:
        boundary = parse(boundaries[0].text)
    policies = IdentityPolicies(tuple(parse(one.text) for one in sources), boundary)
    given = {**known, **dict(map(_entry, request.get("ContextEntries") or []))}
    if request.get("CallerArn"):
        given.setdefault("aws:principalarn", request["CallerArn"])
    results = [
        _evaluate(sources, policies, action, resource, _Context(given))
        for action in request["ActionNames"]
        for resource in request.get("ResourceArns") or ["*"]
    ]
    start, size = int(request.get("Marker") or 0), int(request.get("MaxItems") or _DEFAULT_PAGE)
    page = {"EvaluationResults": results[start : start + size], "IsTruncated": False}
    if start + size < len(results):
        page |= {"IsTruncated": True, "Marker": str(start + size)}
    return ActionResult(page)


def _evaluate(
    sources: list[_Source],
    policies: IdentityPolicies,
    action: str,
    resource: str,
    context: _Context,
) -> dict[str, Any]:
    if not _ACTION.fullmatch(action):
        raise EmulatorError("InvalidInput", f"Invalid action: {action}; write service:Action.")
    try:
        refused = decide(policies, None, set(), action, resource, context)
        matched = [
            {
                "SourcePolicyId": source.name,
                "SourcePolicyType": source.kind,
                "StartPosition": found.start,
                "EndPosition": found.end,
            }
            for source in sources
            for found in statements(source.text)
            if matches(found.statement, action, resource, None, context)
        ]
    except UnknownConditionError as error:
        raise UnsupportedError(f"{action} cannot be simulated: {error}") from error
    spelled = {key.lower(): key for key in _context_keys(sources)}
    decision = "explicitDeny" if refused and refused.explicit else "implicitDeny"
    result: dict[str, Any] = {
        "EvalActionName": action,
        "EvalResourceName": resource,
        "EvalDecision": decision if refused else "allowed",
        "MatchedStatements": matched,
        "MissingContextValues": [spelled.get(key, key) for key in context.missing],
    }
    if policies.boundary is not None:
        only = IdentityPolicies((policies.boundary,), None)
        within = decide(only, None, set(), action, resource, context) is None
        result["PermissionsBoundaryDecisionDetail"] = {"AllowedByPermissionsBoundary": within}
    return result


def _entry(entry: Mapping[str, Any]) -> tuple[str, Values]:
    values = entry.get("ContextKeyValues") or []
    is_list = entry.get("ContextKeyType", "").endswith("List")
    return entry["ContextKeyName"].lower(), values if is_list or len(values) != 1 else values[0]


def _given(request: Mapping[str, Any], member: str) -> list[_Source]:
    sources = []
    for number, text in enumerate(request.get(member) or [], start=1):
        try:
            statements(text)
        except ValueError as error:
            raise EmulatorError(
                "InvalidInput", f"{member}.{number} is not a policy document: {error}"
            ) from error
        sources.append(_Source(f"{member}.{number}", "none", text))
    return sources


def _find(arn: str) -> Any:
    """Return moto's record of a role, user or group."""
    backend = iam_backends[ACCOUNT]["aws"]
    for records in (backend.roles, backend.users, backend.groups):
        for record in list(records.values()):
            if record.arn == arn:
                return record
    raise EmulatorError("NoSuchEntity", f"Entity {arn} is not an existing role, user or group.")


def _sources_of(entity: Any) -> list[_Source]:
    backend = iam_backends[ACCOUNT]["aws"]
    kind = entity.arn.split(":")[5].partition("/")[0]
    sources = [
        _Source(f"{kind}_{entity.name}_{name}", kind, _text(document))
        for name, document in list(entity.policies.items())
    ]
    for policy in list(entity.managed_policies.values()):
        managed_by = "aws-managed" if isinstance(policy, AWSManagedPolicy) else "user-managed"
        sources.append(_Source(policy.name, managed_by, document_of(policy)))
    if kind == "user":
        for group in backend.get_groups_for_user(entity.name):
            sources += _sources_of(group)
    return sources


def _text(document: Any) -> str:
    return document if isinstance(document, str) else json.dumps(document)


def _context_keys(sources: list[_Source]) -> list[str]:
    keys = (key for source in sources for key in _keys_in(source.text))
    return list(dict.fromkeys(keys))


def _keys_in(text: str) -> Iterator[str]:
    for found in statements(text):
        for keys in (found.statement.get("Condition") or {}).values():
            yield from keys
        resources = as_list(found.statement.get("Resource") or found.statement.get("NotResource"))
        for written in (*resources, json.dumps(found.statement.get("Condition") or {})):
            yield from _VARIABLE.findall(written)
