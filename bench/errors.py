"""What takes one system out of a benchmark."""

from cli.errors import CommandError


class UnfitSystemError(CommandError):
    """A server that did not start, answered wrongly or failed under load; `log` is the end of what it wrote."""

    def __init__(self, message: str, log: str = "") -> None:
        super().__init__(message)
        self.log = log
