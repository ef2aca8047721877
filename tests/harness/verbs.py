"""What a verb of `python -m release` or of `make` came to."""

from dataclasses import dataclass


@dataclass(frozen=True)
class VerbResult:
    """Exit code, standard output and standard error."""

    code: int
    out: str
    error: str

    @property
    def lines(self) -> list[str]:
        """Of both, without the verb's own mark: a scenario prints its own."""
        lines = (line.strip().removeprefix("✓ ") for line in f"{self.out}\n{self.error}".splitlines())
        return [line for line in lines if line]

    @property
    def last(self) -> str:
        """What a person reads last; of an error its own line."""
        return self.lines[-1] if self.lines else "nothing"

    def find(self, part: str) -> str:
        """The line that holds it, or the last."""
        return next((line for line in self.lines if part in line), self.last)
