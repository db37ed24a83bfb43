"""The errors of the emulator's own corrections."""

from moto.core.exceptions import ServiceException


class EmulatorError(ServiceException):
    """An error answered in the protocol of the service that was called: code, then message."""
