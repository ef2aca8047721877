"""Models for the gate to judge: an honest champion and candidate, and ten that must be refused, each really trained."""

import atexit
import dataclasses
import tempfile
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pandas as pd
import xgboost
from numpy.typing import NDArray

from contract.bundle import Bundle
from contract.dataset import Dataset
from contract.schema import Calibration, Column, ModelSchema
from tests.churn import generate_churn
from tests.params import PARAMS
from training.data.dataset_file import load_dataset
from training.data.fingerprint import fingerprint_frame
from training.data.sources.source import RawData, generate_raw
from training.data.splits import Split, group_holdout
from training.data.table import Table
from training.data.validation import validate_raw
from training.gate.judge import GateResult, judge_candidate
from training.gate.policy import Policy, load_policy
from training.model.intervals import measure_intervals
from training.model.train import TrainedModel, train_model
from training.packaging.package import package_model
from training.params import Params

DATASETS = Path(__file__).parent / "data" / "datasets"
ROWS, SEED = 10_000, 2020
NEGLIGIBLE = 1e-12  # a learning rate that adds trees and changes no score, not in the last bit either


@cache
def scratch() -> Path:
    folder = tempfile.TemporaryDirectory(prefix="lathe-planted-")
    atexit.register(folder.cleanup)
    return Path(folder.name)


@cache
def quick_params() -> Params:
    """A third of the trees at three times the rate."""
    return msgspec.structs.replace(PARAMS, model={**PARAMS.model, "eta": 0.1, "tree_method": "hist"}, rounds=90)


@cache
def quick_policy() -> Policy:
    """The policy as it is, with the fewest resamples it allows."""
    return msgspec.structs.replace(load_policy(), resamples=100)


@cache
def machine_table() -> Table:
    dataset = load_dataset("ai4i")
    return validate_raw(generate_raw(dataset, ROWS, SEED), dataset, scratch() / "rejected.csv")


@cache
def customer_table(name: str) -> Table:
    """The second dataset: churn, or charges for regression."""
    dataset = load_dataset(str(DATASETS / f"{name}.yaml"))
    return validate_raw(RawData(generate_churn(), "generated customers"), dataset, scratch() / "rejected.csv")


def training_side(table: Table) -> Table:
    return table.take(split_table(table).train)


def testing_side(table: Table) -> Table:
    return table.take(split_table(table).test)


def split_table(table: Table) -> Split:
    return group_holdout(table, quick_params().evaluation.holdout_share)


def package(
    name: str, model: TrainedModel, fitted: Table, params: Params | None = None, held_out: Table | None = None
) -> Bundle:
    """A sealed bundle on disk, read back through every check; measured on the machine table's holdout or `held_out`."""
    unseen = with_dataset(testing_side(machine_table()) if held_out is None else held_out, fitted.dataset)
    metrics = measure_intervals(model.judge(unseen), fitted.dataset.task, 20, 0)
    return package_model(scratch() / name, model, fitted, params or quick_params(), metrics, held_out=unseen)


def train(name: str, fitted: Table, params: Params | None = None, held_out: Table | None = None) -> Bundle:
    return package(name, train_model(fitted, params or quick_params()), fitted, held_out=held_out)


@cache
def honest_model(seed: int = 20) -> TrainedModel:
    return train_model(training_side(machine_table()), msgspec.structs.replace(quick_params(), seed=seed))


@cache
def champion() -> Bundle:
    return package("champion", honest_model(seed=3), training_side(machine_table()))


@cache
def candidate() -> Bundle:
    return package("candidate", honest_model(), training_side(machine_table()))


@cache
def customer_bundle(name: str) -> Bundle:
    table = customer_table(name)
    return train(name, training_side(table), held_out=testing_side(table))


_JUDGED: dict[tuple[int, ...], tuple[Bundle, Bundle | None, GateResult]] = {}  # by identity: bundles have no hash


def judge(
    bundle: Bundle, against: Bundle | None, table: Table | None = None, *, first_run: bool | None = None
) -> GateResult:
    """The gate with the real policy; without a champion it is declared the first run.

    The same two bundles are judged once on the machine table.
    """
    first = against is None if first_run is None else first_run
    key = (id(bundle), id(against), first)
    if table is None and key in _JUDGED:
        return _JUDGED[key][2]
    rows = machine_table() if table is None else table  # an empty one is falsy
    result = judge_candidate(bundle, against, rows, quick_policy(), quick_params(), seed=1, first_run=first)
    if table is None:
        _JUDGED[key] = (bundle, against, result)
    return result


def relabel(table: Table, change: Callable[[pd.DataFrame, str], "pd.Series[Any] | NDArray[Any]"]) -> Table:
    """The table with other labels under the old fingerprint, as a broken join would leave it."""
    source = table.dataset.target.source
    frame = table.frame.assign(**{source: change(table.frame, source)})
    return Table(table.dataset, frame, table.origin, table.sha256)


@cache
def shuffled_labels() -> Bundle:
    random = np.random.default_rng(5)
    fitted = relabel(training_side(machine_table()), lambda frame, name: random.permutation(frame[name].to_numpy()))
    return train("shuffled", fitted)


@cache
def constant() -> Bundle:
    params = quick_params()
    stump = msgspec.structs.replace(params, model={**params.model, "gamma": 1e9}, rounds=2)
    return train("constant", training_side(machine_table()), stump)


@cache
def leaked_column(source: str = "HDF") -> Bundle:
    """Reads a failure mode as if it were a sensor."""
    column = Column(name="alarm_lamp", source=source, type="integer", description="Looks harmless")
    table = with_column(machine_table(), column)
    return train(f"leaked-{source}", training_side(table), held_out=testing_side(table))


def with_column(table: Table, column: Column) -> Table:
    """The table under a dataset file that somebody added a column to; a new source is a copy of HDF."""
    frame = table.frame if column.source in table.frame else table.frame.assign(**{column.source: table.frame["HDF"]})
    dataset = msgspec.structs.replace(table.dataset, columns=(*table.dataset.columns, column))
    return Table(dataset, frame, table.origin, table.sha256)


@cache
def one_feature() -> Bundle:
    dataset = machine_table().dataset
    unused = tuple(name for name in dataset.schema.features if name != "tool_wear_min")
    narrow = msgspec.structs.replace(dataset, unused_features=(*dataset.unused_features, *unused))
    return train("one-feature", with_dataset(training_side(machine_table()), narrow))


def with_dataset(table: Table, dataset: Dataset) -> Table:
    return Table(dataset, table.frame, table.origin, table.sha256)


@cache
def stale() -> Bundle:
    """Honest work on last month's data: the first nine tenths of the rows."""
    table = machine_table()
    old = table.frame.iloc[: len(table) * 9 // 10]
    yesterday = Table(table.dataset, old, table.origin, fingerprint_frame(old, table.dataset))
    return train("stale", training_side(yesterday))


@cache
def miscalibrated() -> Bundle:
    """Ranks and decides as the honest one, but its probabilities were never calibrated to the prevalence."""
    model = honest_model()
    inflated = Calibration(slope=model.calibration.slope * 0.4, intercept=model.calibration.intercept)
    margin = (np.log(model.threshold / (1 - model.threshold)) - model.calibration.intercept) * 0.4  # type: ignore[operator]
    threshold = float(1 / (1 + np.exp(-(margin + inflated.intercept))))
    planted = dataclasses.replace(model, calibration=inflated, threshold=threshold)
    return package("miscalibrated", planted, training_side(machine_table()))


@cache
def too_slow() -> Bundle:
    """The honest model with 1,400 more trees that say nothing."""
    return package(
        "too-slow", _grow(honest_model(), rounds=1400, rows=100, max_depth=3), training_side(machine_table())
    )


@cache
def too_large() -> Bundle:
    """The honest model with a few deep trees grown on noise, which weigh much and say nothing."""
    planted = _grow(honest_model(), rounds=40, rows=7000, max_depth=14)
    return package("too-large", planted, training_side(machine_table()))


def _grow(model: TrainedModel, rounds: int, rows: int, max_depth: int) -> TrainedModel:
    table = training_side(machine_table())
    noise = np.random.default_rng(7).integers(0, 2, rows)
    data = xgboost.DMatrix(table.matrix[:rows], noise, feature_names=list(model.schema.features))
    settings = {
        "objective": "binary:logistic",
        "eta": NEGLIGIBLE,
        "max_depth": max_depth,
        "min_child_weight": 0.0,
        "reg_lambda": 0.0,
        "tree_method": "hist",
        "nthread": 1,
    }
    grown = xgboost.train(settings, data, num_boost_round=rounds, xgb_model=model.booster)
    return dataclasses.replace(model, booster=grown)


@cache
def broken_slice() -> Bundle:
    """Never saw a failure of quality M: somebody's filter dropped the labels."""
    fitted = relabel(training_side(machine_table()), lambda frame, name: frame[name].where(frame["Type"] != "M", 0))
    return train("broken-slice", fitted)


@cache
def inverted_scores() -> Bundle:
    fitted = relabel(training_side(machine_table()), lambda frame, name: 1 - frame[name])
    return train("inverted", fitted)


def forge(bundle: Bundle, **changes: object) -> Bundle:
    """A bundle whose manifest says something else, as only a forger's could."""
    return Bundle(manifest=msgspec.structs.replace(bundle.manifest, **changes), files=bundle.files)


def other_target(schema: ModelSchema) -> ModelSchema:
    return msgspec.structs.replace(schema, target=msgspec.structs.replace(schema.target, source="Rework"))
