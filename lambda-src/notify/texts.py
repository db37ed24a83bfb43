"""The message that a person gets of an outcome: what happened, why, and what to type next."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from outcomes import ROLLBACK_FAILED

_MAX_SUBJECT = 99  # of SNS
_MAX_METRICS = 20
# Partitions whose console has a domain of its own.
_CONSOLES = {
    "aws-cn": "console.amazonaws.cn",
    "aws-us-gov": "console.amazonaws-us-gov.com",
}


class Told(NamedTuple):
    """What happened, in a few words and in a sentence, and what to type next: lines of text."""

    title: str
    happened: str
    following: list[str]


def message(detail: Mapping[str, Any], prefix: str, meanings: Mapping[str, str]) -> tuple[str, str]:
    """Make subject and text.

    Parameters
    ----------
    detail : mapping
        What `outcomes.outcome_detail` returns.
    prefix : str
        Name of the project.
    meanings : mapping of str to str
        What each named failure means.

    Returns
    -------
    subject : str
        ASCII, as SNS wants it, and shorter than 100 characters.
    text : str
    """
    told = _tell(detail, meanings)
    arn = detail["ExecutionArn"]
    _, partition, _, region, account, _, machine, execution = arn.split(":", 7)
    paragraphs = [
        told.happened,
        "\n".join(_numbers(detail)),
        f"Why: {detail['Reason']}" if "Reason" in detail else "",
        *(f"Warning: {warning}" for warning in detail.get("Warnings", [])),
        "\n".join(["Next:", *(f"  {line}" for line in told.following)]),
        "\n".join(
            [
                f"Environment: {detail['Environment']}",
                f"Account and region: {account}, {region}",
                f"State machine: {machine}",
                f"Execution: {execution}",
                _console(partition, region, arn),
            ]
        ),
    ]
    subject = f"[{prefix} {detail['Environment']}] {told.title}"
    ascii_only = subject.encode("ascii", "replace").decode()
    return ascii_only[:_MAX_SUBJECT], "\n\n".join(filter(None, paragraphs)) + "\n"


def _tell(detail: Mapping[str, Any], meanings: Mapping[str, str]) -> Told:
    environment, arn = detail["Environment"], detail["ExecutionArn"]
    error = detail.get("Error", "")
    model = _model(detail)
    endpoint = detail.get("EndpointName", "the endpoint")
    meaning = meanings.get(error, "")
    is_release = f"{detail['Workflow']}-release:" in arn
    what = "Release" if is_release else "Execution"
    look = f"npm run execute -- {environment} --attach {arn}   shows its states and its failure"
    versions = f"npm run versions -- {environment}   lists the versions, and which one serves"
    before = f"npm run rollback -- {environment} VERSION   puts an earlier version in service"
    status = f"npm run status -- {environment}   shows executions and endpoint"
    if error == ROLLBACK_FAILED:
        title = "URGENT: the endpoint could not go back to the model before"
        return Told(title, f"{meaning} Look at {endpoint} now.", [status, versions, before])
    return {
        "released": lambda: Told(
            f"{model} released", f"{model} is in service on {endpoint}.", [status, before]
        ),
        "superseded": lambda: Told(
            f"{model} released, then replaced",
            f"{model} was released to {endpoint}; another execution has put its own model in "
            "service meanwhile.",
            [versions],
        ),
        "waitingForApproval": lambda: Told(
            f"{model} waits for approval",
            f"{model} has passed the gate. It is released when a person approves it.",
            [
                f"npm run approve -- {environment} {_version(detail) or 'VERSION'}   "
                "shows it beside the one that serves, asks, approves",
                f"npm run approve -- {environment} {_version(detail) or 'VERSION'} --reject",
            ],
        ),
        "gateRefused": lambda: Told("A new model did not pass the gate", meaning, [look]),
        "rolledBack": lambda: Told(f"{model} rolled back", meaning, [status, versions]),
        "failed": lambda: Told(
            f"{what} failed: {error or 'no error name'}",
            meaning or f"{what} {arn.rpartition(':')[2]} failed.",
            [look] + [versions] * is_release,
        ),
        "timedOut": lambda: Told(
            f"{what} timed out",
            f"{what} {arn.rpartition(':')[2]} ran into the time limit of its state machine.",
            [look, status],
        ),
        "aborted": lambda: Told(
            f"{what} aborted",
            f"{what} {arn.rpartition(':')[2]} was aborted, by a person or by another service.",
            [look, status],
        ),
    }[detail["Outcome"]]()


def _numbers(detail: Mapping[str, Any]) -> Iterator[str]:
    gate = detail.get("Gate") or {}
    if gate:
        unknown = "unknown"
        yield (
            f"Gate: {gate['Reason']}"
            if "Reason" in gate
            else f"Gate: {gate.get('Metric', unknown)} is {gate.get('Value', unknown)}, "
            f"threshold {gate.get('Threshold', unknown)}"
        )
    metrics = detail.get("Metrics") or {}
    if metrics:
        shown = list(metrics.items())[:_MAX_METRICS]
        yield "Metrics: " + ", ".join(f"{name} {_short(value)}" for name, value in shown)
    if "ModelPackageArn" in detail:
        yield f"Version: {detail['ModelPackageArn']}"
    if "EndpointName" in detail:
        yield f"Endpoint: {detail['EndpointName']}"


def _short(value: Any) -> str:
    return f"{value:.6g}" if isinstance(value, float) else str(value)


def _version(detail: Mapping[str, Any]) -> str:
    return str(detail.get("ModelPackageArn", "")).rpartition("/")[2]


def _model(detail: Mapping[str, Any]) -> str:
    version = _version(detail)
    return f"Model version {version}" if version else "The new model"


def _console(partition: str, region: str, arn: str) -> str:
    domain = _CONSOLES.get(partition, "console.aws.amazon.com")
    path = f"states/home?region={region}#/v2/executions/details/{arn}"
    return f"https://{region}.{domain}/{path}"
