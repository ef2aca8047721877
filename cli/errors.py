"""What ends a command, each kind with its exit code; the text is for the person who reads the terminal or the log."""

EXIT_OK = 0
EXIT_FAIL = 1  # refused, different, or the gate says fail
EXIT_USAGE = 2  # bad input or usage
EXIT_UNDECIDED = 3  # not enough evidence, and nobody accepted that
EXIT_OUTSIDE = 4  # a program or service outside this process failed


class CommandError(Exception):
    """Base: one line that names the thing, what was found, what was expected and what to do."""

    exit_code = EXIT_USAGE


class InputError(CommandError):
    """A file, a folder, a setting, a parameter or an argument is not usable."""


class RefusedError(CommandError):
    """The input can be read and must not be used."""

    exit_code = EXIT_FAIL


class OutsideError(CommandError):
    """A program or service outside this process did not do its part; what was computed is kept.

    `status` is the HTTP status that it answered with, None without one.
    """

    exit_code = EXIT_OUTSIDE

    def __init__(self, message: str, status: int | None = None) -> None:
        super().__init__(message)
        self.status = status
