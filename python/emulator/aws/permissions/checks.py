"""The checks of a request's permissions.

Requests with a role's credentials are checked against the role's current policies; the developer's
keys may do everything.
"""

import functools
import logging
from collections.abc import Callable, Mapping
from typing import Any

from emulator.aws.account import ACCOUNT, REGION
from emulator.aws.permissions.actions import UnknownActionError, find_action
from emulator.aws.permissions.audit import Audit
from emulator.aws.permissions.callers import Caller, find_caller, policies_of
from emulator.aws.permissions.context import RequestContext, request_tags
from emulator.aws.permissions.decisions import ResourcePolicy, refusal
from emulator.aws.permissions.dynamodb_actions import parts
from emulator.aws.permissions.encryption import key_uses
from emulator.aws.permissions.keys import key_policy
from emulator.aws.permissions.parameters import member_names, parse_parameters
from emulator.aws.permissions.policy_documents import Values, parse
from emulator.aws.permissions.resources import Scope, resource_arns
from emulator.aws.permissions.roles import find_role
from emulator.aws.protocol.operations import iam_name
from emulator.front.admission import caller_key

LOG = logging.getLogger("emulator")

# https://docs.aws.amazon.com/STS/latest/APIReference/API_GetCallerIdentity.html
_NEED_NO_PERMISSION = {"sts:GetCallerIdentity"}
# In these operations, members named like roles are not passed to a service.
_PASS_NO_ROLES = ("iam", "sts")


class AccessDeniedError(Exception):
    """A role does not have a permission; the message is AWS's."""


class Permissions:
    """Checks requests of roles, and counts them in an audit."""

    def __init__(self, audit: Audit) -> None:
        self._audit = audit

    def check_request(self, response: Any, operation: str) -> None:
        """Check a request of a role to any service but S3.

        Raises
        ------
        AccessDeniedError
            If the role's policies do not allow it, or the required permissions are unknown.
        """
        service = response.boto3_service_name
        caller = find_caller(caller_key())
        name = iam_name(service, operation)
        if name in _NEED_NO_PERMISSION or (caller is None and name != "sts:AssumeRole"):
            return
        parameters = parse_parameters(response, operation)
        check = functools.partial(
            self._check_one,
            caller,
            region=response.region,
            parameters=parameters,
            members=functools.partial(member_names, service, operation),
        )
        try:
            if caller is None:
                check(name, parameters.get("RoleArn", "*"))
            else:
                for action, about in parts(name, parameters):
                    self._check_all(check, action, about, response)
        except UnknownActionError as error:
            raise AccessDeniedError(str(error)) from error

    def _check_all(
        self, check: Callable[..., None], name: str, parameters: Mapping[str, Any], response: Any
    ) -> None:
        action = find_action(name)
        prefix, _, operation = name.partition(":")
        arns = resource_arns(action, parameters, Scope(response.partition, response.region))
        for arn in arns:
            check(name, arn)
        for key_action, key, given in key_uses(name, parameters, response.region):
            check(key_action, key, given)
        if request_tags(parameters):
            for other in action.dependent:
                if other.partition(":")[2] in ("AddTags", "TagResource"):
                    check(other, arns[0], {f"{prefix}:taggingaction": operation})
        if prefix not in _PASS_NO_ROLES:
            # https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_use_passrole.html
            for role_arn in dict.fromkeys(_passed_roles(parameters)):
                service = {"iam:passedtoservice": f"{prefix}.amazonaws.com"}
                check("iam:PassRole", role_arn, service)

    def check_role(self, role_arn: str, action: str, resource: str) -> None:
        """Check an action that a service performs with a role, on behalf of another caller.

        Raises
        ------
        AccessDeniedError
            If the role's policies do not allow it.
        """
        arn = role_arn.replace(":iam:", ":sts:").replace(":role/", ":assumed-role/")
        self.check(Caller(f"{arn}/emulator", role_arn, "emulator"), action, resource)

    def check(
        self,
        caller: Caller | None,
        action: str,
        resource: str,
        given: Mapping[str, Values] | None = None,
        resource_policy: ResourcePolicy | None = None,
    ) -> None:
        """Check one action; `given` has every condition key of its service.

        Raises
        ------
        AccessDeniedError
            If a policy denies it or, for a role, none allows it.
        """
        self._decide(
            caller,
            resource_policy,
            RequestContext(
                caller, find_action(action), resource, REGION, given=given or {}, complete=True
            ),
        )

    def _check_one(
        self,
        caller: Caller | None,
        action: str,
        resource: str,
        given: Mapping[str, Values] | None = None,
        *,
        region: str,
        parameters: Mapping[str, Any],
        members: Callable[[], frozenset[str]],
    ) -> None:
        context = RequestContext(
            caller, find_action(action), resource, region, parameters, members(), given or {}
        )
        self._decide(caller, _policy_of(action, resource), context)

    def _decide(
        self, caller: Caller | None, resource_policy: ResourcePolicy | None, context: RequestContext
    ) -> None:
        action, resource = context.action.name, context.resource
        why = refusal(
            policies_of(caller.role_arn) if caller else None,
            resource_policy,
            caller.principals if caller else set(),
            action,
            resource,
            context,
        )
        if caller:
            self._audit.record(caller.role_arn, action, resource, allowed=why is None)
        if why is None:
            return
        who = caller.arn if caller else f"arn:aws:iam::{ACCOUNT}:user/emulator"
        shown = f'"{resource}"' if action.startswith("s3:") else resource
        message = f"User: {who} is not authorized to perform: {action} on resource: {shown} {why}"
        LOG.warning("denied: %s", message)
        raise AccessDeniedError(message)


def _policy_of(action: str, resource: str) -> ResourcePolicy | None:
    if action.startswith("kms:"):
        return key_policy(resource)
    if action == "sts:AssumeRole":
        role = find_role(resource)
        trust = parse(role.assume_role_policy_document) if role else {"Statement": []}
        return ResourcePolicy(trust, must_allow=True)
    return None


def _passed_roles(value: Any, name: str = "") -> list[str]:
    if isinstance(value, Mapping):
        return [arn for key, item in value.items() for arn in _passed_roles(item, key)]
    if isinstance(value, list):
        return [arn for item in value for arn in _passed_roles(item, name)]
    is_role = name.lower() == "role" or name.lower().endswith("rolearn")
    return [value] if is_role and isinstance(value, str) and ":role/" in value else []
