"""Which requests are admitted: checks of host, origin and signature.

Web pages and other users of the machine can reach every loopback port; their requests must not run
with the developer's permissions.
"""

import base64
import contextvars
import hmac
import re
from collections.abc import Callable
from typing import Any

from emulator.front.access_keys import AccessKey
from emulator.front.errors import RefusedError
from emulator.front.origins import check_host, check_origin
from emulator.front.signatures import signature_of

_EXPORT = (
    "export AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY as printed at the emulator's start (each "
    "start has its own), or start it with --any-key"
)

_INVOCATION = re.compile(r"/endpoints/[^/]+/(?:async-)?invocations(?:-response-stream)?")

_caller_key: contextvars.ContextVar[str] = contextvars.ContextVar("_caller_key", default="")


def caller_key() -> str:
    """Return the id of the access key that signed the current request, or ''."""
    return _caller_key.get()


def _address_runtime(environ: dict[str, Any]) -> None:
    """Add the service of an unsigned invocation, which only a signature would name."""
    if _INVOCATION.fullmatch(environ.get("PATH_INFO", "")):
        environ["HTTP_AUTHORIZATION"] = (
            "AWS4-HMAC-SHA256 Credential=unsigned/20260101/us-east-1/sagemaker/aws4_request, "
            "SignedHeaders=host, Signature=none"
        )


def _refuse_form_upload(environ: dict[str, Any]) -> None:
    # The form contains a signed policy, whose conditions the emulator does not evaluate.
    kind = environ.get("CONTENT_TYPE", "").lower()
    if environ["REQUEST_METHOD"] == "POST" and kind.startswith("multipart/form-data"):
        raise RefusedError(
            "NotImplemented",
            "The emulator does not accept form uploads with a policy (generate_presigned_post); "
            "upload with PutObject, or with PUT to a URL of generate_presigned_url('put_object')",
        )


class Admission:
    """Admits requests, or refuses them with the reason.

    Parameters
    ----------
    port : int
        The emulator's port, which ``Host`` must contain.
    own_key : AccessKey
        The emulator's own key, which control paths require.
    find_key : callable
        Returns the key of an id, or None if the emulator has not issued it.
    any_key : bool
        Whether any key and signature is accepted.
    """

    def __init__(
        self,
        port: int,
        own_key: AccessKey,
        find_key: Callable[[str], AccessKey | None],
        *,
        any_key: bool = False,
    ) -> None:
        self._port = port
        self._own_key = own_key
        self._find_key = find_key
        self._any_key = any_key

    def check_sender(self, environ: dict[str, Any]) -> None:
        """Refuse requests that a web page may have sent.

        Raises
        ------
        RefusedError
            If host or origin do not belong to a program on this machine.
        """
        check_host(environ, self._port)
        check_origin(environ)

    def check_signature(self, environ: dict[str, Any]) -> None:
        """Refuse a request to a service without a signature by one of the emulator's keys.

        Raises
        ------
        RefusedError
            If it is unsigned, if its key or signature is wrong, or if it is a form upload.
        """
        _caller_key.set("")
        try:
            signature = signature_of(environ)
        except RefusedError:
            if self._any_key:
                return
            raise
        if signature is None:
            _refuse_form_upload(environ)
            if self._any_key:
                _address_runtime(environ)
                return
            raise RefusedError(
                "MissingAuthenticationToken",
                f"Request is missing Authentication Token: {_EXPORT}",
            )
        if not self._any_key:
            self._check(signature)
        _caller_key.set(signature.key_id)

    def _check(self, signature: Any) -> None:
        key = self._find_key(signature.key_id)
        if key is None or (key.token and key.token != signature.token):
            what = "access key" if key is None else "session token of the access key"
            raise RefusedError(
                "InvalidClientTokenId",
                f"The {what} {signature.key_id[:128]!r} is not one of this emulator: {_EXPORT}",
            )
        if not signature.matches(key.secret):
            raise RefusedError(
                "SignatureDoesNotMatch",
                "The request signature we calculated does not match the signature you provided. "
                f"Check your AWS Secret Access Key: {_EXPORT}",
            )

    def check_control(self, environ: dict[str, Any]) -> None:
        """Refuse a request to a control path without the emulator's own key.

        Raises
        ------
        RefusedError
            If it does not have the key as user and password of HTTP basic authentication.
        """
        if self._any_key:
            return
        given = environ.get("HTTP_AUTHORIZATION", "")
        pair = f"{self._own_key.id}:{self._own_key.secret}".encode()
        right = f"Basic {base64.b64encode(pair).decode()}"
        if not hmac.compare_digest(given.encode(errors="replace"), right.encode()):
            raise RefusedError(
                "MissingAuthenticationToken",
                "Control paths need the emulator's key as user and password: "
                'curl -u "$AWS_ACCESS_KEY_ID:$AWS_SECRET_ACCESS_KEY" ..., with the variables that '
                "the emulator printed at its start",
            )
