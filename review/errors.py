"""What ends a command, each kind with its exit code; the text is for the person who reads the job's log."""

EXIT_OK = 0
EXIT_FAIL = 1  # refused
EXIT_USAGE = 2  # bad input or usage
EXIT_UNDECIDED = 3  # not enough evidence, and nobody accepted that
EXIT_OUTSIDE = 4  # GitHub did not do its part


class ReviewError(Exception):
    """Base: one line that names the thing, what was found, what was expected and what to do."""

    exit_code = EXIT_USAGE


class InputError(ReviewError):
    """A file, a folder, a setting or an argument is not usable."""


class RefusedError(ReviewError):
    """The input can be read and must not be used."""

    exit_code = EXIT_FAIL


class OutsideError(ReviewError):
    """GitHub did not answer as it should; `status` is its answer's, None without one."""

    exit_code = EXIT_OUTSIDE

    def __init__(self, message: str, status: int | None = None) -> None:
        super().__init__(message)
        self.status = status
