"""The controller of A/B tests: looks at an endpoint's variants, and promotes, holds or rolls back.

A schedule calls it. Nothing stays in memory: a look that fails anywhere is made good by the next.
"""

from __future__ import annotations

import contextlib
import functools
import json
import os
from datetime import datetime, timezone
from typing import Any

import boto3
from botocore.exceptions import ClientError

from experiment import Counts, Decision, decide
from report import decision_document, event_entry, message
from settings import InvalidExperiment, Settings, parse_event
from state import State, dump, load
from traffic import TrafficNow, no_traffic, read_traffic


class EndpointMissing(Exception):  # noqa: N818
    """There is no such endpoint."""


class ExperimentSuperseded(Exception):  # noqa: N818
    """The endpoint has another configuration than at the first look, so other models."""


class NotificationFailed(Exception):  # noqa: N818
    """EventBridge did not take the event of a decision; the next look sends it again."""


def lambda_handler(event: dict[str, Any], context: object) -> dict[str, Any]:
    """Look at an A/B test, and act on the verdict.

    Parameters
    ----------
    event : dict
        What docs/ab-tests.md lists; the same at every look.
    context : object
        Not used.

    Returns
    -------
    dict
        The decision, which ``experiments/<endpoint>/<name>/decision.json`` holds, too.

    Raises
    ------
    EndpointMissing
        If somebody has deleted the endpoint.
    ExperimentSuperseded
        If the endpoint was updated before the test ended.
    """
    settings = parse_event(event)
    state = _begun(settings)
    if state is not None and state.finished:
        return state.decision
    endpoint = _endpoint(settings)
    now = datetime.now(timezone.utc)
    if state is None:
        state = _begin(settings, endpoint, now)
    superseded = endpoint["EndpointConfigName"] != state.endpoint_config
    if superseded and not state.decided:
        raise ExperimentSuperseded(
            f"endpoint {settings.endpoint} has configuration {endpoint['EndpointConfigName']}, A/B "
            f"test {settings.name} was begun with {state.endpoint_config}; remove its schedule, "
            "and begin a new test under another name if these models are to be compared"
        )
    if not state.decided:
        _look(state, now)
        # Before anything is done: what was decided once is not decided again.
        _put(settings, "state.json", dump(state))
    if not superseded:
        state.decision["Applied"] = _apply(settings, state.decision["Weights"], endpoint)
    for document in state.unsent:
        _tell(document)
    if state.unsent or state.decided:
        state.unsent = []
        _put(settings, "state.json", dump(state))
    _put(settings, "decision.json", json.dumps(state.decision, indent=2).encode())
    return state.decision


def _begun(settings: Settings) -> State | None:
    s3, key = _client("s3"), settings.key("state.json")
    # A list, since S3 answers GetObject that there is no such key only to who may list every key.
    pages = s3.get_paginator("list_objects_v2").paginate(Bucket=settings.bucket, Prefix=key)
    if not any(found["Key"] == key for page in pages for found in page.get("Contents", [])):
        return None
    found = s3.get_object(Bucket=settings.bucket, Key=key)
    with contextlib.closing(found["Body"]) as body:
        return load(body.read(), settings)


def _begin(settings: Settings, endpoint: dict[str, Any], now: datetime) -> State:
    if endpoint["EndpointStatus"] != "InService":
        raise InvalidExperiment(
            f"endpoint {settings.endpoint} is {endpoint['EndpointStatus']}; an A/B test begins "
            "when it is InService"
        )
    served = [variant["VariantName"] for variant in endpoint["ProductionVariants"]]
    for variant in settings.variants:
        if variant not in served:
            raise InvalidExperiment(
                f"endpoint {settings.endpoint} has no variant {variant}; it has {', '.join(served)}"
            )
    config = _client("sagemaker").describe_endpoint_config(
        EndpointConfigName=endpoint["EndpointConfigName"]
    )
    return State(
        settings=settings,
        endpoint_config=endpoint["EndpointConfigName"],
        # S3 knows when an object was written to the second, and always rounds down.
        since=config["CreationTime"].replace(microsecond=0),
        traffic=no_traffic(now),
    )


def _look(state: State, now: datetime) -> None:
    settings = state.settings
    traffic = read_traffic(
        _client("cloudwatch"), settings.endpoint, settings.variants, state.traffic, now
    )
    state.traffic = traffic.settled
    # First without the new rewards: neither their number nor a fault keeps a guard from acting.
    decision = _decide(state, traffic)
    if decision.verdict == "hold":
        state.rewards.read(_client("s3"), settings, state.since)
        decision = _decide(state, traffic)
    counts = _counts(state, traffic)
    state.decision = decision_document(settings, decision, counts, state.rewards.waiting, now)
    if decision.verdict != "hold":
        state.unsent.append(state.decision)
    state.stopped = decision.stopped


def _decide(state: State, traffic: TrafficNow) -> Decision:
    problems = state.rewards.problems
    return decide(state.settings, _counts(state, traffic), state.stopped, problems)


def _counts(state: State, traffic: TrafficNow) -> dict[str, Counts]:
    return {
        variant: Counts(
            invocations=traffic.invocations[variant],
            errors=traffic.errors[variant],
            latencies=traffic.latencies[variant],
            rewards=state.rewards.sample(variant),
        )
        for variant in state.settings.variants
    }


def _apply(settings: Settings, weights: dict[str, float], endpoint: dict[str, Any]) -> bool:
    """Give variants their weights; True once they have them."""
    served = endpoint.get("ProductionVariants", [])
    current = {variant["VariantName"]: variant["CurrentWeight"] for variant in served}
    differing = {name: weight for name, weight in weights.items() if current.get(name) != weight}
    if differing and endpoint["EndpointStatus"] == "InService":
        _client("sagemaker").update_endpoint_weights_and_capacities(
            EndpointName=settings.endpoint,
            DesiredWeightsAndCapacities=[
                {"VariantName": name, "DesiredWeight": weight} for name, weight in weights.items()
            ],
        )
    return not differing and endpoint["EndpointStatus"] == "InService"


def _tell(document: dict[str, Any]) -> None:
    answer = _client("events").put_events(Entries=[event_entry(document)])
    if answer["FailedEntryCount"]:
        entry = answer["Entries"][0]
        raise NotificationFailed(f"{entry.get('ErrorCode')}: {entry.get('ErrorMessage')}")
    topic = os.environ.get("TOPIC_ARN")
    if topic:
        subject, text = message(document)
        _client("sns").publish(TopicArn=topic, Subject=subject, Message=text)


def _endpoint(settings: Settings) -> dict[str, Any]:
    try:
        return _client("sagemaker").describe_endpoint(EndpointName=settings.endpoint)
    except ClientError as error:
        if "Could not find endpoint" not in str(error):
            raise
        raise EndpointMissing(
            f"there is no endpoint {settings.endpoint}; remove the schedule of A/B test "
            f"{settings.name}, or create the endpoint again and begin a test under another name"
        ) from error


def _put(settings: Settings, name: str, content: bytes) -> None:
    _client("s3").put_object(
        Bucket=settings.bucket,
        Key=settings.key(name),
        Body=content,
        ContentType="application/json",
    )


@functools.cache
def _client(service: str) -> Any:
    # On first use, so that a test without AWS can import this module.
    return boto3.client(service)
