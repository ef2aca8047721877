"""What ends a command, each kind with its exit code; the text is for the person who typed it."""

EXIT_OK = 0
EXIT_FAIL = 1  # refused, or there is a difference
EXIT_USAGE = 2  # bad input or usage
EXIT_OUTSIDE = 4  # an outside program or service failed


class ReleaseError(Exception):
    """Base: one line that names the thing, what was found, what was expected and what to do."""

    exit_code = EXIT_USAGE


class InputError(ReleaseError):
    """A file, a folder or an argument is not usable."""


class RefusedError(ReleaseError):
    """The input can be read and must not be released."""

    exit_code = EXIT_FAIL


class OutsideError(ReleaseError):
    """A program or service outside this process did not do its part."""

    exit_code = EXIT_OUTSIDE
