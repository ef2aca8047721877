"""What the verdict means for the pull request: go on, stop, or wait for a person's name."""

from dataclasses import dataclass

from cli.console import clean_text
from cli.errors import EXIT_FAIL, EXIT_OK, EXIT_UNDECIDED, RefusedError
from contract.report import Report
from review.approval.label import LABEL, find_acceptance
from review.github.client import GitHub
from review.github.types import Pull


@dataclass(frozen=True)
class Decision:
    """`accepted_by` is the login of who let it pass without enough evidence."""

    exit_code: int
    text: str
    accepted_by: str | None = None


def decide(report: Report, github: GitHub | None, number: int | None) -> Decision:
    """Pass goes on, fail stops whoever approves, not enough evidence needs an acceptance by name.

    Raises: OutsideError.
    """
    headline = clean_text(report.headline, 300)
    if report.verdict == "pass":
        return Decision(EXIT_OK, headline)
    if report.verdict == "fail":
        return Decision(EXIT_FAIL, f"{headline} No approval changes that.")
    if github is None or number is None:
        return Decision(EXIT_UNDECIDED, f"{headline} Only on a pull request can somebody accept that; say --number.")
    try:
        login = find_acceptance(github, number, github.get(f"/pulls/{number}", Pull).head.sha)
    except RefusedError as refusal:
        return Decision(EXIT_UNDECIDED, f"{headline} {refusal}, and run this job again.")
    return Decision(EXIT_OK, f"{headline} Accepted by {login} with the label {LABEL!r}.", login)
