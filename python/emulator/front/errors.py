"""The error of a request that is not admitted."""


class RefusedError(Exception):
    """A request that is refused before it reaches a service.

    Parameters
    ----------
    code : str
        The error's name in AWS's query services; `wire` translates it for other protocols.
    """

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code
