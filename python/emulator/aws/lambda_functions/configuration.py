"""The members of a function's configuration that moto drops."""

import copy
from typing import Any

from moto.awslambda.models import LambdaFunction

from emulator.aws.patching import wrap

# Members that moto does not store, or does not change in an update.
_KEPT = ("DeadLetterConfig", "KMSKeyArn", "LoggingConfig", "TracingConfig")


def install() -> None:
    """Store every member: Terraform compares what it reads with what it wrote."""
    wrap(LambdaFunction, "__init__", _create)
    wrap(LambdaFunction, "update_configuration", _update)
    wrap(LambdaFunction, "get_configuration", _get)


def _create(
    original: Any, self: Any, account_id: str, spec: Any, *args: Any, **kwargs: Any
) -> None:
    original(self, account_id, spec, *args, **kwargs)
    self.kept_configuration = {}
    _keep(self, spec)


def _update(original: Any, self: Any, config_updates: dict[str, Any]) -> dict[str, Any]:
    _keep(self, config_updates)
    size = (config_updates.get("EphemeralStorage") or {}).get("Size")
    if size:
        self.ephemeral_storage = size
    return original(self, config_updates)


def _keep(function: Any, given: dict[str, Any]) -> None:
    kept = function.kept_configuration
    kept.update({name: copy.deepcopy(given[name]) for name in _KEPT if given.get(name) is not None})
    # An empty value removes the old one.
    if kept.get("DeadLetterConfig") and not kept["DeadLetterConfig"].get("TargetArn"):
        del kept["DeadLetterConfig"]
    log = kept.setdefault("LoggingConfig", {})
    log.setdefault("LogFormat", "Text")
    log.setdefault("LogGroup", f"/aws/lambda/{function.function_name}")
    function.logs_group_name = log["LogGroup"]


def _get(original: Any, self: Any, on_create: bool = False) -> dict[str, Any]:
    return {**original(self, on_create), **copy.deepcopy(self.kept_configuration)}
