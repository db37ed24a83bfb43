"""The function that posts the topic's messages and alarms to a chat.

The URL is a secret in an SSM parameter, read at each call so that a new one takes effect at once.
"""

from __future__ import annotations

import functools
import os
from typing import Any

import boto3

from chat import chat_document, readable
from post import post


class ParameterMissing(Exception):
    """The SSM parameter with the webhook's URL does not exist."""


def lambda_handler(event: dict[str, Any], context: object) -> None:
    """Post each record of an SNS event.

    Parameters
    ----------
    event : dict
        ``Records`` in the format of SNS.
    context : object
        Not used.

    Raises
    ------
    ParameterMissing
        If the URL is not stored.
    WebhookFailed
        If the chat did not accept a message; Lambda retries.
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
            f"the SSM parameter {name} does not exist: store the webhook's URL in it with "
            f"aws ssm put-parameter --type SecureString --name {name} --value URL"
        ) from error


@functools.cache
def _client(service: str) -> Any:
    # Created on first use, so that tests without AWS can import this module.
    return boto3.client(service)
