"""What a person reads in the terminal: what was done, tables, errors in one line."""

import sys
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager

from rich.console import Console
from rich.markup import escape
from rich.table import Table

WIDE_ENOUGH = 110  # columns, where the output goes to a file: tables would break at the default of 80

# what people wrote is shown as they wrote it: `:fire:` is no picture
out = Console(highlight=False, emoji=False, width=None if sys.stdout.isatty() else WIDE_ENOUGH)
err = Console(stderr=True, highlight=False, emoji=False, soft_wrap=True)


@contextmanager
def step(text: str) -> Iterator[None]:
    """Shows that something takes its time."""
    with out.status(f"{escape(text)} …"):
        yield


def print_done(text: str) -> None:
    out.print(f"[green]✓[/] {escape(text)}", soft_wrap=True)


def print_warning(text: str) -> None:
    err.print(f"[yellow]warning:[/] {escape(text)}")


def print_error(text: str) -> None:
    err.print(f"[red]error:[/] {escape(text)}")


def print_grid(title: str, headers: Sequence[str], rows: Iterable[Sequence[str]], *, lines: bool = False) -> None:
    """A table, with lines between the rows where they are high; numbers are the caller's to format."""
    grid = Table(title=escape(title), title_justify="left", title_style="bold", show_lines=lines)
    for header in headers:
        grid.add_column(header)
    for row in rows:
        grid.add_row(*(escape(cell) for cell in row))
    out.print(grid)
