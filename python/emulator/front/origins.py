"""The hosts that a request may name; requests of web pages are refused."""

import re
from typing import Any

from emulator.front.errors import RefusedError

_SHOWN = 100
# Browsers resolve names below `localhost` to loopback themselves, so no foreign name server can
# redirect a page there. S3 clients put a bucket's name before it.
_LOOPBACK = re.compile(r"(?:127\.0\.0\.1|(?:[a-z0-9_-][a-z0-9._-]*\.)?localhost):(\d+)")


def check_host(environ: dict[str, Any], port: int) -> None:
    """Refuse a request whose host is not a loopback name of this machine.

    A page whose name server resolves its name to 127.0.0.1 (DNS rebinding) sends that name.

    Raises
    ------
    RefusedError
        If ``Host`` is missing, or is not a loopback name with the emulator's port.
    """
    host = environ.get("HTTP_HOST", "")
    found = _LOOPBACK.fullmatch(host.lower())
    if found is None or found[1] != str(port):
        raise RefusedError(
            "AccessDenied",
            f"The emulator accepts only the hosts 127.0.0.1:{port} and localhost:{port}, but "
            f"this request is for {host[:_SHOWN]!r}: it may come from a web page",
        )


def check_origin(environ: dict[str, Any]) -> None:
    """Refuse requests of web pages; addresses typed into a browser are accepted.

    The emulator has no pages, so every page is a foreign one.

    Raises
    ------
    RefusedError
        If ``Origin`` or ``Sec-Fetch-Site`` show that a page sent it.
    """
    for name in ("Origin", "Sec-Fetch-Site"):
        value = environ.get(f"HTTP_{name.upper().replace('-', '_')}")
        if value is not None and (name, value) != ("Sec-Fetch-Site", "none"):
            raise RefusedError(
                "AccessDenied",
                f"The emulator refuses requests of web pages, and this one has {name}: "
                f"{value[:_SHOWN]}; send it from a program outside the browser",
            )
