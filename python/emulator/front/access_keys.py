"""Access keys: an id that each request contains, and a secret that signs it."""

import secrets
import string
from dataclasses import dataclass

_ID_START = "EMULATOR"  # shows the origin, and avoids findings of secret scanners
_RANDOM_CHARACTERS = 32


@dataclass(frozen=True)
class AccessKey:
    """A key that clients may sign with; a session's key also has a token."""

    id: str
    secret: str
    token: str | None = None


def new_access_key() -> AccessKey:
    """Return a random key.

    Ids have the form that IAM documents, 16 to 128 letters and digits: some clients check it.
    Source: https://docs.aws.amazon.com/IAM/latest/APIReference/API_AccessKey.html
    """
    capitals = string.ascii_uppercase + string.digits
    rest = _RANDOM_CHARACTERS - len(_ID_START)
    return AccessKey(
        _ID_START + "".join(secrets.choice(capitals) for _ in range(rest)),
        "".join(
            secrets.choice(string.ascii_letters + string.digits) for _ in range(_RANDOM_CHARACTERS)
        ),
    )
