"""The access keys that the emulator has handed out: its own, of sessions, and of IAM users."""

import functools
from collections.abc import Callable

from moto.iam.models import iam_backends
from moto.sts.models import sts_backends

from emulator.aws.access import ACCOUNT
from emulator.front.access_keys import AccessKey


def known_keys(own: AccessKey) -> Callable[[str], AccessKey | None]:
    """Return what finds a key by its id, where `own` is the emulator's."""
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
    return None
