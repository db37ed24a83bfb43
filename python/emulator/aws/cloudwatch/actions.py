"""The event and the actions that follow an alarm's change of state."""

from __future__ import annotations

import datetime
import json
import logging
import queue
import threading
from dataclasses import dataclass
from typing import Any

from emulator.aws.account import ACCOUNT, REGION
from emulator.aws.eventbridge.targets import DeliveryError, Sender, Targets, service_of
from emulator.aws.events import emit

LOG = logging.getLogger("emulator")

_REGION_NAME = "US East (N. Virginia)"
_PRINCIPALS = {
    "sns": "cloudwatch.amazonaws.com",
    "lambda": "lambda.alarms.cloudwatch.amazonaws.com",
}


@dataclass(frozen=True)
class State:
    """A state of an alarm, and why it is in it."""

    value: str
    reason: str
    reason_data: str
    since: datetime.datetime

    def describe(self) -> dict[str, str]:
        """Return the state in the form of events."""
        return {
            "value": self.value,
            "reason": self.reason,
            "reasonData": self.reason_data,
            "timestamp": _timestamp(self.since),
        }


class _AlarmSender(Sender):
    @property
    def context(self) -> dict[str, str]:
        # A topic's default policy allows the account's alarms by this key.
        return {**super().context, "aws:sourceowner": ACCOUNT}


class Actions:
    """Notifies EventBridge, topics and functions, one at a time."""

    def __init__(self, targets: Targets) -> None:
        self._targets = targets
        self._waiting: queue.SimpleQueue[Any] = queue.SimpleQueue()
        threading.Thread(target=self._run, name="alarm actions", daemon=True).start()

    def changed(self, alarm: Any, queries: list[dict[str, Any]], before: State, now: State) -> None:
        """Report a change of state; log targets that cannot be reached."""
        self._waiting.put((alarm, queries, before, now))

    def close(self) -> None:
        """Stop after the change that is being reported."""
        self._waiting.put(None)

    def _run(self) -> None:
        while (item := self._waiting.get()) is not None:
            try:
                self._notify(*item)
            except Exception:
                LOG.exception("the actions of an alarm failed inside the emulator")

    def _notify(self, alarm: Any, queries: list[dict[str, Any]], before: State, now: State) -> None:
        data = {
            "alarmName": alarm.name,
            "state": now.describe(),
            "previousState": before.describe(),
            "configuration": {
                "description": alarm.description,
                "metrics": [_metric(query) for query in queries],
            },
        }
        emit("aws.cloudwatch", "CloudWatch Alarm State Change", data, [alarm.alarm_arn])
        if not alarm.actions_enabled:
            return
        for arn in _actions(alarm, now.value):
            principal = _PRINCIPALS[service_of(arn)]
            target = {"Arn": arn, "Subject": f'{now.value}: "{alarm.name}" in {_REGION_NAME}'}
            if service_of(arn) == "lambda":
                text = json.dumps(
                    {
                        "source": "aws.cloudwatch",
                        "alarmArn": alarm.alarm_arn,
                        "accountId": ACCOUNT,
                        "time": _timestamp(now.since),
                        "region": REGION,
                        "alarmData": data,
                    }
                )
            else:
                text = json.dumps(_message(alarm, before, now))
            try:
                self._targets.send(target, text, _AlarmSender(principal, alarm.alarm_arn))
            except DeliveryError as error:
                LOG.warning("the alarm %s did not reach %s: %s", alarm.name, arn, error)


def _actions(alarm: Any, state: str) -> list[str]:
    by_state = {
        "ALARM": alarm.alarm_actions,
        "OK": alarm.ok_actions,
        "INSUFFICIENT_DATA": alarm.insufficient_data_actions,
    }
    return by_state[state] or []


def _message(alarm: Any, before: State, now: State) -> dict[str, Any]:
    """Return the message that CloudWatch publishes to topics."""
    percentile = alarm.extended_statistic
    trigger = {
        "MetricName": alarm.metric_name,
        "Namespace": alarm.namespace,
        "StatisticType": "ExtendedStatistic" if percentile else "Statistic",
        "ExtendedStatistic" if percentile else "Statistic": percentile
        or (alarm.statistic or "").upper(),
        "Unit": alarm.unit,
        "Dimensions": [{"name": one.name, "value": one.value} for one in alarm.dimensions],
        "Period": alarm.period,
        "EvaluationPeriods": alarm.evaluation_periods,
        "DatapointsToAlarm": alarm.datapoints_to_alarm,
        "ComparisonOperator": alarm.comparison_operator,
        "Threshold": alarm.threshold,
        "TreatMissingData": alarm.treat_missing_data or "missing",
    }
    return {
        "AlarmName": alarm.name,
        "AlarmDescription": alarm.description,
        "AWSAccountId": ACCOUNT,
        "NewStateValue": now.value,
        "NewStateReason": now.reason,
        "StateChangeTime": _timestamp(now.since),
        "Region": _REGION_NAME,
        "AlarmArn": alarm.alarm_arn,
        "OldStateValue": before.value,
        "OKActions": alarm.ok_actions or [],
        "AlarmActions": alarm.alarm_actions or [],
        "InsufficientDataActions": alarm.insufficient_data_actions or [],
        "Trigger": trigger,
    }


def _metric(query: dict[str, Any]) -> dict[str, Any]:
    described: dict[str, Any] = {
        "id": query["Id"],
        "returnData": query.get("ReturnData", True),
    }
    stat = query.get("MetricStat")
    if not stat:
        return {**described, "expression": query["Expression"]}
    metric = stat["Metric"]
    described["metricStat"] = {
        "metric": {
            "namespace": metric["Namespace"],
            "name": metric["MetricName"],
            "dimensions": {one["Name"]: one["Value"] for one in metric.get("Dimensions") or []},
        },
        "period": stat["Period"],
        "stat": stat["Stat"],
    }
    return described


def _timestamp(time: datetime.datetime) -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3] + "+0000"
