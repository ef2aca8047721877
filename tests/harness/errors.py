"""What ends a scenario early, each with the exit code of its command line."""

EXIT_FAILED, EXIT_USAGE, EXIT_OUTSIDE = 1, 2, 4


class ScenarioError(Exception):
    """Something is not as it should be: what was expected, and what was found."""

    exit_code = EXIT_FAILED


class UsageError(ScenarioError):
    """An option or a program is missing."""

    exit_code = EXIT_USAGE


class OutsideError(ScenarioError):
    """The cluster, the registry or the Git server does not answer."""

    exit_code = EXIT_OUTSIDE
