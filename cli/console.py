"""What a person reads in the terminal or a job's log: what was done, tables, warnings and errors in one line each."""

import re
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager

from rich.console import Console
from rich.markdown import Markdown
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn
from rich.table import Table as Grid

WIDE_ENOUGH = 110  # columns, where the output goes to a file: tables would break at the default of 80
MAX_CHARACTERS = 4000  # of a line

# what people wrote is shown as they wrote it: `:fire:` is no picture
out = Console(highlight=False, emoji=False, width=None if sys.stdout.isatty() else WIDE_ENOUGH)
err = Console(stderr=True, highlight=False, emoji=False, soft_wrap=True)


def clean_text(text: str, limit: int = 1000) -> str:
    """One printable line in which GitHub's runner sees no command of its own (`##[…]`, `::…::`)."""
    line = "".join(letter if letter.isprintable() else " " for letter in text[: 4 * limit])
    line = re.sub(r"##(?=\[)|::(?=\S)", lambda match: f"{match.group(0)} ", " ".join(line.split()))
    return line if len(line) <= limit else f"{line[: limit - 1]}…"


@contextmanager
def step(text: str) -> Iterator[None]:
    """Shows that something takes its time."""
    with out.status(f"{escape(text)} …"):
        yield


@contextmanager
def progress(text: str, total: int) -> Iterator[Callable[[], None]]:
    """A bar that the yielded call moves by one."""
    columns = (TextColumn(text), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn(), TimeRemainingColumn())
    with Progress(*columns, console=out, transient=True) as bar:
        task = bar.add_task(text, total=total)
        yield lambda: bar.advance(task)


def print_done(text: str) -> None:
    out.print(f"[green]✓[/] {escape(clean_text(text, MAX_CHARACTERS))}", soft_wrap=True)


def print_warning(text: str) -> None:
    err.print(f"[yellow]warning:[/] {escape(clean_text(text, MAX_CHARACTERS))}")


def print_error(text: str) -> None:
    err.print(f"[red]error:[/] {escape(clean_text(text, MAX_CHARACTERS))}")


def print_markdown(text: str) -> None:
    out.print(Markdown(text))


def print_grid(title: str, headers: Sequence[str], rows: Iterable[Sequence[str]], *, lines: bool = False) -> None:
    """A table, with lines between the rows where they are high; numbers are the caller's to format."""
    grid = Grid(title=escape(title), title_justify="left", title_style="bold", show_lines=lines)
    for header in headers:
        grid.add_column(header)
    for row in rows:
        grid.add_row(*(escape(cell) for cell in row))
    out.print(grid)
