"""Post JSON to a secret URL, which appears in no error and no log."""

from __future__ import annotations

import json
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Callable
from http.client import HTTPException
from typing import Any

TIMEOUT_SECONDS = 8
# Seconds before each retry.
PAUSES = (1.0, 2.0, 4.0)


class WebhookFailed(Exception):
    """The chat did not accept the message."""


class _NoRedirects(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *args: Any, **kwargs: Any) -> None:
        """Refuse, because a redirect could send the message over plain HTTP or to another host."""


Open = Callable[..., Any]


def post(url: str, document: Any, open_url: Open | None = None) -> None:
    """Post a document as JSON; retry on status 429, 5xx and no response.

    Parameters
    ----------
    url : str
        With https.
    document : object
        Any JSON value.
    open_url : callable, optional
        Called as ``open_url(request, timeout=seconds)``, for tests.

    Raises
    ------
    WebhookFailed
        If the URL is invalid, or the last attempt failed; the message contains the status.
    """
    request = _request(url, document)
    open_url = open_url or urllib.request.build_opener(_NoRedirects).open
    problem = ""
    for pause in (*PAUSES, None):
        try:
            with open_url(request, timeout=TIMEOUT_SECONDS):
                return
        except urllib.error.HTTPError as error:
            error.close()
            problem = f"it responded with status {error.code}"
            if error.code != 429 and error.code < 500:
                break
        # Only the type, because the text of some errors contains the URL.
        except (OSError, HTTPException, ValueError) as error:
            reason = error.reason if isinstance(error, urllib.error.URLError) else error
            problem = f"no response: {type(reason).__name__}"
        if pause is not None:
            time.sleep(pause)
    raise WebhookFailed(f"the webhook did not accept the message: {problem}")


def _request(url: str, document: Any) -> urllib.request.Request:
    try:
        parts = urllib.parse.urlsplit(url)
        usable = parts.scheme == "https" and bool(parts.hostname)
    except ValueError:
        usable = False
    if not usable:
        raise WebhookFailed("the webhook's URL must begin with https:// and name a host")
    return urllib.request.Request(  # noqa: S310  (https, just checked)
        url,
        data=json.dumps(document).encode(),
        headers={"Content-Type": "application/json; charset=utf-8"},
        method="POST",
    )
