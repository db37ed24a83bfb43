"""Why a request is not let in."""


class RefusedError(Exception):
    """A request that no service may see.

    Parameters
    ----------
    code : str
        The error's name as query services of AWS write it; other protocols have their own.
    """

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code
