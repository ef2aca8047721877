"""`make terraform`, `python -m tests.terraform.checks [ROOT …]`: every check over every root of Terraform.

0 all green (what could not run here is named), 1 something was found or a check looked at nothing, 2 Terraform is
missing or a root is not there, 4 Terraform failed at something else.
"""

import sys
import tempfile
import time
from pathlib import Path

from cli import console
from cli.errors import CommandError, InputError
from terraform.verbs.program import open_terraform
from tests.terraform.checks.roots import list_roots
from tests.terraform.checks.table import Line, list_rows, run_checks
from tests.terraform.google.double import describe_environment


def main() -> int:
    """The exit code."""
    try:
        return check(sys.argv[1:])
    except CommandError as error:
        console.print_error(str(error))
        return error.exit_code


def check(wanted: list[str]) -> int:
    """Raises: CommandError."""
    known = [root.name for root in list_roots()]
    if unknown := sorted(set(wanted) - set(known)):
        raise InputError(f"no root is called {unknown[0]}, expected some of {', '.join(known)}")
    started, lines = time.monotonic(), list[Line]()
    with (
        open_terraform(describe_environment()) as terraform,
        tempfile.TemporaryDirectory(prefix="lathe-roots-") as folder,
    ):
        for line in run_checks(Path(folder), terraform, wanted):
            lines.append(line)
            for problem in line.look.problems:
                console.print_error(f"{line.root}: {line.check}: {problem}")
            if not line.look.left_out and not line.look.scanned:
                console.print_error(f"{line.root}: {line.check}: it looked at nothing, which is no result")
    show(lines, time.monotonic() - started, f"Terraform {terraform.version}")
    return 0 if all(line.look.is_green for line in lines) else 1


def show(lines: list[Line], seconds: float, version: str) -> None:
    heads = ("Root", "Check", "Looked at", "Found", "Let through", "")
    console.print_grid(f"{version}, {seconds:.0f} s", heads, list_rows(lines))
    for line in lines:
        for reason in line.look.skipped:
            console.out.print(f"let through: {line.root}: {reason}", markup=False, soft_wrap=True)
        if line.look.left_out:
            console.print_warning(f"{line.root}: {line.check} was left out: {line.look.left_out}")


if __name__ == "__main__":
    sys.exit(main())
