"""The controller of A/B tests: checks an endpoint's variants, and promotes, holds or rolls back.

A schedule calls it. It keeps nothing in memory: the next check makes up for one that fails.
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


class EndpointMissing(Exception):
    """The endpoint does not exist."""


class ExperimentSuperseded(Exception):
    """The endpoint has another configuration than at the first check, and so other models."""


class NotificationFailed(Exception):
    """EventBridge did not accept the event of a decision; the next check sends it again."""


def lambda_handler(event: dict[str, Any], context: object) -> dict[str, Any]:
    """Check an A/B test, and act on the verdict.

    Parameters
    ----------
    event : dict
        The keys listed in docs/ab-tests.md; the same at every check.
    context : object
        Not used.

    Returns
    -------
    dict
        The decision, also stored in ``experiments/<endpoint>/<name>/decision.json``.

    Raises
    ------
    EndpointMissing
        If the endpoint was deleted.
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
            f"endpoint {settings.endpoint} must have configuration {state.endpoint_config}, with "
            f"which A/B test {settings.name} was started, got {endpoint['EndpointConfigName']}: "
            "remove the test's schedule, and start a new test under another name"
        )
    if not state.decided:
        _check(state, now)
        # Saved before acting, so that the same decision is not made twice.
        _put(settings, "state.json", dump(state))
    if not superseded:
        state.decision["Applied"] = _apply(settings, state.decision["Weights"], endpoint)
    for document in state.unsent:
        _notify(document)
    if state.unsent or state.decided:
        state.unsent = []
        _put(settings, "state.json", dump(state))
    _put(settings, "decision.json", json.dumps(state.decision, indent=2).encode())
    return state.decision


def _begun(settings: Settings) -> State | None:
    s3, key = _client("s3"), settings.key("state.json")
    # A list, because S3 returns NoSuchKey from GetObject only to callers that may list every key.
    pages = s3.get_paginator("list_objects_v2").paginate(Bucket=settings.bucket, Prefix=key)
    if not any(found["Key"] == key for page in pages for found in page.get("Contents", [])):
        return None
    found = s3.get_object(Bucket=settings.bucket, Key=key)
    with contextlib.closing(found["Body"]) as body:
        return load(body.read(), settings)


def _begin(settings: Settings, endpoint: dict[str, Any], now: datetime) -> State:
    if endpoint["EndpointStatus"] != "InService":
        raise InvalidExperiment(
            f"endpoint {settings.endpoint} must be InService to start an A/B test, "
            f"got {endpoint['EndpointStatus']}"
        )
    served = [variant["VariantName"] for variant in endpoint["ProductionVariants"]]
    for variant in settings.variants:
        if variant not in served:
            raise InvalidExperiment(
                f"endpoint {settings.endpoint} must have the variant {variant}, "
                f"got {', '.join(served)}"
            )
    config = _client("sagemaker").describe_endpoint_config(
        EndpointConfigName=endpoint["EndpointConfigName"]
    )
    return State(
        settings=settings,
        endpoint_config=endpoint["EndpointConfigName"],
        # S3 stores times in whole seconds, rounded down.
        since=config["CreationTime"].replace(microsecond=0),
        traffic=no_traffic(now),
    )


def _check(state: State, now: datetime) -> None:
    settings = state.settings
    traffic = read_traffic(
        _client("cloudwatch"), settings.endpoint, settings.variants, state.traffic, now
    )
    state.traffic = traffic.settled
    # First without the new rewards, so that neither their number nor a fault delays the guards.
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
    """Set the variants' weights; return True once they are in effect."""
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


def _notify(document: dict[str, Any]) -> None:
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
            f"endpoint {settings.endpoint} does not exist: remove the schedule of A/B test "
            f"{settings.name}, or recreate the endpoint and start a test under another name"
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
    # Created on first use, so that tests without AWS can import this module.
    return boto3.client(service)
