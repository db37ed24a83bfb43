"""The last exception in a log."""

from __future__ import annotations

_BEGIN = "Traceback (most recent call last):"
_SCRIPTS = "/opt/ml/"
# Messages of the server's other processes after a worker failed; its exception is above them.
_CONSEQUENCES = ("gunicorn.", "SystemExit")


def last_exception(log: str) -> str | None:
    """Return the last exception in a log that a script raised, with its place in the script.

    Parameters
    ----------
    log : str
        The output of a Python program.

    Returns
    -------
    str or None
        The innermost frame below /opt/ml, or the innermost of all, and the exception; None if there
        is no traceback.
    """
    found = None
    lines = iter(log.splitlines())
    for line in lines:
        if line.strip() != _BEGIN:
            continue
        frames: list[list[str]] = []
        for following in lines:
            if following[:1] not in (" ", "\t"):
                if not following.startswith(_CONSEQUENCES):
                    found = (frames, following)
                break
            if following.lstrip().startswith("File "):
                frames.append([])
            if frames:
                frames[-1].append(following.strip())
    if found is None:
        return None
    frames, exception = found
    own = [frame for frame in frames if _SCRIPTS in frame[0]]
    return "\n".join([*(own or frames or [[]])[-1], exception])
