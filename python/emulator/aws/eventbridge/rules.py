"""Rules: the events they match, the inputs they send, and their schedules."""

import copy
import datetime
import uuid
from collections.abc import Iterator
from typing import Any

from moto.events.models import EventsBackend, Rule, events_backends

from emulator.aws.account import ACCOUNT
from emulator.aws.eventbridge.clock import Schedule
from emulator.aws.eventbridge.deliveries import Deliveries
from emulator.aws.eventbridge.expressions import ExpressionError, parse_expression
from emulator.aws.eventbridge.inputs import InputError, target_input
from emulator.aws.eventbridge.targets import Sender, service_of
from emulator.aws.metrics import Metric
from emulator.aws.patching import replace, wrap
from emulator.aws.protocol.errors import EmulatorError
from emulator.runtime.errors import UnsupportedError

_PRINCIPAL = "events.amazonaws.com"
_DELIVERED = ("states", "lambda", "sns", "sqs", "logs")


def install(deliveries: Deliveries) -> None:
    """Send events to targets; moto runs disabled rules and supports few targets."""

    def send_to_targets(rule: Any, original_event: Any, transform_input: bool = True) -> None:
        pattern = rule.event_pattern
        # Rules without a pattern have a schedule.
        if _is_enabled(rule) and pattern.get_pattern() and pattern.matches_event(original_event):
            _send(deliveries, send_moto, rule, original_event)

    send_moto = replace(Rule, "send_to_targets", send_to_targets)
    wrap(EventsBackend, "put_targets", _put_targets)
    wrap(EventsBackend, "put_rule", _put_rule)


def schedules(deliveries: Deliveries) -> Iterator[Schedule]:
    """Yield the schedules of enabled rules."""
    for backend in list(events_backends[ACCOUNT].values()):
        for rule in list(backend.event_buses["default"].rules.values()):
            if rule.scheduled_expression and _is_enabled(rule):
                yield _schedule(deliveries, rule)


def _schedule(deliveries: Deliveries, rule: Any) -> Schedule:
    def fire(scheduled: datetime.datetime) -> None:
        event = {
            "version": "0",
            "id": str(uuid.uuid4()),
            "detail-type": "Scheduled Event",
            "source": "aws.events",
            "account": rule.account_id,
            "time": _iso(scheduled),
            "region": rule.region_name,
            "resources": [rule.arn],
            "detail": {},
        }
        for target in list(rule.targets):
            _submit(deliveries, rule, target, event)

    return Schedule(rule.arn, parse_expression(rule.scheduled_expression), fire)


def _send(deliveries: Deliveries, send_moto: Any, rule: Any, moto_event: Any) -> None:
    event = {key: value for key, value in moto_event.items() if key != "ingestion-time"}
    event["time"] = _iso(moto_event["time"])
    for target in list(rule.targets):
        if service_of(target["Arn"]) == "events":  # moto handles archives, buses and destinations
            single = copy.copy(rule)
            single.targets = [target]
            send_moto(single, moto_event)
        else:
            _submit(deliveries, rule, target, event)


def _submit(deliveries: Deliveries, rule: Any, target: Any, event: dict[str, Any]) -> None:
    sender = Sender(_PRINCIPAL, rule.arn)
    failed = Metric("AWS/Events", "FailedInvocations", {"RuleName": rule.name})
    try:
        text = target_input(target, event, rule.arn)
    except InputError as error:
        deliveries.fail(target, str(event), sender, failed, f"InvalidInput: {error}")
    else:
        deliveries.submit(target, text, sender, failed)


def _is_enabled(rule: Any) -> bool:
    return rule.state != "DISABLED"


def _iso(time: Any) -> str:
    if isinstance(time, str):
        return time
    if not isinstance(time, datetime.datetime):
        time = datetime.datetime.fromtimestamp(float(time), datetime.timezone.utc)
    return time.astimezone(datetime.timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")


def _put_targets(
    original: Any, self: Any, name: str, event_bus_arn: str | None, targets: list[dict[str, Any]]
) -> None:
    for target in targets:
        kind = service_of(target["Arn"])
        if kind not in (*_DELIVERED, "events"):
            raise UnsupportedError(
                f"Targets: the emulator cannot send events to {target['Arn']}; it supports state "
                "machines, functions, topics, queues, log groups and event buses"
            )
        if kind == "states" and not target.get("RoleArn"):
            raise EmulatorError(
                "ValidationException", f"RoleArn is required for target {target['Arn']}."
            )
    original(self, name, event_bus_arn, targets)


def _put_rule(original: Any, self: Any, name: str, **given: Any) -> Any:
    expression = given.get("scheduled_expression")
    if expression:
        try:
            parse_expression(expression)
        except ExpressionError as error:
            message = f"Parameter ScheduleExpression is not valid. Reason: {error}"
            raise EmulatorError("ValidationException", message) from error
    return original(self, name, **given)
