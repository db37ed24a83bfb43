"""EventBridge Scheduler: checks schedules when they are created, and runs them."""

import datetime
import json
import uuid
from collections.abc import Iterator
from typing import Any

from moto.scheduler.models import EventBridgeSchedulerBackend, scheduler_backends

from emulator.aws.account import ACCOUNT
from emulator.aws.eventbridge.clock import Schedule
from emulator.aws.eventbridge.deliveries import Deliveries
from emulator.aws.eventbridge.expressions import ExpressionError, parse_expression
from emulator.aws.eventbridge.targets import Sender, service_of
from emulator.aws.metrics import Metric
from emulator.aws.patching import wrap
from emulator.aws.permissions.roles import trusts
from emulator.aws.protocol.errors import EmulatorError
from emulator.runtime.errors import UnsupportedError

_PRINCIPAL = "scheduler.amazonaws.com"
_DELIVERED = ("states", "lambda", "sns", "sqs", "events")


def install() -> None:
    """Check schedules when they are created or updated."""
    wrap(EventBridgeSchedulerBackend, "create_schedule", _checked)
    wrap(EventBridgeSchedulerBackend, "update_schedule", _checked)


def schedules(deliveries: Deliveries) -> Iterator[Schedule]:
    """Yield the enabled schedules."""
    backends: list[Any] = list(scheduler_backends[ACCOUNT].values())
    for backend in backends:
        for group in list(backend.schedule_groups.values()):
            for record in list(group.schedules.values()):
                if record.state == "ENABLED":
                    yield _schedule(deliveries, group, record)


def _schedule(deliveries: Deliveries, group: Any, record: Any) -> Schedule:
    def fire(scheduled: datetime.datetime) -> None:
        deliveries.submit(
            record.target,
            _input(record, scheduled),
            Sender(_PRINCIPAL, group.arn),
            Metric("AWS/Scheduler", "TargetErrorCount", {"ScheduleGroup": group.name}),
        )
        if record.action_after_completion == "DELETE" and record.schedule_expression[:3] == "at(":
            group.schedules.pop(record.name, None)

    return Schedule(
        record.arn,
        parse_expression(record.schedule_expression, record.schedule_expression_timezone),
        fire,
        _moment(record.start_date),
        _moment(record.end_date),
    )


def _input(record: Any, scheduled: datetime.datetime) -> str:
    time = scheduled.astimezone(datetime.timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")
    execution_id = str(uuid.uuid4())
    text = record.target.get("Input")
    if text is None:
        # https://docs.aws.amazon.com/scheduler/latest/UserGuide/managing-targets-templated.html
        region, account = record.arn.split(":")[3:5]
        return json.dumps(
            {
                "version": "0",
                "id": execution_id,
                "detail-type": "Scheduled Event",
                "source": "aws.scheduler",
                "account": account,
                "time": time,
                "region": region,
                "resources": [record.arn],
                "detail": "{}",
            }
        )
    attributes = {
        "schedule-arn": record.arn,
        "scheduled-time": time,
        "execution-id": execution_id,
        "attempt-number": "1",
    }
    for name, value in attributes.items():
        text = text.replace(f"<aws.scheduler.{name}>", value)
    return text


def _moment(date: Any) -> datetime.datetime | None:
    return datetime.datetime.fromtimestamp(float(date), datetime.timezone.utc) if date else None


def _checked(original: Any, self: Any, **given: Any) -> Any:
    self.get_schedule_group(given["group_name"])
    try:
        parse_expression(
            given["schedule_expression"], given["schedule_expression_timezone"] or "UTC"
        )
    except ExpressionError as error:
        raise _invalid(f"Invalid Schedule Expression {error}") from error
    target = given["target"]
    if service_of(target["Arn"]) not in _DELIVERED:
        raise UnsupportedError(
            f"Target.Arn: the emulator cannot reach {target['Arn']} on a schedule; it can start "
            "state machines, invoke functions, publish to topics, and send to queues and buses"
        )
    group_arn = f"arn:aws:scheduler:{self.region_name}:{ACCOUNT}:schedule-group/"
    if not trusts(target["RoleArn"], _PRINCIPAL, f"{group_arn}{given['group_name'] or 'default'}"):
        raise _invalid(
            "The execution role you provide must allow AWS EventBridge Scheduler to assume the "
            f"role: {target['RoleArn']}"
        )
    return original(self, **given)


def _invalid(message: str) -> EmulatorError:
    return EmulatorError("ValidationException", message)
