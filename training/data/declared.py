"""What a dataset file itself says of values, held against the columns it declares."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from contract.dataset import Accepted
from contract.intake.cells import trim_text
from contract.intake.values import check_value
from contract.schema import Column, Task
from contract.soundness import MAX_NAME_BYTES

# findings about data that may be as they should; what a model does wrong is accepted by nobody
ACCEPTABLE = (
    "leakage/values", "leakage/one feature", "leakage/future", "leakage/too good",
    "split/twins", "split/moved",
    "data/changed", "data/units", "data/categories", "data/resolution", "data/rows", "data/rows gone", "data/labels",
    "declared/costs", "declared/behaviour", "declared/slices", "declared/split", "declared/identifiers",
    "declared/bounds",
)  # fmt: skip # a table

# where more is better; others have no ceiling
CEILING_METRICS: dict[Task, tuple[str, ...]] = {
    "binary": ("pr_auc", "roc_auc", "f1", "precision", "recall"),
    "regression": ("r2",),
}
BOTH = 2  # minimum and maximum
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")


def find_name_problem(name: str) -> Iterator[str]:
    """Why a dataset cannot be called so: its name is part of addresses and of files' names."""
    if _NAME.fullmatch(name) is None:
        yield f"name is {name!r}, expected letters, digits, '.', '_' and '-', the first one a letter or digit"
    elif len(name) > MAX_NAME_BYTES:
        yield f"name has {len(name)} characters, expected at most {MAX_NAME_BYTES}"


def find_role_problems(
    columns: Sequence[Column], target: str, identifiers: Sequence[str], leakage: Sequence[str]
) -> Iterator[str]:
    """Raw columns declared twice, of which only one's rules would hold, and names that mean two columns in a header."""
    roles = [(column.source, f"column {column.name!r}") for column in columns]
    roles += [(target, "the target"), *((raw, "an identifier") for raw in identifiers)]
    roles += [(raw, "leakage") for raw in leakage]
    first: dict[str, str] = {}
    for raw, role in roles:
        if raw in first:
            yield f"the raw column {raw!r} is declared as {first[raw]} and as {role}, expected it once"
        first.setdefault(raw, role)
    for column in columns:
        if column.name != column.source and first.get(column.name, "").startswith("column "):
            yield f"column {column.name!r} is called like the raw column of another, so an upload could mean either"


def find_use_problems(target: str, uses: Iterable[tuple[str, str | None]]) -> Iterator[str]:
    """Of raw columns, each with the place that names it, the target: it is not known before it is predicted."""
    for place, raw in uses:
        if raw == target:
            yield f"{place} names {raw!r}, which is the target; expected a column that is known before it"


def find_step_problems(columns: Sequence[Column]) -> Iterator[str]:
    """Steps and bounds that no value can keep, and those of a category, which mean nothing."""
    for column in columns:
        name, step = f"column {column.name!r}", column.step
        bounds = [bound for bound in (column.minimum, column.maximum) if bound is not None]
        if column.type == "category" and (bounds or step is not None):
            yield f"{name} is a category with a minimum, maximum or step, expected categories alone"
        if column.type != "category" and (column.categories or column.ordered):
            yield f"{name} is of type {column.type} with categories or `ordered`, expected type category"
        if step is None:
            continue
        if not step > 0:
            yield f"{name} has the step {step:g}, expected one above 0"
        if len(bounds) == BOTH and step > bounds[1] - bounds[0]:
            yield f"{name} has the step {step:g}, more than from minimum {bounds[0]:g} to maximum {bounds[1]:g}"
        if column.type == "integer" and step % 1:
            yield f"{name} is whole and has the step {step:g}, expected a whole one"


def find_blank_problems(names: Iterable[tuple[str, str]]) -> Iterator[str]:
    """Of texts, each with the place that holds it, those that no cell can equal: blanks around a cell are cut off."""
    for place, text in names:
        if trim_text(text) != text:
            yield f"{place} is {text!r}, which no cell can equal: blanks around a cell, or a blank one, mean nothing"


def find_value_problems(columns: Sequence[Column], rows: Iterable[tuple[str, Mapping[str, Any]]]) -> Iterator[str]:
    """Of rows, whole or in part, each with the place that holds it, the values that their columns refuse."""
    declared = {column.name: column for column in columns}
    for place, row in rows:
        for name, value in row.items():
            if name in declared and (problem := check_value(declared[name], value, name)) is not None:
                yield f"{place}: {problem}"


def find_row_problems(columns: Sequence[Column], place: str, row: Mapping[str, Any]) -> Iterator[str]:
    """Why a row that is to be scored is not one: a column that it lacks, or a name that is no column."""
    for column in columns:
        if column.name not in row:
            hint = ", or null where none is known" if column.nullable else ""
            yield f"{place}: the row lacks the column {column.name!r}, expected a value of every column{hint}"
    for name in sorted(row.keys() - {column.name for column in columns}):
        yield f"{place}: the row names {name!r}, which is computed from the columns, expected columns alone"


def find_move_problems(
    place: str, given: Mapping[str, Any], start: Mapping[str, Any], end: Mapping[str, Any]
) -> Iterator[str]:
    """Why a move is none: ends that name different values, the same one twice, or one that is also fixed."""
    for name in sorted(start.keys() ^ end.keys()):
        side = "to" if name in start else "from"
        yield f"{place}: `{side}` lacks {name!r}, expected the same names in `from` and `to`"
    for name in sorted(given.keys() & (start.keys() | end.keys())):
        yield f"{place}: {name!r} is in `given` and in `from` or `to`, expected it in one of them"
    if start == end:
        yield f"{place}: `from` and `to` are the same, expected a value that moves"


def find_judging_problems(task: Task, ceiling: Mapping[str, float], accepted: Sequence[Accepted]) -> Iterator[str]:
    """Ceilings of metrics that there are not, and acceptances without a name, a reason, or a check that takes one."""
    metrics = CEILING_METRICS[task]
    yield from (
        f"ceiling names {name!r}, expected one of {', '.join(metrics)}" for name in ceiling if name not in metrics
    )
    for one in accepted:
        if one.check not in ACCEPTABLE:
            known = ", ".join(ACCEPTABLE)
            yield f"accepted names the check {one.check!r}, which nobody may accept; expected one of {known}"
        for what, text in (("by", one.by), ("reason", one.reason)):
            if not text.strip():
                yield f"accepted {one.check!r}: `{what}` is empty, expected who accepts it, and why"
