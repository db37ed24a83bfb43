"""Fault injection: rules that refuse a call, or make what it creates fail or lose its instances."""

import fnmatch
import math
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from emulator.runtime.jobs.spot import GRACE_SECONDS, Interruption

_KEYS = ("operation", "match", "times", "error", "message", "failureReason", "interrupt")
_INTERRUPTED = "sagemaker:CreateTrainingJob"
_INTERRUPT_KEYS = ("after", "graceSeconds", "restartAfterSeconds")
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


@dataclass(frozen=True)
class SpotInterruption:
    """How a rule interrupts spot jobs, and how long SageMaker then has no instances."""

    interruption: Interruption
    restart_after_seconds: float


@dataclass
class _Rule:
    operation: str
    match: str
    remaining: int | None  # None: always
    error: str | None
    message: str | None
    failure_reason: str | None
    interrupt: SpotInterruption | None

    @property
    def effect(self) -> str:
        """The key that says what the rule does."""
        if self.interrupt is not None:
            return "interrupt"
        return "error" if self.failure_reason is None else "failureReason"


class Faults:
    """The active rules. Thread-safe.

    A rule is an object with ``operation`` (``sagemaker:CreateTrainingJob``), optionally ``match``
    (a glob on the resource's name) and ``times`` (1; 0 means always), and one of ``error`` (the
    error code with which the call is refused, with an optional ``message``), ``failureReason``
    (the job or endpoint is created and then fails with it) and ``interrupt`` (the spot job that is
    created loses its instances).
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
        rule = self._take(operation, name, "error")
        if rule is not None:
            message = rule.message or f"refused by a fault rule of the emulator ({operation})"
            raise InjectedError(str(rule.error), message)

    def failure_reason(self, operation: str, name: str) -> str | None:
        """Return the failure reason for the job or endpoint that this call creates, if any."""
        rule = self._take(operation, name, "failureReason")
        return rule.failure_reason if rule else None

    def planned_interruption(self, name: str) -> SpotInterruption | None:
        """Return how the training job will be interrupted next, if it will."""
        with self._lock:
            rule = self._find(_INTERRUPTED, name, "interrupt")
        return rule.interrupt if rule else None

    def interrupted(self, name: str) -> None:
        """Count an interruption of the training job."""
        self._take(_INTERRUPTED, name, "interrupt")

    def _take(self, operation: str, name: str | None, effect: str) -> _Rule | None:
        with self._lock:
            rule = self._find(operation, name, effect)
            if rule is not None and rule.remaining is not None:
                rule.remaining -= 1
                if rule.remaining == 0:
                    self._rules.remove(rule)
            return rule

    def _find(self, operation: str, name: str | None, effect: str) -> _Rule | None:
        return next(
            (
                rule
                for rule in self._rules
                if (rule.operation, rule.effect) == (operation, effect)
                and fnmatch.fnmatchcase(name or "", rule.match)
            ),
            None,
        )


def _parse(rule: Any, where: str) -> _Rule:
    if not isinstance(rule, Mapping):
        raise FaultRuleError(f"{where} must be an object, got {rule!r}")
    for key in rule:
        if key not in _KEYS:
            raise FaultRuleError(
                f"{where} has an unknown key {key!r}; it may have {', '.join(_KEYS)}"
            )
    for key in set(rule) - {"times", "interrupt"}:
        if not isinstance(rule[key], str) or not rule[key]:
            raise FaultRuleError(f"{where}.{key} must be a non-empty string, got {rule[key]!r}")
    operation = _operation(rule.get("operation"), f"{where}.operation")
    times = rule.get("times", 1)
    if isinstance(times, bool) or not isinstance(times, int) or times < 0:
        raise FaultRuleError(f"{where}.times must be 0 (always) or more, got {times!r}")
    if sum(key in rule for key in ("error", "failureReason", "interrupt")) != 1:
        raise FaultRuleError(
            f"{where} must have either error (the call is refused), failureReason (what it "
            "creates fails) or interrupt (a spot job loses its instances)"
        )
    if "message" in rule and "error" not in rule:
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
        interrupt=_interrupt(rule, where, operation) if "interrupt" in rule else None,
    )


def _interrupt(rule: Mapping[str, Any], where: str, operation: str) -> SpotInterruption:
    where = f"{where}.interrupt"
    if operation != _INTERRUPTED:
        raise FaultRuleError(
            f"{where} needs the operation {_INTERRUPTED}, got {operation!r}: only spot training "
            "jobs are interrupted"
        )
    given = rule["interrupt"]
    if not isinstance(given, Mapping) or not set(given) <= set(_INTERRUPT_KEYS):
        raise FaultRuleError(
            f"{where} must be an object with some of {', '.join(_INTERRUPT_KEYS)}, got {given!r}"
        )
    after = given.get("after", "checkpoint")
    grace = _seconds(given.get("graceSeconds", GRACE_SECONDS), f"{where}.graceSeconds")
    if grace > GRACE_SECONDS:
        raise FaultRuleError(
            f"{where}.graceSeconds must be at most {GRACE_SECONDS:g}, as SageMaker gives, "
            f"got {grace:g}"
        )
    seconds = (
        None if after == "checkpoint" else _seconds(after, f"{where}.after", ' or "checkpoint"')
    )
    restart = _seconds(given.get("restartAfterSeconds", 0), f"{where}.restartAfterSeconds")
    return SpotInterruption(Interruption(seconds, grace), restart)


def _seconds(value: Any, where: str, alternative: str = "") -> float:
    is_number = isinstance(value, (int, float)) and not isinstance(value, bool)
    if not is_number or not math.isfinite(value) or value < 0:
        raise FaultRuleError(
            f"{where} must be a number of seconds, 0 or more{alternative}, got {value!r}"
        )
    return float(value)


def _operation(value: Any, where: str) -> str:
    from emulator.aws.protocol.operations import is_operation

    if not isinstance(value, str) or not is_operation(value):
        raise FaultRuleError(
            f"{where} must be a service and an operation as IAM writes them, such as "
            f"'sagemaker:CreateTrainingJob', got {value!r}"
        )
    return value
