"""What can end the story."""

EXIT_FAILED, EXIT_USAGE, EXIT_OUTSIDE = 1, 2, 4


class StoryError(Exception):
    """One line: what was expected of the cluster, and what was found."""

    exit_code = EXIT_FAILED


class UsageError(StoryError):
    """An option or a program that is missing."""

    exit_code = EXIT_USAGE


class OutsideError(StoryError):
    """The cluster, the registry or the Git server does not answer."""

    exit_code = EXIT_OUTSIDE
