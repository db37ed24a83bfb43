"""What the versions of signatures share."""

import datetime
import email.utils
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from emulator.front.errors import RefusedError

SKEW = datetime.timedelta(minutes=15)
TIME_FORM = "%Y%m%dT%H%M%SZ"
SHOWN = 200
"""Characters of a wrong value that a message repeats."""


@dataclass(frozen=True)
class Signature:
    """What a request says of its signer, and whether it was signed with a secret."""

    key_id: str
    token: str | None
    matches: Callable[[str], bool]


def parse_time(text: str | None) -> datetime.datetime:
    """Return the time that a request was signed at.

    Raises
    ------
    RefusedError
        If there is none, or it is none.
    """
    if not text:
        raise RefusedError(
            "IncompleteSignature",
            "Authorization header requires existence of either a 'X-Amz-Date' or a 'Date' header.",
        )
    try:
        if re.fullmatch(r"\d{8}T\d{6}Z", text):
            return datetime.datetime.strptime(text, TIME_FORM).replace(tzinfo=datetime.timezone.utc)
        return email.utils.parsedate_to_datetime(text).astimezone(datetime.timezone.utc)
    except (ValueError, OverflowError) as error:
        raise RefusedError(
            "IncompleteSignature",
            f"Date must be in ISO-8601 'basic format'. Got '{text[:SHOWN]}'.",
        ) from error


def check_age(code: str, signed: datetime.datetime, last: datetime.datetime) -> None:
    """Refuse what was signed in the future, or is used after `last`.

    Raises
    ------
    RefusedError
        With `code`.
    """
    now = datetime.datetime.now(tz=datetime.timezone.utc)
    if signed - SKEW <= now <= last:
        return
    limits = (
        f"it was signed at {signed.strftime(TIME_FORM)}, and it is {now.strftime(TIME_FORM)} now"
    )
    raise RefusedError(code, f"Signature expired or not yet current: {limits}")


def target_of(environ: dict[str, Any]) -> tuple[str, str]:
    """Return path and query of a request, encoded as they were sent."""
    sent = environ["REQUEST_URI"]
    if not sent.startswith("/"):  # a whole URL, as proxies are sent
        sent = urlsplit(sent)._replace(scheme="", netloc="").geturl() or "/"
    path, _, query = sent.partition("?")
    return path, query


def as_bytes(text: str) -> bytes:
    """Return what was sent as `text`."""
    # WSGI gives each byte of what was sent as one character.
    return text.encode("latin-1", errors="replace")
