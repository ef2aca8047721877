"""`python -m tests.workflows.security`: workflows, secrets, scripts, Python; 0 if all was scanned and nothing found.

1 something was found, 2 a program is missing or one of them had nothing to look at.
"""

import sys
from collections.abc import Callable

from rich.console import Console
from rich.table import Table

from tests.harness.errors import UsageError
from tests.workflows.linters import Linted, audit_actions, audit_python, lint_actions, lint_scripts, scan_history

CHECKS: dict[str, tuple[Callable[[], Linted], str]] = {
    "actionlint": (lint_actions, "workflows"),
    "zizmor, as an auditor": (audit_actions, "workflows and actions"),
    "gitleaks": (scan_history, "commits"),
    "shellcheck": (lint_scripts, "scripts"),
    "ruff's bandit": (audit_python, "Python files"),
}
NOTE = (
    "Known vulnerabilities of libraries are Dependabot's to ask for: a check that finds none because it could not ask "
    "would be worse than no check."
)


def main() -> int:
    """The exit code."""
    console = Console(highlight=False)
    table = Table("Check", "Scanned", "Found")
    found: list[str] = []
    try:
        for name, (check, what) in CHECKS.items():
            linted = check()
            if not linted.scanned:
                raise UsageError(f"{name} looked at no {what}: that is no result")
            table.add_row(name, f"{linted.scanned} {what}", str(len(linted.findings)))
            found += [f"{name}: {finding}" for finding in linted.findings]
    except UsageError as error:
        console.print(f"error: {error}", markup=False)
        return 2
    console.print(table)
    for finding in found:
        console.print(finding, markup=False, soft_wrap=True)
    console.print(NOTE)
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
