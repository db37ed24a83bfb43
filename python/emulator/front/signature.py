"""The common parts of the signature versions."""

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
"""Number of characters of an invalid value in a message."""


@dataclass(frozen=True)
class Signature:
    """A request's signature, and whether it matches a secret."""

    key_id: str
    token: str | None
    matches: Callable[[str], bool]


def parse_time(text: str | None) -> datetime.datetime:
    """Return the time at which a request was signed.

    Raises
    ------
    RefusedError
        If it is missing, or not a time.
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
    """Refuse a signature from the future, or one used after `last`.

    Raises
    ------
    RefusedError
        With `code`.
    """
    now = datetime.datetime.now(tz=datetime.timezone.utc)
    if signed - SKEW <= now <= last:
        return
    limits = f"signed at {signed.strftime(TIME_FORM)}, current time {now.strftime(TIME_FORM)}"
    raise RefusedError(code, f"Signature expired or not yet current: {limits}")


def target_of(environ: dict[str, Any]) -> tuple[str, str]:
    """Return path and query of a request, encoded as sent."""
    sent = environ["REQUEST_URI"]
    if not sent.startswith("/"):  # a whole URL, as in requests to proxies
        sent = urlsplit(sent)._replace(scheme="", netloc="").geturl() or "/"
    path, _, query = sent.partition("?")
    return path, query


def as_bytes(text: str) -> bytes:
    """Return the bytes that were sent as `text`."""
    # WSGI decodes each byte as one character.
    return text.encode("latin-1", errors="replace")
