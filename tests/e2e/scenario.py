"""The scenario's frame: a line and a time for each step, a table at the end, evidence when it fails."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from tests.e2e.argo import ArgoCd
from tests.e2e.client import Client, Window
from tests.e2e.images import Images, Release
from tests.e2e.kubectl import Kubectl
from tests.e2e.options import Options
from tests.e2e.repository import Repository
from tests.harness.errors import ScenarioError

WIDTH = 140
SHOWN_CHARACTERS = 180
ROOT = Path(__file__).parents[2]


@dataclass(frozen=True)
class Line:
    """One row of the table."""

    chapter: str
    step: str
    at_seconds: float
    took_seconds: float
    found: str
    is_as_expected: bool


@dataclass
class Scenario:
    """What every chapter works with, and what they have told so far."""

    options: Options
    kubectl: Kubectl
    argo: ArgoCd
    console: Console
    began: float = field(default_factory=time.monotonic)
    lines: list[Line] = field(default_factory=list)
    chapter: str = ""
    _last: float = field(default_factory=time.monotonic)

    # set by the first chapter
    repository: Repository = field(init=False)
    images: Images = field(init=False)
    releases: tuple[Release, Release, Release] = field(init=False)
    client: Client = field(init=False)
    production: Client = field(init=False)

    def begin(self, chapter: str) -> None:
        self.chapter = chapter
        self._last = time.monotonic()
        self.console.print(f"\n[bold]{escape(chapter)}[/]")

    def tell(self, step: str, found: str, took: float | None = None, is_as_expected: bool = True) -> None:
        """A step that is done; without `took`, since the last one."""
        now, found = time.monotonic(), shorten(found)
        line = Line(
            self.chapter, step, now - self.began, now - self._last if took is None else took, found, is_as_expected
        )
        self._last = now
        self.lines.append(line)
        sign = "[green]✓[/]" if is_as_expected else "[red]✗[/]"
        text = f"{line.at_seconds:6.1f} s {sign} {escape(step)}: {escape(found)} [dim]({line.took_seconds:.1f} s)[/]"
        self.console.print(text, soft_wrap=True)

    def expect(self, is_so: bool, step: str, found: str, took: float | None = None) -> None:
        """Told either way; what is not so ends the scenario.

        Raises: ScenarioError.
        """
        self.tell(step, found, took, is_so)
        if not is_so:
            raise ScenarioError(f"{self.chapter}: {step}: {found}")

    def expect_no_loss(self, window: Window, step: str) -> None:
        """Raises: ScenarioError if a request failed, or if there was no load."""
        self.expect(window.sent > 0 and window.failed == 0, step, window.describe())

    def find_pods(self, environment: str) -> list[str]:
        """Names of the predictor's pods that are ready, not ending."""
        pods = self.kubectl.list("pods", f"lathe-{environment}", "app.kubernetes.io/name=predictor")
        return sorted(
            pod["metadata"]["name"]
            for pod in pods
            if "deletionTimestamp" not in pod["metadata"]
            and any(
                condition["type"] == "Ready" and condition["status"] == "True"
                for condition in pod.get("status", {}).get("conditions", [])
            )
        )


def shorten(text: str) -> str:
    """One line that a table can hold."""
    words = " ".join(text.split())
    return words if len(words) <= SHOWN_CHARACTERS else f"{words[: SHOWN_CHARACTERS - 2]} …"


def print_summary(scenario: Scenario) -> None:
    """One row a step."""
    grid = Table(title="The scenario", title_justify="left", title_style="bold")
    for header, justify in (("Chapter", "left"), ("Step", "left"), ("Found", "left"), ("s", "right"), ("", "left")):
        grid.add_column(header, justify=justify)  # type: ignore[arg-type]
    for line in scenario.lines:
        sign = "✓" if line.is_as_expected else "✗"
        grid.add_row(line.chapter, line.step, escape(line.found), f"{line.took_seconds:.1f}", sign)
    scenario.console.print(grid)


Chapter = Callable[[Scenario], None]
