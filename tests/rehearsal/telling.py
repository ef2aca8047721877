"""What a rehearsal prints: a numbered step with its seconds, below it what landed, moved, or was refused."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from rich.console import Console
from rich.text import Text

from tests.rehearsal.commits import Commit

WIDTH = 118


@dataclass
class Step:
    """What is told of one step; it is shown when it is over."""

    lines: list[tuple[str, str]] = field(default_factory=list)

    def say(self, text: str, style: str = "") -> None:
        self.lines.append((f"    {text}", style))

    def show(self, commits: list[Commit]) -> None:
        for commit in commits:
            self.say(f"{commit.short}  {commit.subject}", "bold yellow")
            for name in commit.files:
                self.say(f"            {name}")
            for line in commit.lines if len(commit.files) == 1 else ():
                self.say(f"            {line}", "green" if line.startswith("+") else "red")


class Teller:
    """Numbers the steps."""

    def __init__(self, console: Console) -> None:
        self.console = console
        self.number = 0

    @contextmanager
    def step(self, title: str, by: str = "") -> Iterator[Step]:
        """A step that failed is shown, too, with what was said until then."""
        self.number += 1
        step, started = Step(), time.monotonic()
        try:
            with self.console.status(f"{title} …"):
                yield step
        finally:
            self.print_step(title, by, step, time.monotonic() - started)

    def print_step(self, title: str, by: str, step: Step, seconds: float) -> None:
        left, right = f"{self.number:2}  {title}", f"{by}  {seconds:4.0f} s"
        gap = max(WIDTH - len(left) - len(right), 2)
        self.console.print(Text(f"{left}{' ' * gap}{right}", style="bold"), soft_wrap=True)
        for text, style in step.lines:
            self.console.print(Text(text, style=style), soft_wrap=True)

    def print_plain(self, text: str) -> None:
        """What a verb printed, as it stands."""
        self.console.print(Text.from_ansi(text.rstrip()), soft_wrap=True)
