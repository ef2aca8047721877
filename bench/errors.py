"""What ends a benchmark or takes one contender out of it."""


class BenchError(Exception):
    """One line that names the thing, what was found, what was expected and what to do."""


class ContenderError(BenchError):
    """A server that did not start, answered wrongly or failed under load; `log` is the end of what it wrote."""

    def __init__(self, message: str, log: str = "") -> None:
        super().__init__(message)
        self.log = log
