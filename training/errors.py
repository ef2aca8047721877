"""What ends a command, each kind with its exit code; the text is for the person who typed it."""

from pathlib import Path

EXIT_OK = 0
EXIT_FAIL = 1  # the gate says fail
EXIT_USAGE = 2  # bad input or usage
EXIT_UNDECIDED = 3  # the gate says not enough evidence
EXIT_OUTSIDE = 4  # an outside service failed


class TrainingError(Exception):
    """Base: one line that names the thing, what was found, what was expected and what to do."""

    exit_code = EXIT_USAGE


class InputError(TrainingError):
    """A file, a parameter or an argument is not usable."""


class DataError(InputError):
    """The data breaks its dataset's rules; `rejected` is the file with every refused row and its reason."""

    def __init__(self, message: str, rejected: Path | None = None) -> None:
        super().__init__(message)
        self.rejected = rejected


class OutsideError(TrainingError):
    """A service outside this process did not do its part; what was computed is kept."""

    exit_code = EXIT_OUTSIDE
