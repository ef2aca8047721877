"""A command line whose mistakes end in one line on standard error and an exit code, never in a traceback."""

import io
import sys
from collections.abc import Callable

import typer

from cli.errors import EXIT_USAGE, CommandError
from contract.errors import ContractError

EXIT_STOPPED = 130  # 128 + SIGINT, as a shell has it


def run_app(app: typer.Typer, print_error: Callable[[str], None]) -> None:
    """Runs the app under its own name; `print_error` shows the one line."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):  # a terminal that has no ✓ is no reason to stop
            stream.reconfigure(errors="replace")
    try:
        app(prog_name=app.info.name)
    except CommandError as error:
        print_error(str(error))
        sys.exit(error.exit_code)
    except ContractError as error:
        print_error(str(error))
        sys.exit(EXIT_USAGE)
    except OSError as error:  # a full disk, a folder that may not be written
        print_error(f"{error.filename or 'the system'}: {error.strerror or error}")
        sys.exit(EXIT_USAGE)
    except KeyboardInterrupt:
        print_error("stopped")
        sys.exit(EXIT_STOPPED)
