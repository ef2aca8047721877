"""What the gate says: exit codes, and a check that could not be made."""

from cli.errors import EXIT_FAIL, EXIT_OK, EXIT_UNDECIDED
from contract.report import Check, Verdict

EXIT_CODES: dict[Verdict, int] = {"pass": EXIT_OK, "fail": EXIT_FAIL, "not_enough_evidence": EXIT_UNDECIDED}


def choose_verdict(passes: bool) -> Verdict:
    return "pass" if passes else "fail"


NO_CHAMPION = "no champion"
NOT_CHECKED = "not checked"


def leave_unchecked(name: str, expected: str, why: str) -> Check:
    """A check that could not be made: shown, and no reason to stop."""
    reason = f"Not checked: {why}."
    return Check(
        name=name, verdict="not_enough_evidence", found=NOT_CHECKED, expected=expected, reason=reason, blocking=False
    )
