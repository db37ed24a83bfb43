"""AWS managed policies, which every account has: loaded when they are first needed.

moto contains their documents, 4.7 MB of text, and can load all of them at its start. Here, a policy
is extracted from the text when its ARN is used, and all of them when policies are listed.
"""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Callable
from typing import Any

from moto.iam.aws_managed_policies import aws_managed_policies_data
from moto.iam.models import AWSManagedPolicy, IAMBackend

from emulator.aws.patching import replace, wrap
from emulator.aws.protocol.errors import EmulatorError

_ARN = re.compile(r"arn:[^:]+:iam::aws:policy/(?:.*/)?([^/]+)")
_LOCK = threading.Lock()
_CHANGES = (
    "create_policy_version",
    "delete_policy",
    "delete_policy_version",
    "set_default_policy_version",
    "tag_policy",
    "untag_policy",
)


class ManagedPolicies(dict[str, Any]):
    """The managed policies of an account by ARN; those of AWS are loaded on access."""

    def __init__(self, backend: Any) -> None:
        super().__init__()
        self._backend = backend
        self._is_whole = False

    def __missing__(self, arn: str) -> Any:
        named = _ARN.fullmatch(arn) if isinstance(arn, str) else None
        data = _read(named[1]) if named else None
        if named is None or data is None:
            raise KeyError(arn)
        policy = self._make(named[1], data)
        if policy.arn != arn:  # another path
            raise KeyError(arn)
        with _LOCK:
            return self._keep(policy)

    def __contains__(self, arn: object) -> bool:
        return super().__contains__(arn) or self.get(arn) is not None

    def get(self, arn: Any, default: Any = None) -> Any:
        """Return a policy, or `default` if there is none."""
        try:
            return self[arn]
        except KeyError:
            return default

    def load_all(self) -> None:
        """Load every AWS managed policy."""
        with _LOCK:
            if self._is_whole:
                return
            for name, data in json.loads(aws_managed_policies_data).items():
                self._keep(self._make(name, data))
            self._is_whole = True

    def _make(self, name: str, data: Any) -> Any:
        backend = self._backend
        return AWSManagedPolicy.from_data(name, backend.account_id, backend.region_name, data)

    def _keep(self, policy: Any) -> Any:
        if not super().__contains__(policy.arn):
            self[policy.arn] = policy
            self._backend.aws_managed_policies.append(policy)
        return self[policy.arn]


def install() -> None:
    """Load AWS managed policies on demand; moto has none of them, or loads all at its start."""
    replace(IAMBackend, "_init_managed_policies", _own_policies)
    for kind in ("role", "user", "group"):
        wrap(IAMBackend, f"attach_{kind}_policy", _attach)
    wrap(IAMBackend, "list_policies", _list)
    for name in _CHANGES:
        wrap(IAMBackend, name, _change)
    wrap(IAMBackend, "delete_policy", _delete)


def _own_policies(backend: Any) -> ManagedPolicies:
    return ManagedPolicies(backend)


def _attach(original: Any, self: Any, policy_arn: str, *rest: Any, **named: Any) -> Any:
    self.managed_policies.get(policy_arn)  # moto searches the loaded policies
    return original(self, policy_arn, *rest, **named)


def _list(
    original: Callable[..., Any],
    self: Any,
    marker: Any,
    max_items: int,
    only_attached: bool,
    path_prefix: str,
    scope: str,
) -> Any:
    if scope != "Local" and not only_attached:
        self.managed_policies.load_all()
    return original(self, marker, max_items, only_attached, path_prefix, scope)


def _change(original: Any, self: Any, policy_arn: str, *rest: Any, **named: Any) -> Any:
    if _ARN.fullmatch(policy_arn):
        raise EmulatorError(
            "AccessDenied", f"{policy_arn} is outside your own account: AWS alone may change it."
        )
    return original(self, policy_arn, *rest, **named)


def _delete(original: Any, self: Any, policy_arn: str) -> Any:
    # https://docs.aws.amazon.com/IAM/latest/APIReference/API_DeletePolicy.html
    policy = self.managed_policies.get(policy_arn)
    if policy is not None and not _ARN.fullmatch(policy_arn):
        if policy.attachment_count:
            problem = "Cannot delete a policy attached to entities."
            raise EmulatorError("DeleteConflict", problem)
        if len(policy.versions) > 1:
            problem = (
                "This policy has more than one version. Before you delete a policy, you must "
                "delete the policy's versions. The default version is deleted with the policy."
            )
            raise EmulatorError("DeleteConflict", problem)
    return original(self, policy_arn)


def _read(name: str) -> Any | None:
    """Return the text of a policy: a member of one object, indented by one space."""
    start = aws_managed_policies_data.find(f'\n "{name}":{{\n')
    if start < 0:
        return None
    start = aws_managed_policies_data.index("{", start)
    end = aws_managed_policies_data.index("\n }", start)
    return json.loads(aws_managed_policies_data[start:end] + "}")
