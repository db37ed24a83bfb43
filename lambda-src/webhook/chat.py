"""Format a message or an alarm for Slack or Teams."""

from __future__ import annotations

import json
import re
from typing import Any

# Teams accepts 28 KB, Slack 40 000 characters.
_MAX_TEXT = 15000
_MAX_TITLE = 200
# The console's page of an execution, on a line of its own: other links may come from data.
# Source: https://docs.aws.amazon.com/general/latest/gr/aws-service-information.html
_LINK = re.compile(
    r"^https://(?:[a-z0-9-]+\.)*console\."
    r"(?:aws\.amazon\.com|amazonaws\.cn|amazonaws-us-gov\.com)/\S+$",
    re.MULTILINE,
)


def readable(subject: str | None, body: str) -> tuple[str, str]:
    """Return title and text of a topic's message; CloudWatch publishes alarms as JSON."""
    alarm = _alarm(body)
    if alarm is None:
        return _line(subject or "Notification")[:_MAX_TITLE], body.strip()[:_MAX_TEXT]
    values = {key: _line(value) for key, value in alarm.items() if isinstance(value, str)}
    state = values.get("NewStateValue", "unknown")
    lines = [
        values.get("AlarmDescription") or "The alarm has no description.",
        "",
        f"State: {values.get('OldStateValue')} -> {state}",
        f"Reason: {values.get('NewStateReason')}",
        f"Since: {values.get('StateChangeTime')}",
        f"Account and region: {values.get('AWSAccountId')}, {values.get('Region')}",
    ]
    title = f"{state}: {values.get('AlarmName')}"
    return title[:_MAX_TITLE], "\n".join(lines)[:_MAX_TEXT]


def _line(text: str) -> str:
    # A line break in a value would begin a new section.
    return " ".join(text[:_MAX_TEXT].split())


def _alarm(body: str) -> dict[str, Any] | None:
    try:
        document = json.loads(body)
    except (ValueError, RecursionError):
        return None
    is_alarm = isinstance(document, dict) and {"AlarmName", "NewStateValue"} <= document.keys()
    return document if is_alarm else None


def chat_document(style: str, title: str, text: str) -> dict[str, Any]:
    """Return the JSON document for a webhook.

    Parameters
    ----------
    style : str
        ``slack`` or ``teams``.
    title, text : str
        Plain text; markup is shown literally.

    Raises
    ------
    ValueError
        For any other style.
    """
    if style == "slack":
        return _slack(title, text)
    if style == "teams":
        return _teams(title, text)
    raise ValueError(f"FORMAT must be slack or teams, got {style!r}")


def _slack(title: str, text: str) -> dict[str, Any]:
    # Escaped, so that no text can mention users or hide a link.
    # https://docs.slack.dev/messaging/formatting-message-text/#escaping
    def escaped(plain: str) -> str:
        return plain.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")

    return {"text": f"*{escaped(title)}*\n{escaped(text)}"}


def _teams(title: str, text: str) -> dict[str, Any]:
    # A RichTextBlock shows its text literally; a TextBlock would read test_r2 as Markdown.
    # https://adaptivecards.io/explorer/RichTextBlock.html
    def line(plain: str, **style: Any) -> dict[str, Any]:
        return {
            "type": "RichTextBlock",
            "inlines": [{"type": "TextRun", "text": plain, **style}],
        }

    link = next(iter(_LINK.findall(text)[-1:]), None)
    return {
        "type": "message",
        "attachments": [
            {
                "contentType": "application/vnd.microsoft.card.adaptive",
                "contentUrl": None,
                "content": {
                    "$schema": "http://adaptivecards.io/schemas/adaptive-card.json",
                    "type": "AdaptiveCard",
                    "version": "1.4",
                    "body": [
                        line(title, weight="Bolder", size="Medium"),
                        *(line(one) for one in text.split("\n") if one.strip()),
                    ],
                    "actions": [{"type": "Action.OpenUrl", "title": "Open", "url": link}]
                    if link
                    else [],
                },
            }
        ],
    }
