"""What a chat gets of a message or an alarm, as Slack or Teams want it."""

from __future__ import annotations

import json
import re
from typing import Any

# Teams takes 28 KB, Slack 40 000 characters.
_MAX_TEXT = 15000
_LINK = re.compile(r"https://\S+")


def readable(subject: str | None, body: str) -> tuple[str, str]:
    """Return title and text of what a topic delivers; CloudWatch publishes alarms as JSON."""
    alarm = _alarm(body)
    if alarm is None:
        return subject or "Notification", body.strip()[:_MAX_TEXT]
    state = alarm["NewStateValue"]
    lines = [
        str(alarm.get("AlarmDescription") or "The alarm has no description."),
        "",
        f"State: {alarm.get('OldStateValue')} -> {state}",
        f"Reason: {alarm.get('NewStateReason')}",
        f"Since: {alarm.get('StateChangeTime')}",
        f"Account and region: {alarm.get('AWSAccountId')}, {alarm.get('Region')}",
    ]
    return f"{state}: {alarm['AlarmName']}", "\n".join(lines)[:_MAX_TEXT]


def _alarm(body: str) -> dict[str, Any] | None:
    try:
        document = json.loads(body)
    except ValueError:
        return None
    is_alarm = isinstance(document, dict) and {"AlarmName", "NewStateValue"} <= document.keys()
    return document if is_alarm else None


def chat_document(style: str, title: str, text: str) -> dict[str, Any]:
    """Return the JSON document that a webhook takes.

    Parameters
    ----------
    style : str
        ``slack`` or ``teams``.
    title, text : str
        Plain text; what would be markup is shown as it is.

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
    # Escaped, no text can mention people or hide a link behind other words.
    # https://docs.slack.dev/messaging/formatting-message-text/#escaping
    def escaped(plain: str) -> str:
        return plain.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")

    return {"text": f"*{escaped(title)}*\n{escaped(text)}"}


def _teams(title: str, text: str) -> dict[str, Any]:
    # A run of a RichTextBlock is shown as it is; a TextBlock would read test_r2 as Markdown.
    # https://adaptivecards.io/explorer/RichTextBlock.html
    def line(plain: str, **style: Any) -> dict[str, Any]:
        return {
            "type": "RichTextBlock",
            "inlines": [{"type": "TextRun", "text": plain, **style}],
        }

    link = _LINK.search(text)
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
                    "actions": [{"type": "Action.OpenUrl", "title": "Open", "url": link[0]}]
                    if link
                    else [],
                },
            }
        ],
    }
