"""Findings that a person accepts by name in the dataset file: they block no more, and the report says who and why."""

from collections.abc import Iterator, Sequence

import msgspec

from contract.dataset import Accepted
from contract.report import Check

NAME = "accepted/unused"


def apply_acceptances(checks: Sequence[Check], accepted: Sequence[Accepted]) -> Iterator[Check]:
    """The checks, those accepted no longer blocking, and one that fails for each acceptance that accepts nothing."""
    used = set()
    for check in checks:
        match = next((one for one in accepted if _is_about(one, check)), None)
        if match is None:
            yield check
            continue
        used.add(match)
        words = f"{match.by}: {match.reason}"
        reason = f"{check.reason} Accepted by {words.rstrip('.')}."
        yield msgspec.structs.replace(check, blocking=False, accepted=words, reason=reason)
    yield from (_refuse(one) for one in accepted if one not in used)


def _is_about(one: Accepted, check: Check) -> bool:
    if check.verdict == "pass" or check.name != one.check:
        return False
    return one.column in check.about if check.about else one.column is None


def _refuse(one: Accepted) -> Check:
    about = f" about {one.column!r}" if one.column else ""
    return Check(
        name=NAME,
        verdict="fail",
        found=f"{one.check}{about}",
        expected="a finding of this gate",
        reason=f"{one.by} accepts {one.check}{about} in the dataset file, and the gate finds no such thing: take it "
        "out, or it will hide the next one.",
    )
