"""The message about an outcome: what happened, why, and the next commands."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from outcomes import ROLLBACK_FAILED

_MAX_SUBJECT = 99  # of SNS
_MAX_METRICS = 20
# Partitions whose console has its own domain.
_CONSOLES = {
    "aws-cn": "console.amazonaws.cn",
    "aws-us-gov": "console.amazonaws-us-gov.com",
}


class Notice(NamedTuple):
    """What happened, as a title and as a sentence, and the next commands."""

    title: str
    happened: str
    following: list[str]


def message(detail: Mapping[str, Any], prefix: str, meanings: Mapping[str, str]) -> tuple[str, str]:
    """Return subject and text.

    Parameters
    ----------
    detail : mapping
        The result of `outcomes.outcome_detail`.
    prefix : str
        Name of the project.
    meanings : mapping of str to str
        The meaning of each named error.

    Returns
    -------
    subject : str
        ASCII and shorter than 100 characters, as SNS requires.
    text : str
    """
    notice = _notice(detail, meanings)
    arn = detail["ExecutionArn"]
    _, partition, _, region, account, _, machine, execution = arn.split(":", 7)
    paragraphs = [
        notice.happened,
        "\n".join(_numbers(detail)),
        f"Why: {detail['Reason']}" if "Reason" in detail else "",
        *(f"Warning: {warning}" for warning in detail.get("Warnings", [])),
        "\n".join(["Next:", *(f"  {line}" for line in notice.following)]),
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
    subject = f"[{prefix} {detail['Environment']}] {notice.title}"
    ascii_only = subject.encode("ascii", "replace").decode()
    return ascii_only[:_MAX_SUBJECT], "\n\n".join(filter(None, paragraphs)) + "\n"


def _notice(detail: Mapping[str, Any], meanings: Mapping[str, str]) -> Notice:
    environment, arn = detail["Environment"], detail["ExecutionArn"]
    error = detail.get("Error", "")
    model = _model(detail)
    endpoint = detail.get("EndpointName", "the endpoint")
    meaning = meanings.get(error, "")
    is_release = f"{detail['Workflow']}-release:" in arn
    what = "Release" if is_release else "Execution"
    details = f"npm run execute -- {environment} --attach {arn}   shows its states and its failure"
    versions = (
        f"npm run versions -- {environment}   lists the versions, and which one is in service"
    )
    before = f"npm run rollback -- {environment} VERSION   puts an earlier version in service"
    status = f"npm run status -- {environment}   shows executions and endpoint"
    if error == ROLLBACK_FAILED:
        title = "URGENT: the endpoint could not be rolled back"
        return Notice(title, f"{meaning} Check {endpoint} now.", [status, versions, before])
    return {
        "released": lambda: Notice(
            f"{model} released", f"{model} is in service on {endpoint}.", [status, before]
        ),
        "superseded": lambda: Notice(
            f"{model} released, then replaced",
            f"{model} was released to {endpoint}, but another execution has put its own model in "
            "service since.",
            [versions],
        ),
        "waitingForApproval": lambda: Notice(
            f"{model} waits for approval",
            f"{model} has passed the gate. It will be released after approval.",
            [
                f"npm run approve -- {environment} {_version(detail) or 'VERSION'}   "
                "shows it next to the one in service, asks for confirmation, approves",
                f"npm run approve -- {environment} {_version(detail) or 'VERSION'} --reject",
            ],
        ),
        "gateRefused": lambda: Notice("A new model did not pass the gate", meaning, [details]),
        "rolledBack": lambda: Notice(f"{model} rolled back", meaning, [status, versions]),
        "failed": lambda: Notice(
            f"{what} failed: {error or 'no error name'}",
            meaning or f"{what} {arn.rpartition(':')[2]} failed.",
            [details] + [versions] * is_release,
        ),
        "timedOut": lambda: Notice(
            f"{what} timed out",
            f"{what} {arn.rpartition(':')[2]} reached the time limit of its state machine.",
            [details, status],
        ),
        "aborted": lambda: Notice(
            f"{what} aborted",
            f"{what} {arn.rpartition(':')[2]} was aborted, by a user or by another service.",
            [details, status],
        ),
    }[detail["Outcome"]]()


def _numbers(detail: Mapping[str, Any]) -> Iterator[str]:
    gate = detail.get("Gate") or {}
    if gate:
        unknown = "unknown"
        yield (
            f"Gate: {gate['Reason']}"
            if "Reason" in gate
            else f"Gate: {gate.get('Metric', unknown)} is {_short(gate.get('Value', unknown))}, "
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
    if not isinstance(value, float) or not math.isfinite(value):
        return str(value)
    # All digits of the whole part: 16512 rows are not 1.651e+04.
    return f"{value:.{min(17, max(4, len(str(int(abs(value))))))}g}"


def _version(detail: Mapping[str, Any]) -> str:
    return str(detail.get("ModelPackageArn", "")).rpartition("/")[2]


def _model(detail: Mapping[str, Any]) -> str:
    version = _version(detail)
    return f"Model version {version}" if version else "The new model"


def _console(partition: str, region: str, arn: str) -> str:
    domain = _CONSOLES.get(partition, "console.aws.amazon.com")
    path = f"states/home?region={region}#/v2/executions/details/{arn}"
    return f"https://{region}.{domain}/{path}"
