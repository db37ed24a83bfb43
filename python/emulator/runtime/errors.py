"""Errors that the emulated services turn into API errors or failure reasons."""

MAX_REASON_LENGTH = 1024


class UnsupportedError(ValueError):
    """The emulator cannot run a request; the message names the reason and an alternative."""


class JobFault(Exception):  # noqa: N818 - it is the failure reason of a job, not a programming error
    """A job has failed; the message is its failure reason, with AWS's prefix."""
