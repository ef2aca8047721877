"""What a person reads in a job's log: what was done, warnings and errors in one line each."""

import re

from rich.console import Console
from rich.markup import escape

WIDE_ENOUGH = 110  # columns: a job's log has no width of its own

out = Console(highlight=False, emoji=False, soft_wrap=True, width=WIDE_ENOUGH)
err = Console(stderr=True, highlight=False, emoji=False, soft_wrap=True)


def clean_text(text: str, limit: int = 1000) -> str:
    """One printable line in which GitHub's runner sees no command of its own (`##[…]`, `::…::`)."""
    line = "".join(letter if letter.isprintable() else " " for letter in text[: 4 * limit])
    line = re.sub(r"##(?=\[)|::(?=\S)", lambda found: f"{found.group(0)} ", " ".join(line.split()))
    return line if len(line) <= limit else f"{line[: limit - 1]}…"


def print_done(text: str) -> None:
    out.print(f"[green]✓[/] {escape(clean_text(text))}")


def print_warning(text: str) -> None:
    err.print(f"[yellow]warning:[/] {escape(clean_text(text))}")


def print_error(text: str) -> None:
    err.print(f"[red]error:[/] {escape(clean_text(text))}")
