"""The access keys that the emulator has issued: its own, of sessions, and of IAM users."""

import functools
import secrets
from collections.abc import Callable
from typing import Any

from moto.core.responses import ActionResult
from moto.iam.models import iam_backends
from moto.sts.models import sts_backends
from moto.sts.responses import TokenResponse

from emulator.aws.account import ACCOUNT
from emulator.aws.patching import wrap
from emulator.aws.permissions.callers import find_caller
from emulator.aws.protocol.errors import EmulatorError
from emulator.front.access_keys import AccessKey, new_access_key
from emulator.front.admission import caller_key

_sessions: dict[str, AccessKey] = {}


def install() -> None:
    """Let ``GetSessionToken`` issue keys that can sign; moto returns AWS's example."""
    wrap(TokenResponse, "get_session_token", _get_session_token)


def known_keys(own: AccessKey) -> Callable[[str], AccessKey | None]:
    """Return a function that finds a key by its id; `own` is the emulator's key."""
    return functools.partial(_find, own)


def _find(own: AccessKey, key_id: str) -> AccessKey | None:
    if key_id == own.id:
        return own
    session = sts_backends[ACCOUNT]["aws"].get_assumed_role_from_access_key(key_id)
    if session:
        return AccessKey(key_id, session.secret_access_key, session.session_token)
    for user in list(iam_backends[ACCOUNT]["aws"].users.values()):
        for key in list(user.access_keys):
            if key.access_key_id == key_id and key.status == "Active":
                return AccessKey(key_id, key.secret_access_key)
    return _sessions.get(key_id)


def _get_session_token(original: Any, self: Any) -> ActionResult:
    if find_caller(caller_key()):  # otherwise a role could get around its permissions
        raise EmulatorError("AccessDenied", "Cannot call GetSessionToken with session credentials")
    answer = original(self)
    key = new_access_key()
    key = AccessKey(key.id, key.secret, secrets.token_urlsafe(64))
    _sessions[key.id] = key
    answer.result["Credentials"] |= {
        "AccessKeyId": key.id,
        "SecretAccessKey": key.secret,
        "SessionToken": key.token,
    }
    return answer
