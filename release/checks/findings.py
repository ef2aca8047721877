"""The result of one check: it holds, it does not, or it could not be made; and the verdict over all of them."""

from collections.abc import Callable
from dataclasses import dataclass, field
from enum import Enum
from typing import TypeVar

from rich.markup import escape

from cli import console
from cli.errors import EXIT_FAIL, EXIT_OK, EXIT_OUTSIDE, InputError, OutsideError, RefusedError

Result = TypeVar("Result")


class Mark(Enum):
    """As a person sees it."""

    HOLDS = "[green]✓[/]"
    FAILS = "[red]✗[/]"
    UNKNOWN = "[yellow]?[/]"  # never green
    SKIPPED = "[dim]-[/]"


@dataclass(frozen=True)
class Finding:
    """`text` says what was found, and of what does not hold also what was expected."""

    name: str
    mark: Mark
    text: str


@dataclass
class Findings:
    """All findings on one subject, in the order of the checks."""

    subject: str
    all: list[Finding] = field(default_factory=list)

    def attempt(self, name: str, ask: Callable[[], Result], describe: Callable[[Result], str] = str) -> Result | None:
        """What `ask` answers; None if it refused or could not know, which is noted."""
        try:
            result = ask()
        except (RefusedError, InputError) as error:
            self.note(name, Mark.FAILS, str(error))
        except OutsideError as error:
            self.note(name, Mark.UNKNOWN, str(error))
        else:
            self.note(name, Mark.HOLDS, describe(result))
            return result
        return None

    def note(self, name: str, mark: Mark, text: str) -> None:
        self.all.append(Finding(name, mark, text))

    def find(self, mark: Mark) -> Finding | None:
        return next((finding for finding in self.all if finding.mark is mark), None)

    @property
    def exit_code(self) -> int:
        if self.find(Mark.FAILS):
            return EXIT_FAIL
        return EXIT_OUTSIDE if self.find(Mark.UNKNOWN) or not self.find(Mark.HOLDS) else EXIT_OK

    def require(self) -> None:
        """Raises: RefusedError with the first that does not hold, OutsideError with the first that is unknown."""
        if failure := self.find(Mark.FAILS):
            raise RefusedError(f"{self.subject} is not verified, {failure.name}: {failure.text}")
        if self.exit_code:
            unknown = self.find(Mark.UNKNOWN)
            reason = f"{unknown.name}: {unknown.text}" if unknown else "nothing was checked"
            raise OutsideError(f"{self.subject} is not verified, {reason}")

    def print(self) -> None:
        """The subject, then a line each."""
        console.out.print(f"[bold]{escape(self.subject)}[/]", soft_wrap=True)
        width = max((len(finding.name) for finding in self.all), default=0)
        for finding in self.all:
            console.out.print(
                f"  {finding.mark.value} {escape(finding.name):{width}}  {escape(finding.text)}", soft_wrap=True
            )
