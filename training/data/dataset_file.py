"""The dataset file, read from YAML and checked: a file whose parts do not fit together is refused in one line."""

import math
import re
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import msgspec
import pandas as pd

from cli.errors import InputError
from cli.yaml_file import read_struct
from contract.compute.bins import MISSING
from contract.compute.plan import FeaturePlan
from contract.dataset import Dataset
from contract.errors import ContractError
from contract.schema import Value
from training.data.declared import (
    find_blank_problems,
    find_judging_problems,
    find_move_problems,
    find_name_problem,
    find_role_problems,
    find_row_problems,
    find_step_problems,
    find_use_problems,
    find_value_problems,
)

DATASETS = Path(__file__).parents[1] / "datasets"


def load_dataset(name: str) -> Dataset:
    """The dataset of that name in training/datasets, or the dataset file at that path.

    Raises: InputError if there is none or the file does not hold together.
    """
    path = Path(name) if name.endswith((".yaml", ".yml")) else DATASETS / f"{name}.yaml"
    if not path.is_file():
        known = ", ".join(sorted(file.stem for file in DATASETS.glob("*.yaml")))
        raise InputError(f"dataset {name!r} is not known: expected one of {known}, or the path of a dataset file")
    dataset = read_struct(path, Dataset)
    check_dataset(dataset, path)
    return dataset


def check_dataset(dataset: Dataset, path: Path) -> None:
    """Whether the parts of a dataset file fit together.

    Raises: InputError with the first that does not.
    """
    for problem in _find_problems(dataset):
        raise InputError(f"{path}: {problem}")


def _find_problems(dataset: Dataset) -> Iterator[str]:
    yield from _find_infinite(msgspec.to_builtins(dataset), "")
    yield from find_name_problem(dataset.name)
    yield from _find_column_problems(dataset)
    yield from find_role_problems(dataset.columns, dataset.target.source, dataset.identifiers, dataset.leakage)
    yield from find_blank_problems(_list_texts(dataset))
    yield from _find_strangers(dataset)
    yield from find_step_problems(dataset.columns)
    yield from find_use_problems(dataset.target.source, _list_uses(dataset))
    yield from find_value_problems(dataset.columns, _list_rows(dataset))
    yield from _find_behaviour_problems(dataset)
    if dataset.task == "binary" and (dataset.target.positive is None or dataset.costs is None):
        yield "a binary task needs target.positive and costs"
    if dataset.costs and not min(dataset.costs.missed, dataset.costs.false_alarm) > 0:
        yield "the costs of a mistake must be greater than 0"
    if dataset.prevalence and not 0 <= dataset.prevalence.minimum <= dataset.prevalence.maximum <= 1:
        yield "prevalence must rise from minimum to maximum within 0 and 1"
    if dataset.generator and not (dataset.generator.rows > 0 and dataset.generator.seed >= 0):
        yield "generator needs rows above 0 and a seed of 0 or more"
    if dataset.group and (dataset.group.by is None) == (dataset.group.falls is None):
        yield "group needs either `by` or `falls`"
    yield from find_judging_problems(dataset.task, dataset.ceiling, dataset.accepted)
    if dataset.time and dataset.time.format is not None and dataset.time.counter:
        yield "order needs one of `format` and `counter`, found both"
    if dataset.time and dataset.time.format is not None and not is_format(dataset.time.format):
        yield f"order.format is {dataset.time.format!r}, expected a format of strptime such as '%m/%d/%Y %H:%M'"
    try:
        FeaturePlan(dataset.schema)
    except ContractError as error:
        yield str(error)


def _find_infinite(value: object, place: str) -> Iterator[str]:
    if isinstance(value, dict):
        for name, part in value.items():
            yield from _find_infinite(part, f"{place}.{name}" if place else str(name))
    elif isinstance(value, list | tuple):
        for index, part in enumerate(value):
            yield from _find_infinite(part, f"{place}[{index}]")
    elif isinstance(value, float) and not math.isfinite(value):
        yield f"{place} is {value}, expected a finite number"


def is_format(form: str) -> bool:
    """Whether a text is a format of strptime that says when something was."""
    moment = datetime(2001, 2, 3, 4, 5, 6, tzinfo=UTC)
    try:
        shown = moment.strftime(form)
        return shown != form and bool(pd.notna(pd.to_datetime(shown, format=form, utc="%z" in form)))
    except (ValueError, re.error):
        return False


def _find_column_problems(dataset: Dataset) -> Iterator[str]:
    names = dataset.value_names
    if repeated := _find_repeated(names) or _find_repeated(list(dataset.schema.features)):
        yield f"the name {repeated!r} stands twice"
    for name in names:
        if name == "score" or set("[]<") & set(name):
            yield f"the name {name!r} is taken or not one for a feature, which may not hold [, ] or <"
    for column in dataset.columns:
        if column.type == "category" and not column.categories:
            yield f"column {column.name!r} is a category without categories"
        if MISSING in column.categories or _find_repeated(list(column.categories)):
            yield f"column {column.name!r} has a category twice, or one named {MISSING!r}, which is the bin of no value"
        if column.minimum is not None and column.maximum is not None and not column.minimum <= column.maximum:
            yield f"column {column.name!r} has minimum {column.minimum:g} above maximum {column.maximum:g}"
        if column.source in dataset.leakage or column.source == dataset.target.source:
            yield f"column {column.name!r} comes from {column.source!r}, which is leakage or the target"


def _list_uses(dataset: Dataset) -> Iterator[tuple[str, str | None]]:
    """Every raw column by which rows are ordered or told apart."""
    yield "group.by", dataset.group.by if dataset.group else None
    yield "order", dataset.time.column if dataset.time else None
    yield "key", dataset.key


def _list_texts(dataset: Dataset) -> Iterator[tuple[str, str]]:
    """Every text that is compared with a cell or a name of the raw data."""
    for raw in dataset.raw_columns:
        yield f"the raw column {raw!r}", raw
    for column in dataset.columns:
        yield f"the name of the column from {column.source!r}", column.name
        yield from ((f"a category of {column.name!r}", category) for category in column.categories)
    if isinstance(dataset.target.positive, str):
        yield "target.positive", dataset.target.positive


def _list_rows(dataset: Dataset) -> Iterator[tuple[str, dict[str, Value]]]:
    """Every value of a column that the file gives, by where it stands."""
    for column in dataset.columns:
        if column.example is not None:
            yield "example", {column.name: column.example}
    for direction in dataset.behaviour.directions:
        yield from ((f"behaviour {direction.name!r}", row) for row in (direction.given, direction.start, direction.end))
    for case in dataset.behaviour.minimum_function:
        yield f"behaviour {case.name!r}", case.row


def _find_behaviour_problems(dataset: Dataset) -> Iterator[str]:
    """Rows that are not whole, moves that leave open what moves, and two sentences of one name."""
    behaviour = dataset.behaviour
    for case in behaviour.minimum_function:
        yield from find_row_problems(dataset.columns, f"behaviour {case.name!r}", case.row)
    for move in behaviour.directions:
        yield from find_move_problems(f"behaviour {move.name!r}", move.given, move.start, move.end)
    names = [move.name for move in behaviour.directions] + [case.name for case in behaviour.minimum_function]
    if repeated := _find_repeated(names):
        yield f"behaviour {repeated!r} stands twice, expected a name for one sentence"


def _find_strangers(dataset: Dataset) -> Iterator[str]:
    """Names that are used and nowhere declared."""
    group, rule, values = dataset.group, dataset.rule, dataset.value_names
    conditions = [condition for part in rule.any for condition in part.all] if rule else []
    rows = [row for d in dataset.behaviour.directions for row in (d.given, d.start, d.end)]
    rows += [m.row for m in dataset.behaviour.minimum_function]
    used = (
        ("slices", dataset.slices, values),
        ("group.falls", (group.falls,) if group else (), values),
        ("group.by", (group.by,) if group else (), dataset.raw_columns),
        ("key", (dataset.key,), dataset.raw_columns),
        ("raw_types", dataset.raw_types, (*dataset.identifiers, *dataset.leakage)),
        ("order", (dataset.time.column,) if dataset.time else (), dataset.raw_columns),
        ("rule", (name for c in conditions for name in (c.feature, c.minus)), values),
        ("rule.tie_break", (rule.tie_break,) if rule else (), [column.name for column in dataset.columns]),
        ("behaviour", (name for row in rows for name in row), values),
        ("unused_features", dataset.unused_features, dataset.given_features),
    )
    for place, names, known in used:
        for name in names:
            if name is not None and name not in known:
                yield f"{place} names {name!r}, expected one of {', '.join(known)}"


def _find_repeated(names: list[str]) -> str | None:
    return next((name for name in names if names.count(name) > 1), None)
