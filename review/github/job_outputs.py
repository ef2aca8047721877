"""What a step leaves for the next one: outputs and the job's summary, in the files that GitHub's runner names."""

import os
import sys
from pathlib import Path

from cli import console
from cli.errors import InputError

MAX_SUMMARY_BYTES = 1024 * 1024  # GitHub refuses a longer one


def write_outputs(**values: str) -> None:
    """Adds `name=value` lines to GITHUB_OUTPUT; `_` in a name becomes `-`. Outside of a job they are only printed.

    Raises: InputError for a value that would become a second output.
    """
    lines = []
    for name, value in values.items():
        if not value.isprintable():
            raise InputError(f"output {name} is {value!r}, expected one printable line")
        lines.append(f"{name.replace('_', '-')}={value}")
    if target := os.environ.get("GITHUB_OUTPUT"):
        with Path(target).open("a", encoding="utf-8") as file:
            file.writelines(f"{line}\n" for line in lines)
    for line in lines:
        console.print_done(line)


def write_summary(text: str) -> None:
    """Adds Markdown to GITHUB_STEP_SUMMARY; outside of a job it goes to standard output."""
    target = os.environ.get("GITHUB_STEP_SUMMARY")
    if not target:
        sys.stdout.write(f"{text}\n")
        return
    if len(text.encode()) > MAX_SUMMARY_BYTES:
        raise InputError(f"the summary has {len(text.encode()):,} bytes, GitHub takes {MAX_SUMMARY_BYTES:,}")
    with Path(target).open("a", encoding="utf-8") as file:
        file.write(f"{text}\n")
    console.print_done("the report is in the job's summary")
