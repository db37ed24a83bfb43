"""Values of condition keys, determined from a request when a policy needs them.

Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html
"""

import datetime
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from moto.kms.models import kms_backends
from moto.sagemaker.models import sagemaker_backends

from emulator.aws.account import ACCOUNT
from emulator.aws.permissions.actions import Action
from emulator.aws.permissions.callers import Caller, tags_of_role
from emulator.aws.permissions.policy_documents import UnknownConditionError, Values

# Members of requests whose name differs from the condition key.
# https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazonsagemaker.html
_MEMBERS = {
    "application-autoscaling:scalable-dimension": ("scalabledimension",),
    "application-autoscaling:service-namespace": ("servicenamespace",),
    "events:detail-type": ("detailtype",),
    "sagemaker:acceleratortypes": ("acceleratortype",),
    "sagemaker:filesystemdirectorypath": ("directorypath",),
    "sagemaker:instancetypes": ("instancetype",),
    "sagemaker:keepaliveperiod": ("keepaliveperiodinseconds",),
    "sagemaker:networkisolation": ("enablenetworkisolation",),
    "sagemaker:intercontainertrafficencryption": ("enableintercontainertrafficencryption",),
    "sagemaker:outputkmskey": ("kmskeyid",),
    "sagemaker:serverlessmaxconcurrency": ("maxconcurrency",),
    "sagemaker:serverlessmemorysize": ("memorysizeinmb",),
    "sagemaker:volumekmskey": ("volumekmskeyid",),
    "sagemaker:vpcsecuritygroupids": ("securitygroupids",),
    "sagemaker:vpcsubnets": ("subnets",),
}
# Keys that no request has here: requests are local, signed with keys, and not from other services.
_NEVER = (
    "aws:calledvia",
    "aws:calledviafirst",
    "aws:calledvialast",
    "aws:federatedprovider",
    "aws:multifactorauthage",
    "aws:multifactorauthpresent",
    "aws:principalservicename",
    "aws:referer",
    "aws:sourceaccount",
    "aws:sourcearn",
    "aws:sourceidentity",
    "aws:sourceowner",
    "aws:sourcevpc",
    "aws:sourcevpce",
    "aws:username",
    "aws:vpcsourceip",
)


_QUALIFIED = ("stateMachineArn", "stateMachineAliasArn", "stateMachineVersionArn")


@dataclass(frozen=True)
class RequestContext:
    """The condition keys of one check.

    Attributes
    ----------
    caller : Caller or None
        None for the developer.
    action : Action
        The action that is checked.
    parameters : mapping
        The request's parameters, by the names of its model.
    member_names : frozenset of str
        All members of the operation's requests, in lower case.
    given : mapping
        Known values, by keys in lower case.
    complete : bool
        Whether `given` has all of the request's keys of the action's own service.
    """

    caller: Caller | None
    action: Action
    resource: str
    region: str
    parameters: Mapping[str, Any] = field(default_factory=dict)
    member_names: frozenset[str] = frozenset()
    given: Mapping[str, Values] = field(default_factory=dict)
    complete: bool = False

    def get(self, key: str, /) -> Values:
        """Return the value of a key (`emulator.aws.permissions.policy_documents.Context`)."""
        if key in self.given:
            return self.given[key]
        if key.startswith(("aws:resourcetag/", f"{self._service}:resourcetag/")):
            return _pick(self._resource_tags(), key)
        if key.startswith("aws:"):
            return self._global(key)
        if key == "states:statemachinequalifier":
            return self._state_machine_qualifier()
        if self.complete or not key.startswith(f"{self._service}:"):
            return None
        members = _MEMBERS.get(key, (key.partition(":")[2],))
        values = [value for name, value in _members(self.parameters) if name in members]
        if values:
            return [item for value in values for item in _flat(value)]
        if self.action.has_key(key) and not self.member_names.intersection(members):
            raise self._unknown(key)
        return None

    @property
    def _service(self) -> str:
        return self.action.name.partition(":")[0]

    def _state_machine_qualifier(self) -> str | None:
        # https://docs.aws.amazon.com/step-functions/latest/dg/auth-version-alias.html
        if self.action.name == "states:CreateStateMachineAlias":
            raise self._unknown("states:statemachinequalifier")
        given = (self.parameters.get(member) for member in _QUALIFIED)
        arn = next((str(arn) for arn in given if arn), "")
        return ":".join(arn.split(":")[7:]) or None

    def _unknown(self, key: str) -> UnknownConditionError:
        return UnknownConditionError(
            f"the emulator cannot determine the condition key {key!r} of {self.action.name}"
        )

    def _global(self, key: str) -> Values:
        now = datetime.datetime.now(datetime.timezone.utc)
        caller = self.caller
        values: dict[str, Values] = {
            "aws:currenttime": now.isoformat(),
            "aws:epochtime": str(int(now.timestamp())),
            "aws:principalaccount": ACCOUNT,
            "aws:principalarn": caller.role_arn if caller else None,
            "aws:principalisawsservice": "false",
            "aws:principaltype": "AssumedRole" if caller else "User",
            "aws:requestedregion": self.region,
            "aws:resourceaccount": ACCOUNT,
            # Requests stay on this machine, so plain HTTP counts as TLS: otherwise a policy that
            # requires TLS would deny every request.
            "aws:securetransport": "true",
            "aws:sourceip": "127.0.0.1",
            "aws:userid": caller.user_id if caller else None,
            "aws:viaawsservice": "false",
        }
        if key in values:
            return values[key]
        if key.startswith("aws:principaltag/"):
            return _pick(tags_of_role(caller.role_arn), key) if caller else None
        if key.startswith("aws:requesttag/"):
            return _pick(request_tags(self.parameters), key)
        if key == "aws:tagkeys":
            return list(request_tags(self.parameters)) or _flat(self.parameters.get("TagKeys", []))
        if key in _NEVER:
            return None
        raise self._unknown(key)

    def _resource_tags(self) -> dict[str, str]:
        read = _TAGS.get(self._service)
        if not self.resource.startswith("arn:") or read is None:
            raise self._unknown("aws:ResourceTag")
        try:
            return dict(read(self.region, self.resource))
        except Exception:  # the resource is being created, or missing, which the service reports
            return {}


def _sagemaker_tags(region: str, arn: str) -> Iterator[tuple[str, str]]:
    for tag in sagemaker_backends[ACCOUNT][region].list_tags(arn)[0]:
        yield tag["Key"], tag["Value"]


def _kms_tags(region: str, arn: str) -> Iterator[tuple[str, str]]:
    for tag in kms_backends[ACCOUNT][region].list_resource_tags(arn)["Tags"]:
        yield tag["TagKey"], tag["TagValue"]


# Services whose resources' tags are available.
_TAGS = {"sagemaker": _sagemaker_tags, "kms": _kms_tags}


def request_tags(parameters: Mapping[str, Any]) -> dict[str, str]:
    """Return the tags in a request, in any of the services' forms."""
    tags = parameters.get("Tags") or parameters.get("tags") or {}
    if isinstance(tags, Mapping):
        return {str(key): str(value) for key, value in tags.items()}
    pairs = [{name.lower(): value for name, value in tag.items()} for tag in tags]
    return {tag["key"]: tag.get("value", "") for tag in pairs if "key" in tag}


def _pick(tags: Mapping[str, str], key: str) -> str | None:
    wanted = key.partition("/")[2]
    return next((value for name, value in tags.items() if name.lower() == wanted), None)


def _members(value: Any) -> Iterator[tuple[str, Any]]:
    if isinstance(value, Mapping):
        for name, item in value.items():
            yield name.lower(), item
            yield from _members(item)
    elif isinstance(value, list):
        for item in value:
            yield from _members(item)


def _flat(value: Any) -> list[str]:
    items = value if isinstance(value, list) else [value]
    return [str(item).lower() if isinstance(item, bool) else str(item) for item in items]
