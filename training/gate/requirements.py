"""Whether today's dataset file asks as much of a model as the one that the champion was made under."""

from collections.abc import Iterator, Mapping

from contract.schema import Requirements
from training.gate.evidence import Evidence
from training.gate.result import Check, choose_verdict, leave_unchecked
from training.lineage.requirements import describe_requirements

EXPECTED = "at least what the champion was made under"
SUBJECTS = ("costs", "behaviour", "slices", "split", "identifiers", "bounds")


def check_requirements(evidence: Evidence) -> Iterator[Check]:
    """One check a subject; nothing on a first run."""
    if evidence.champion is None:
        return
    before = evidence.champion.bundle.manifest.requirements
    if before is None:
        why = "the champion's bundle is of an earlier version, which does not say what was asked of it"
        yield leave_unchecked("declared/requirements", EXPECTED, why)
        return
    today = describe_requirements(evidence.dataset, evidence.params)
    for subject in SUBJECTS:
        problems = list(_find_problems(subject, before, today))
        yield Check(
            name=f"declared/{subject}",
            verdict=choose_verdict(not problems),
            found="; ".join(problems) or "unchanged or more",
            expected=EXPECTED,
            reason=f"The dataset file asks for less or for something else than the champion's: {'; '.join(problems)}."
            if problems
            else f"What is declared about {subject} is what the champion was made under, or more.",
        )


def _find_problems(subject: str, before: Requirements, today: Requirements) -> Iterator[str]:
    old, new = getattr(before, subject), getattr(today, subject)
    if isinstance(old, Mapping):
        yield from _compare(old, new, hides_values=subject == "behaviour")
    else:
        yield from (f"{name} is no longer among the {subject}" for name in old if name not in new)


def _compare(old: Mapping[str, object], new: Mapping[str, object], hides_values: bool) -> Iterator[str]:
    for name, value in old.items():
        if name not in new:
            yield f"{name!r} is no longer there"
        elif new[name] != value:
            yield f"{name!r} was changed" if hides_values else f"{name} was {value}, and is {new[name]}"
