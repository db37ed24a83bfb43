"""Emails of topics: they are kept here instead of being sent."""

import collections
import datetime
import logging
import threading
from typing import Any

LOG = logging.getLogger("emulator")

KEPT = 1000
"""Only the newest are kept: alarms may send many."""


class Mails:
    """The newest emails. Thread-safe."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._mails: collections.deque[dict[str, Any]] = collections.deque(maxlen=KEPT)

    def add(self, to: str, topic_arn: str, subject: str | None, text: str) -> None:
        """Keep one email, and show it in the emulator's output."""
        # SNS's default subject.
        # https://docs.aws.amazon.com/sns/latest/dg/sns-email-notifications.html
        subject = subject or "AWS Notification Message"
        sent_at = datetime.datetime.now(datetime.timezone.utc).isoformat(timespec="milliseconds")
        mail = {"to": to, "topic": topic_arn, "subject": subject, "text": text, "sentAt": sent_at}
        with self._lock:
            self._mails.append(mail)
        indented = "\n".join(f"  {line}".rstrip() for line in text.splitlines())
        LOG.info("email to %s: %s\n%s", to, subject, indented)

    def describe(self) -> dict[str, Any]:
        """Return the emails, newest last, in the form of ``GET /_emulator/mails``."""
        with self._lock:
            return {"mails": list(self._mails)}

    def clear(self) -> None:
        """Remove all emails."""
        with self._lock:
            self._mails.clear()
