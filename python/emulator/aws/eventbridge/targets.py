"""Sending to the targets of events, with the permissions of the sending service."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError
from moto.awslambda.models import lambda_backends
from moto.sns.models import sns_backends

from emulator.aws.account import ACCOUNT
from emulator.aws.clients import EmulatedAws
from emulator.aws.permissions.policy_documents import UnknownConditionError, effects, parse
from emulator.aws.permissions.roles import trusts


class DeliveryError(Exception):
    """A target could not be reached; the first word of the message is an error code."""


@dataclass(frozen=True)
class Sender:
    """The sending service, and the resource it sends for (``aws:SourceArn`` in policies)."""

    principal: str
    source_arn: str

    @property
    def context(self) -> dict[str, str]:
        """Condition keys of its requests."""
        return {"aws:sourcearn": self.source_arn, "aws:sourceaccount": ACCOUNT}


def service_of(arn: str) -> str:
    """Return the service of an ARN: ``states``, ``lambda``, ``sns``, …."""
    return (arn.split(":") + [""] * 6)[2]


class Targets:
    """Sends texts to targets, with the target's role if it has one."""

    def __init__(self, aws: EmulatedAws) -> None:
        self._aws = aws
        self._send = {
            "states": self._start_execution,
            "lambda": self._invoke,
            "sns": self._publish,
            "sqs": self._send_message,
            "logs": self._log,
            "events": self._put_event,
        }

    def send(self, target: Mapping[str, Any], text: str, sender: Sender) -> None:
        """Deliver once.

        Raises
        ------
        DeliveryError
            If the target does not exist, or does not allow the sender or its role.
        """
        role_arn = target.get("RoleArn")
        if role_arn and not trusts(role_arn, sender.principal, sender.source_arn):
            raise DeliveryError(
                f"AccessDenied: {sender.principal} cannot assume {role_arn}: there is no such "
                "role, or its trust policy does not allow it"
            )
        try:
            self._send[service_of(target["Arn"])](target, text, sender)
        except ClientError as error:
            raise DeliveryError(f"{error.response['Error']['Code']}: {error}") from error
        except BotoCoreError as error:
            raise DeliveryError(f"{type(error).__name__}: {error}") from error

    def _start_execution(self, target: Mapping[str, Any], text: str, sender: Sender) -> None:
        client = self._client("stepfunctions", target)
        client.start_execution(stateMachineArn=target["Arn"], input=_json(text))

    def _invoke(self, target: Mapping[str, Any], text: str, sender: Sender) -> None:
        arn = target["Arn"]
        if not target.get("RoleArn"):
            _check_policy(_function_policy(arn), "lambda:InvokeFunction", arn, sender)
        client = self._client("lambda", target)
        client.invoke(FunctionName=arn, InvocationType="Event", Payload=_json(text).encode())

    def _publish(self, target: Mapping[str, Any], text: str, sender: Sender) -> None:
        arn = target["Arn"]
        if not target.get("RoleArn"):
            _check_policy(_topic_policy(arn), "sns:Publish", arn, sender)
        subject = {"Subject": target["Subject"]} if "Subject" in target else {}
        self._client("sns", target).publish(TopicArn=arn, Message=text, **subject)

    def _send_message(self, target: Mapping[str, Any], text: str, sender: Sender) -> None:
        region, account, name = target["Arn"].split(":")[3:6]
        group = (target.get("SqsParameters") or {}).get("MessageGroupId")
        self._client("sqs", target).send_message(
            QueueUrl=f"https://sqs.{region}.amazonaws.com/{account}/{name}",
            MessageBody=text,
            **({"MessageGroupId": group} if group else {}),
        )

    def _log(self, target: Mapping[str, Any], text: str, sender: Sender) -> None:
        group = target["Arn"].split(":")[6]
        stream = sender.source_arn.rpartition("/")[2]
        if not self._aws.client("logs").describe_log_groups(logGroupNamePrefix=group)["logGroups"]:
            raise DeliveryError(f"ResourceNotFoundException: the log group {group} does not exist")
        self._aws.write_log(group, stream, [text])

    def _put_event(self, target: Mapping[str, Any], text: str, sender: Sender) -> None:
        parameters = target.get("EventBridgeParameters")
        if not parameters:
            raise DeliveryError("ValidationException: EventBridgeParameters is missing")
        answer = self._client("events", target).put_events(
            Entries=[
                {
                    "EventBusName": target["Arn"],
                    "Source": parameters["Source"],
                    "DetailType": parameters["DetailType"],
                    "Detail": _json(text),
                }
            ]
        )
        for entry in answer["Entries"]:
            if entry.get("ErrorCode"):
                raise DeliveryError(f"{entry['ErrorCode']}: {entry.get('ErrorMessage')}")

    def _client(self, service: str, target: Mapping[str, Any]) -> Any:
        return self._aws.client(service, target.get("RoleArn"))


def _json(text: str) -> str:
    try:
        json.loads(text)
    except ValueError as error:
        raise DeliveryError(
            f"ValidationException: the input of this target must be JSON, got {text}"
        ) from error
    return text


def _check_policy(policy: Any, action: str, arn: str, sender: Sender) -> None:
    try:
        found = set(effects(parse(policy), action, arn, {sender.principal}, sender.context))
    except UnknownConditionError as error:
        raise DeliveryError(f"AccessDenied: the policy of {arn}: {error}") from error
    if found != {"Allow"}:
        raise DeliveryError(
            f"AccessDenied: the policy of {arn} does not allow {sender.principal} {action} for "
            f"{sender.source_arn}"
        )


def _function_policy(arn: str) -> dict[str, Any]:
    _, _, _, region, account, _, name, *_ = arn.split(":")
    backend = lambda_backends[account][region]
    if not any(function.function_name == name for function in backend.list_functions()):
        raise DeliveryError(f"ResourceNotFoundException: the function {arn} does not exist")
    return {"Statement": backend.get_function(name).policy.statements}


def _topic_policy(arn: str) -> str:
    topic = sns_backends[ACCOUNT][arn.split(":")[3]].topics.get(arn)
    if topic is None:
        raise DeliveryError(f"NotFound: the topic {arn} does not exist")
    return topic.policy
