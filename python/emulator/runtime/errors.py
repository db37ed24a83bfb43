"""Errors that the emulated services turn into API errors or failure reasons."""

MAX_REASON_LENGTH = 1024


class UnsupportedError(ValueError):
    """A request asks for what this emulator cannot run; the message names it and a way out."""


class JobFault(Exception):  # noqa: N818 - it is the failure reason of a job, not a programming error
    """A job cannot go on; the message is its failure reason, prefix included."""
