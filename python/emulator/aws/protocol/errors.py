"""The errors of the emulator's own corrections."""

from moto.core.exceptions import ServiceException


class EmulatorError(ServiceException):
    """An error response in the protocol of the called service: code, then message."""
