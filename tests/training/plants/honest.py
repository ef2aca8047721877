"""What must pass: each refused one of these is a false alarm."""

from functools import cache
from typing import Any

import msgspec
import numpy as np

from contract.bundle import Bundle
from contract.dataset import Order
from contract.schema import Column
from tests.planted import quick_params
from tests.training.plants.listed import FAILURE, with_column
from tests.training.plants.stage import Case, Frame, Plant, change, edit_dataset, send, table, train


def reseeded() -> Case:
    return send(table())


def more_data() -> Case:
    """The champion knows the first four fifths."""
    return send(table(), against=earlier())


@cache
def earlier() -> Bundle:
    return train(change(lambda frame: frame.iloc[: len(frame) * 4 // 5]), seed=3)


def sliding_window() -> Case:
    """The champion knows the first nine tenths, the candidate the last nine."""
    return send(change(lambda frame: frame.iloc[len(frame) // 10 :]), against=first_nine_tenths())


@cache
def first_nine_tenths() -> Bundle:
    return train(change(lambda frame: frame.iloc[: len(frame) * 9 // 10]), seed=3)


def real_improvement() -> Case:
    """The champion had the raw columns alone, the candidate has what an engineer derives from them."""
    return send(table(), against=raw_champion())


@cache
def raw_champion() -> Bundle:
    dataset = table().dataset
    derived = tuple(feature.name for feature in dataset.derived if feature.name != "temperature_difference_k")
    return train(change(dataset=edit_dataset(unused_features=(*dataset.unused_features, *derived))), seed=3)


def new_column() -> Case:
    """A noisy measure of the wear: of some use, and no label."""
    random = np.random.default_rng(5)
    column = Column(name="acoustic_db", source="Acoustic [dB]", type="number", description="Noise of the cut")

    def measure(frame: Frame) -> Any:
        return (60 + frame["Tool wear [min]"] / 20 + random.normal(0, 2, len(frame))).round(1)

    table_of = with_column(column, measure)
    return send(table_of)


def deeper_trees() -> Case:
    using = msgspec.structs.replace(quick_params(), model={**quick_params().model, "max_depth": 5})
    return send(table(), using=using)


def corrected_labels() -> Case:
    """Six outcomes were looked up again."""

    def correct(frame: Frame) -> Frame:
        failed = frame.index[frame[FAILURE] == 1]
        chosen = np.random.default_rng(6).choice(failed, 3, replace=False)
        frame.loc[chosen, FAILURE] = 0
        return frame

    return send(change(correct))


def shuffled_file() -> Case:
    """The same rows in another order: the order column puts them right."""
    dataset = edit_dataset(order=Order(column="UDI", unsorted_file=True))
    return send(change(lambda frame: frame.sample(frac=1, random_state=3), dataset))


def first_run() -> Case:
    case = send(table())
    return Case(case.candidate, None, case.table, case.params)


HONEST = (
    Plant("another seed", "nothing else", reseeded, "pass"),
    Plant("more data", "a quarter more than the champion had", more_data, "pass"),
    Plant("a sliding window", "the oldest rows leave, as many come", sliding_window, "pass"),
    Plant("a real improvement", "features that an engineer knows", real_improvement, "pass"),
    Plant("a new column", "noisy, useful, no label", new_column, "pass"),
    Plant("deeper trees", "5 instead of 4", deeper_trees, "pass"),
    Plant("corrected labels", "three of them", corrected_labels, "pass"),
    Plant("rows in another order", "the order column puts them right", shuffled_file, "pass"),
    Plant("a first run", "no champion yet", first_run, "pass"),
)
