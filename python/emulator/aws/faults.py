"""Fault injection: rules that refuse a call, or make the job or endpoint that it creates fail."""

import fnmatch
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

_KEYS = ("operation", "match", "times", "error", "message", "failureReason")
FAILING_OPERATIONS = (
    "sagemaker:CreateProcessingJob",
    "sagemaker:CreateTrainingJob",
    "sagemaker:CreateTransformJob",
    "sagemaker:CreateHyperParameterTuningJob",
    "sagemaker:CreateModelPackage",
    "sagemaker:CreateEndpoint",
    "sagemaker:UpdateEndpoint",
)


class FaultRuleError(ValueError):
    """An invalid fault rule."""


class InjectedError(Exception):
    """A fault rule refuses the call."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message


@dataclass
class _Rule:
    operation: str
    match: str
    remaining: int | None  # None: always
    error: str | None
    message: str | None
    failure_reason: str | None


class Faults:
    """The active rules. Thread-safe.

    A rule is an object with ``operation`` (``sagemaker:CreateTrainingJob``), optionally ``match``
    (a glob on the resource's name) and ``times`` (1; 0 means always), and either ``error`` (the
    error code with which the call is refused, with an optional ``message``) or ``failureReason``
    (the job or endpoint is created and then fails with it).
    """

    def __init__(self, document: Mapping[str, Any] | None = None) -> None:
        self._lock = threading.Lock()
        self._rules: list[_Rule] = []
        if document is not None:
            self.load(document)

    def load(self, document: Any) -> None:
        """Replace the active rules with those of ``{"faults": [...]}``.

        Raises
        ------
        FaultRuleError
            If a key, operation or value is not valid; then the active rules are kept.
        """
        if not isinstance(document, Mapping) or set(document) != {"faults"}:
            raise FaultRuleError('faults must be given as {"faults": [rule, ...]}')
        if not isinstance(document["faults"], list):
            raise FaultRuleError(f"faults must be a list of rules, got {document['faults']!r}")
        rules = [_parse(rule, f"faults[{i}]") for i, rule in enumerate(document["faults"])]
        with self._lock:
            self._rules = rules

    def clear(self) -> None:
        """Remove every rule."""
        with self._lock:
            self._rules = []

    def refuse(self, operation: str, name: str | None) -> None:
        """Raise the error of the rule for this call, if there is one.

        Raises
        ------
        InjectedError
            With the rule's error code and message.
        """
        rule = self._take(operation, name, failing=False)
        if rule is not None:
            message = rule.message or f"refused by a fault rule of the emulator ({operation})"
            raise InjectedError(str(rule.error), message)

    def failure_reason(self, operation: str, name: str) -> str | None:
        """Return the failure reason for the job or endpoint that this call creates, if any."""
        rule = self._take(operation, name, failing=True)
        return rule.failure_reason if rule else None

    def _take(self, operation: str, name: str | None, *, failing: bool) -> _Rule | None:
        with self._lock:
            for rule in self._rules:
                if rule.operation != operation or failing != (rule.failure_reason is not None):
                    continue
                if not fnmatch.fnmatchcase(name or "", rule.match):
                    continue
                if rule.remaining is not None:
                    rule.remaining -= 1
                    if rule.remaining == 0:
                        self._rules.remove(rule)
                return rule
        return None


def _parse(rule: Any, where: str) -> _Rule:
    if not isinstance(rule, Mapping):
        raise FaultRuleError(f"{where} must be an object, got {rule!r}")
    for key in rule:
        if key not in _KEYS:
            raise FaultRuleError(
                f"{where} has an unknown key {key!r}; it may have {', '.join(_KEYS)}"
            )
    for key in set(rule) - {"times"}:
        if not isinstance(rule[key], str) or not rule[key]:
            raise FaultRuleError(f"{where}.{key} must be a non-empty string, got {rule[key]!r}")
    operation = _operation(rule.get("operation"), f"{where}.operation")
    times = rule.get("times", 1)
    if isinstance(times, bool) or not isinstance(times, int) or times < 0:
        raise FaultRuleError(f"{where}.times must be 0 (always) or more, got {times!r}")
    if ("error" in rule) == ("failureReason" in rule):
        raise FaultRuleError(
            f"{where} must have either error (the call is refused) or failureReason (what it "
            "creates fails)"
        )
    if "failureReason" in rule and "message" in rule:
        raise FaultRuleError(f"{where}.message belongs to error; failureReason is a text itself")
    if "failureReason" in rule and operation not in FAILING_OPERATIONS:
        raise FaultRuleError(
            f"{where}.failureReason needs an operation that starts something, one of "
            f"{', '.join(FAILING_OPERATIONS)}; got {operation!r}"
        )
    return _Rule(
        operation=operation,
        match=rule.get("match", "*"),
        remaining=times or None,
        error=rule.get("error"),
        message=rule.get("message"),
        failure_reason=rule.get("failureReason"),
    )


def _operation(value: Any, where: str) -> str:
    from emulator.aws.protocol.operations import is_operation

    if not isinstance(value, str) or not is_operation(value):
        raise FaultRuleError(
            f"{where} must be a service and an operation as IAM writes them, such as "
            f"'sagemaker:CreateTrainingJob', got {value!r}"
        )
    return value
