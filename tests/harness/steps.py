"""What a scenario prints: each step when it is over, with its seconds, and a table of all of them at the end."""

import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field

from rich.console import Console
from rich.markup import escape
from rich.table import Table
from rich.text import Text

SHOWN_CHARACTERS = 180


@dataclass(frozen=True)
class StepResult:
    """Seconds since the scenario began, and those of the step itself."""

    section: str
    title: str
    result: str
    at_seconds: float
    took_seconds: float
    is_as_expected: bool


@dataclass
class StepDetails:
    """The lines below a numbered step, each with its style."""

    lines: list[tuple[str, str]] = field(default_factory=list)

    def add(self, text: str, style: str = "") -> None:
        self.lines.append((f"    {text}", style))


class StepPrinter:
    """Prints to the console, and keeps the result of every step."""

    def __init__(self, console: Console) -> None:
        self.console = console
        self.section = ""
        self.results: list[StepResult] = []
        self._started = self._last = time.monotonic()

    @property
    def seconds(self) -> float:
        """Since the scenario began."""
        return time.monotonic() - self._started

    def start_section(self, title: str) -> None:
        self.section = title
        self._last = time.monotonic()
        self.console.print(f"\n[bold]{escape(title)}[/]")

    def add(self, title: str, result: str, took: float | None = None, is_as_expected: bool = True) -> StepResult:
        """A step that is over, as one line; without `took`, since the last one."""
        step = self._keep(title, shorten(result), took, is_as_expected)
        sign = "[green]✓[/]" if is_as_expected else "[red]✗[/]"
        text = f"{step.at_seconds:6.1f} s {sign} {escape(title)}: {escape(step.result)}"
        self.console.print(f"{text} [dim]({step.took_seconds:.1f} s)[/]", soft_wrap=True)
        return step

    @contextmanager
    def numbered(self, title: str, workflow: str = "") -> Iterator[StepDetails]:
        """A step of several lines below its number and title; one that failed is printed, too, as far as it came."""
        details, started, is_as_expected = StepDetails(), time.monotonic(), False
        try:
            with self.console.status(f"{title} …"):
                yield details
            is_as_expected = True
        finally:
            step = self._keep(title, "", time.monotonic() - started, is_as_expected)
            self._print_numbered(step, workflow, details)

    def print_plain(self, text: str) -> None:
        """What a program printed, as it stands."""
        self.console.print(Text.from_ansi(text.rstrip()), soft_wrap=True)

    def print_table(self, title: str, headers: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
        """The column of seconds, `s`, is right-aligned."""
        table = Table(title=title, title_justify="left", title_style="bold")
        for header in headers:
            table.add_column(header, justify="right" if header == "s" else "left")
        for row in rows:
            table.add_row(*map(escape, row))
        self.console.print(table)

    def _keep(self, title: str, result: str, took: float | None, is_as_expected: bool) -> StepResult:
        now = time.monotonic()
        took = now - self._last if took is None else took
        self._last = now
        self.results.append(StepResult(self.section, title, result, now - self._started, took, is_as_expected))
        return self.results[-1]

    def _print_numbered(self, step: StepResult, workflow: str, details: StepDetails) -> None:
        left, right = f"{len(self.results):2}  {step.title}", f"{workflow}  {step.took_seconds:4.0f} s"
        gap = max(self.console.width - len(left) - len(right), 2)
        self.console.print(Text(f"{left}{' ' * gap}{right}", style="bold"), soft_wrap=True)
        for text, style in details.lines:
            self.console.print(Text(text, style=style), soft_wrap=True)


def shorten(text: str) -> str:
    """One line that a table can hold."""
    words = " ".join(text.split())
    return words if len(words) <= SHOWN_CHARACTERS else f"{words[: SHOWN_CHARACTERS - 2]} …"
