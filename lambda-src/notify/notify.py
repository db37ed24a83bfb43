"""The function that reports how executions end: as a message, as an event, and as metrics.

EventBridge calls it at least once for each execution; a second report does no harm.
"""

from __future__ import annotations

import functools
import json
import os
from collections.abc import Callable
from typing import Any

import boto3
from botocore.exceptions import BotoCoreError, ClientError

from execution_metrics import MOST_EXECUTIONS, count_refusals, execution_metrics
from outcomes import outcome_detail
from texts import message


class NotificationFailed(Exception):
    """A channel did not accept the message; the others have it. Lambda retries."""


def lambda_handler(event: dict[str, Any], context: object) -> dict[str, Any]:
    """Report how an execution ended.

    Parameters
    ----------
    event : dict
        EventBridge's "Step Functions Execution Status Change".
    context : object
        Not used.

    Returns
    -------
    dict
        The detail of the sent event.

    Raises
    ------
    ExecutionRunning
        If Step Functions still reports the execution as running.
    NotificationFailed
        If a channel did not accept it; the others were tried first.
    """
    described = _client("stepfunctions").describe_execution(
        executionArn=event["detail"]["executionArn"]
    )
    prefix, environment = os.environ["PREFIX"], os.environ["ENVIRONMENT"]
    detail = outcome_detail(described, environment, f"{prefix}-{environment}")
    subject, text = message(detail, prefix, json.loads(os.environ["FAILURES"]))
    channels: dict[str, Callable[[], None]] = {
        "the topic": lambda: _publish(subject, text),
        "the event bus": lambda: _put_event(detail),
        "the metrics": lambda: _put_metrics(detail),
    }
    failed = []
    for name, send in channels.items():
        try:
            send()
        except (BotoCoreError, ClientError, NotificationFailed) as error:
            failed.append(f"{name}: {error}")
    if failed:
        raise NotificationFailed(f"not sent to {'; '.join(failed)}")
    return detail


def _publish(subject: str, text: str) -> None:
    _client("sns").publish(TopicArn=os.environ["TOPIC_ARN"], Subject=subject, Message=text)


def _put_event(detail: dict[str, Any]) -> None:
    entry = {
        "Source": os.environ["EVENT_SOURCE"],
        "DetailType": os.environ["EVENT_DETAIL_TYPE"],
        "Resources": [detail["ExecutionArn"]],
        "Detail": json.dumps(detail),
    }
    answer = _client("events").put_events(Entries=[entry])
    if answer["FailedEntryCount"]:
        refused = answer["Entries"][0]
        raise NotificationFailed(f"{refused.get('ErrorCode')}: {refused.get('ErrorMessage')}")


def _put_metrics(detail: dict[str, Any]) -> None:
    data = execution_metrics(detail, _refusals_in_a_row)
    if data:
        _client("cloudwatch").put_metric_data(
            Namespace=os.environ["METRIC_NAMESPACE"], MetricData=data
        )


def _refusals_in_a_row(machine: str) -> int:
    client = _client("stepfunctions")
    listed = client.list_executions(stateMachineArn=machine, maxResults=MOST_EXECUTIONS)

    def error_of(arn: str) -> Callable[[], str | None]:
        return lambda: client.describe_execution(executionArn=arn).get("error")

    return count_refusals(
        (one["status"], error_of(one["executionArn"])) for one in listed["executions"]
    )


@functools.cache
def _client(service: str) -> Any:
    # Created on first use, so that tests without AWS can import this module.
    return boto3.client(service)
