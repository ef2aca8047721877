"""Whether today's dataset file asks as much of a model as the one that the champion was made under."""

from collections.abc import Iterator, Mapping, Set

import msgspec

from contract.dataset import Dataset
from contract.report import Check
from contract.schema import Requirements
from training.gate.evidence import HoldoutEvidence
from training.gate.result import NO_CHAMPION, choose_verdict, leave_unchecked
from training.lineage.requirements import describe_requirements

EXPECTED = "at least what the champion was made under"
SUBJECTS = ("costs", "behaviour", "slices", "split", "identifiers", "bounds")


def check_requirements(evidence: HoldoutEvidence) -> Iterator[Check]:
    """One check a subject, or one that there is nothing to compare with."""
    if evidence.champion is None:
        yield leave_unchecked("declared/requirements", EXPECTED, NO_CHAMPION)
        return
    before = evidence.champion.bundle.manifest.requirements
    if before is None:
        why = "the champion's bundle is of an earlier version, which does not say what was required of it"
        yield leave_unchecked("declared/requirements", EXPECTED, why)
        return
    columns = {column.name for column in evidence.champion.bundle.manifest.schema.columns}
    today = describe_requirements(leave_out_new(evidence.dataset, columns), evidence.params)
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


def leave_out_new(dataset: Dataset, columns: Set[str]) -> Dataset:
    """The dataset file with the behaviour's rows as before: a new column needs a value there, which changes no wish."""
    rows = tuple(
        msgspec.structs.replace(case, row={name: value for name, value in case.row.items() if name in columns})
        for case in dataset.behaviour.minimum_function
    )
    return msgspec.structs.replace(dataset, behaviour=msgspec.structs.replace(dataset.behaviour, minimum_function=rows))


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
