"""What ends `python -m tests.workflows` early."""


class UnexpectedError(Exception):
    """A workflow did something else than it should: exit code 1."""


class MissingError(Exception):
    """A program or an option is missing: exit code 2."""
