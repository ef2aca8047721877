"""Where every plant plays: one table, one champion, the real training and the real gate, with small models."""

import os
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from functools import cache
from itertools import count
from pathlib import Path
from typing import Any
from unittest import mock

import msgspec
import numpy as np
import pandas as pd

import training.local.pipeline
import training.packaging.package
from contract.bundle import Bundle
from contract.dataset import Dataset
from contract.report import Verdict
from tests.planted import quick_params, quick_policy, scratch, split_table
from training.artifacts import Artifacts
from training.data.dataset_file import check_dataset, load_dataset
from training.data.load import load_table
from training.data.sources.source import RawData
from training.data.table import Table
from training.data.validation import validate_raw
from training.gate.judge import GateResult, judge_candidate
from training.gate.policy import Policy
from training.local.pipeline import make_candidate
from training.params import Params

Frame = pd.DataFrame
FEWER = (
    (training.local.pipeline, "HOLDOUT_RESAMPLES", 50),
    (training.packaging.package, "PARITY_ROWS", 2000),
)  # a plant is no test of the interval's ends or of the two engines
_numbers = count()


@dataclass(frozen=True)
class Case:
    """What is handed to the gate."""

    candidate: Bundle
    champion: Bundle | None
    table: Table
    params: Params


@dataclass(frozen=True)
class Plant:
    """One pull request as somebody sends it, with the verdict that a good reviewer gives.

    `check` is the check that must say so and `words` a part of its reason; `refused` as verdict: it never reaches
    the gate. An honest one passes.
    """

    name: str
    what: str
    make: Callable[[], Case]
    verdict: Verdict | str
    check: str = ""
    words: str = ""
    tags: tuple[str, ...] = field(default=())


@cache
def policy() -> Policy:
    """The quick one, with the fewest timings that it allows."""
    quick = quick_policy()
    return msgspec.structs.replace(
        quick, budgets=msgspec.structs.replace(quick.budgets, latency_rounds=3, latency_calls=10)
    )


@cache
def table() -> Table:
    """The published rows where DATA names them, else those of the generator."""
    source = os.environ.get("DATA")
    return load_table(load_dataset("ai4i"), source or "generator", scratch() / "rejected.csv")


@cache
def holdout_rows() -> "np.ndarray[Any, np.dtype[np.intp]]":
    return split_table(table()).test


@cache
def champion() -> Bundle:
    return train(table(), seed=3)


def change(
    edit: Callable[[Frame], Frame] | None = None, dataset: Dataset | None = None, of: Table | None = None
) -> Table:
    """The table of other raw rows, or under another dataset file, through every check that `make data` makes."""
    base = of or table()
    used = base.dataset if dataset is None else dataset
    check_dataset(used, Path("dataset.yaml"))
    frame = base.frame.copy() if edit is None else edit(base.frame.copy())
    return validate_raw(RawData(frame.reset_index(drop=True), "planted rows"), used, scratch() / "rejected.csv")


def edit_dataset(**changes: object) -> Dataset:
    """Another dataset file; whoever adds a column gives it a value in the rows of the behaviour, too."""
    dataset = msgspec.structs.replace(table().dataset, **changes)
    values = {column.name: None if column.nullable else 0.0 for column in dataset.columns}
    rows = tuple(
        msgspec.structs.replace(case, row={**values, **case.row}) for case in dataset.behaviour.minimum_function
    )
    behaviour = msgspec.structs.replace(dataset.behaviour, minimum_function=rows)
    return msgspec.structs.replace(dataset, behaviour=behaviour)


def train(rows: Table, seed: int = 20, using: Params | None = None, **patches: Any) -> Bundle:
    """What `make train` makes of these rows; `patches` replaces functions of training/local/pipeline.py by name."""
    settings = msgspec.structs.replace(using or quick_params(), seed=seed)
    with ExitStack() as stack:
        stack.enter_context(smaller())
        for name, function in patches.items():
            stack.enter_context(mock.patch.object(training.local.pipeline, name, function))
        return make_candidate(Artifacts(scratch() / str(next(_numbers))), rows, settings)


@contextmanager
def smaller() -> Iterator[None]:
    with ExitStack() as stack:
        for module, name, value in FEWER:
            stack.enter_context(mock.patch.object(module, name, value))
        yield


def send(
    rows: Table,
    against: Bundle | None = None,
    using: Params | None = None,
    judged_on: Table | None = None,
    **patches: Any,
) -> Case:
    """A candidate trained on `rows`, against the champion of the unchanged table unless another is given."""
    settings = using or quick_params()
    candidate = train(rows, using=settings, seed=settings.seed, **patches)
    return Case(candidate, champion() if against is None else against, judged_on or rows, settings)


def judge(case: Case) -> GateResult:
    with smaller():
        return judge_candidate(
            case.candidate, case.champion, case.table, policy(), case.params, seed=1, first_run=case.champion is None
        )
