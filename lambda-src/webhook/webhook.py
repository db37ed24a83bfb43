"""The function that posts what the workflow's topic gets, messages and alarms, to a chat.

The URL is a secret: it comes from an SSM parameter at each call, so that a new one counts at once.
"""

from __future__ import annotations

import functools
import os
from typing import Any

import boto3

from chat import chat_document, readable
from post import post


class ParameterMissing(Exception):  # noqa: N818
    """There is no SSM parameter with the webhook's URL."""


def lambda_handler(event: dict[str, Any], context: object) -> None:
    """Post each record of an SNS event.

    Parameters
    ----------
    event : dict
        ``Records``, as SNS gives them.
    context : object
        Not used.

    Raises
    ------
    ParameterMissing
        If nobody has stored the URL.
    WebhookFailed
        If the chat did not take a message; Lambda tries again.
    """
    url = _url(os.environ["PARAMETER"])
    for record in event["Records"]:
        title, text = readable(record["Sns"].get("Subject"), record["Sns"]["Message"])
        post(url, chat_document(os.environ["FORMAT"], title, text))


def _url(name: str) -> str:
    ssm = _client("ssm")
    try:
        return ssm.get_parameter(Name=name, WithDecryption=True)["Parameter"]["Value"].strip()
    except ssm.exceptions.ParameterNotFound as error:
        raise ParameterMissing(
            f"there is no SSM parameter {name}: store the webhook's URL in it with "
            f"aws ssm put-parameter --type SecureString --name {name} --value URL"
        ) from error


@functools.cache
def _client(service: str) -> Any:
    # On first use, so that a test without AWS can import this module.
    return boto3.client(service)
