"""Alarms, evaluated on their metrics; moto changes their state only on request."""

from __future__ import annotations

import collections
import functools
import json
import logging
import threading
import time
from collections.abc import Iterable
from typing import Any

from moto.cloudwatch.models import Alarm, CloudWatchBackend, cloudwatch_backends
from moto.cloudwatch.responses import CloudWatchResponse
from moto.core.utils import utcnow

from emulator.aws.account import ACCOUNT, REGION
from emulator.aws.cloudwatch.actions import Actions, State
from emulator.aws.cloudwatch.alarm_state import ALARM, INSUFFICIENT_DATA, OK, next_state
from emulator.aws.cloudwatch.definitions import Watched, check_request
from emulator.aws.cloudwatch.metric_math import Series
from emulator.aws.cloudwatch.store import MetricStore
from emulator.aws.patching import wrap

LOG = logging.getLogger("emulator")

_HISTORY = 100
_MINUTE = 60
_WORDS = {
    "GreaterThanOrEqualToThreshold": "greater than or equal to",
    "GreaterThanThreshold": "greater than",
    "LessThanThreshold": "less than",
    "LessThanOrEqualToThreshold": "less than or equal to",
}
_REQUEST = (
    *("Namespace", "MetricName", "Statistic", "ExtendedStatistic", "Dimensions", "Period", "Unit"),
    *("EvaluationPeriods", "DatapointsToAlarm", "Threshold", "ComparisonOperator", "Metrics"),
    *("TreatMissingData", "EvaluateLowSampleCountPercentile", "ThresholdMetricId"),
    *("AlarmActions", "OKActions", "InsufficientDataActions", "EvaluationWindow"),
    *("WarmUpConfiguration", "EvaluationCriteria", "EvaluationInterval", "ActionConfiguration"),
)


class Alarms:
    """Evaluates every alarm periodically.

    Periods end now, not at a full minute, and their length is multiplied by `time_scale`.
    """

    def __init__(self, store: MetricStore, actions: Actions, time_scale: float) -> None:
        self._store = store
        self._actions = actions
        self._time_scale = time_scale
        self._tick_seconds = tick_seconds(time_scale)
        self._changing = threading.RLock()
        self._closed = threading.Event()

    def start(self) -> None:
        """Start the thread that evaluates alarms."""
        threading.Thread(target=self._run, name="alarms", daemon=True).start()

    def close(self) -> None:
        """Stop evaluating alarms."""
        self._closed.set()

    def evaluate(self, alarm: Any, now: float) -> None:
        """Set the state of one alarm from its metrics at `now`."""
        watched: Watched | None = alarm.watched
        if watched is None or now < alarm.set_until:
            return
        if watched.has_few_samples(self._store, now, self._time_scale):
            return
        points = watched.points(self._store, now, self._time_scale)
        state = next_state(points, watched.threshold, alarm.state_value)
        if state != alarm.state_value:
            data = {
                "version": "1.0",
                "period": watched.period,
                "recentDatapoints": [point for point in points if point is not None],
                "threshold": watched.threshold.value,
            }
            self.change(alarm, state, _reason(points, watched, state), json.dumps(data))

    def change(self, alarm: Any, state: str, reason: str, reason_data: str) -> None:
        """Set an alarm's state, and run its actions if the state changed."""
        with self._changing:
            before = _state(alarm)
            alarm.update_state(reason, reason_data, state)
            if before.value != state:
                queries = alarm.watched.queries if alarm.watched else []
                self._actions.changed(alarm, queries, before, _state(alarm))

    def hold(self, alarm: Any) -> None:
        """Keep a state set by request until CloudWatch's next evaluation."""
        period = alarm.watched.period if alarm.watched else _MINUTE
        alarm.set_until = time.time() + min(period, _MINUTE) * self._time_scale

    def _run(self) -> None:
        while not self._closed.wait(self._tick_seconds):
            for alarm in list(_backend().alarms.values()):
                try:
                    self.evaluate(alarm, time.time())
                except Exception:
                    LOG.exception("the alarm %s failed inside the emulator", alarm.name)


def tick_seconds(time_scale: float) -> float:
    """Return the interval at which metrics are published and alarms evaluated, 1 s at most."""
    return min(1.0, max(0.1, 10 * time_scale))


def missing_alarms(names: Iterable[str]) -> list[str]:
    """Return the names of which there is no alarm."""
    alarms = _backend().alarms
    return [name for name in names if name not in alarms]


def alarms_in_alarm(names: Iterable[str]) -> list[str]:
    """Return the names of alarms in the state ALARM."""
    alarms = _backend().alarms
    return [name for name in names if name in alarms and alarms[name].state_value == ALARM]


def install(alarms: Alarms) -> None:
    """Check alarms at PutMetricAlarm and evaluate them; in moto, they start as OK and stay so."""
    wrap(CloudWatchResponse, "put_metric_alarm", _put_metric_alarm)
    wrap(Alarm, "__init__", _new_alarm)
    wrap(CloudWatchBackend, "set_alarm_state", functools.partial(_set_alarm_state, alarms))


def _put_metric_alarm(original: Any, self: Any) -> Any:
    request = {name: value for name in _REQUEST if (value := self._get_param(name)) is not None}
    check_request(request)
    name = self._get_param("AlarmName")
    existing: Any = self.cloudwatch_backend.alarms.get(name)
    response = original(self)
    alarm: Any = self.cloudwatch_backend.alarms[name]
    if existing is not None:
        # An update keeps the state.
        for attribute in ("state_value", "state_reason", "state_reason_data", "history"):
            setattr(alarm, attribute, getattr(existing, attribute))
        alarm.state_updated_timestamp = existing.state_updated_timestamp
    alarm.watched = Watched(request)
    return response


def _new_alarm(original: Any, self: Any, **given: Any) -> None:
    original(self, **given)
    self.state_value = INSUFFICIENT_DATA
    self.history = collections.deque(maxlen=_HISTORY)
    self.watched = None
    self.set_until = 0.0


def _set_alarm_state(
    alarms: Alarms,
    original: Any,
    self: Any,
    alarm_name: str,
    reason: str,
    reason_data: Any,
    state_value: str,
) -> None:
    alarm: Any = self.alarms.get(alarm_name)
    if alarm is None or state_value not in (OK, ALARM, INSUFFICIENT_DATA):
        original(self, alarm_name, reason, reason_data, state_value)
        return
    alarms.hold(alarm)
    alarms.change(alarm, state_value, reason, reason_data or "{}")


def _backend() -> Any:
    return cloudwatch_backends[ACCOUNT][REGION]


def _state(alarm: Any) -> State:
    return State(
        alarm.state_value,
        alarm.state_reason,
        alarm.state_reason_data,
        alarm.state_updated_timestamp or utcnow(),
    )


def _reason(points: Series, watched: Watched, state: str) -> str:
    threshold = watched.threshold
    real = [point for point in points if point is not None][-threshold.periods :]
    if state == INSUFFICIENT_DATA:
        return f"Insufficient Data: {threshold.periods - len(real)} datapoints were unknown."
    if not real:
        missing = threshold.missing
        return f"Threshold Crossed: no datapoints were received and they are treated as {missing}."
    beyond = state == ALARM
    matching = [point for point in real if threshold.breaches(point) == beyond] or real
    return (
        f"Threshold Crossed: {len(matching)} out of the last {threshold.periods} datapoints "
        f"{matching} was {'' if beyond else 'not '}{_WORDS[threshold.comparison]} the threshold "
        f"({threshold.value}) (minimum {threshold.datapoints} datapoints for a transition to "
        "ALARM)."
    )
