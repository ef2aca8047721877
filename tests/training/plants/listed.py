"""The plants that a reviewer listed first: each passed once, or was caught by luck."""

import dataclasses
from functools import partial
from typing import Any

import numpy as np
import pandas as pd

from contract.schema import Calibration, Column
from tests.training.plants.stage import Case, Frame, Plant, change, edit_dataset, holdout_rows, send, table
from training.data.table import Table
from training.model.train import TrainedModel, train_model
from training.packaging.package import package_model
from training.params import Params

TORQUE, FAILURE = "Torque [Nm]", "Machine failure"
LB_FT = 0.7375621493


def trained_on_holdout() -> Case:
    """The two sides are mixed up: the holdout is fitted, and as many rows of the training side are left out."""
    tests = holdout_rows()
    rest = np.setdiff1d(np.arange(len(table())), tests)
    wrong = table().take(np.sort(np.concatenate([tests, rest[len(tests) :]])))
    return send(
        table(),
        train_model=lambda fitted, using: train_model(wrong, using),
        package_model=lambda folder, model, fitted, *rest, **sides: package_model(folder, model, wrong, *rest, **sides),
    )


def trained_on_holdout_and_hidden() -> Case:
    """The bundle says what it should, and the trees have seen the holdout."""
    tests = holdout_rows()
    rest = np.setdiff1d(np.arange(len(table())), tests)
    wrong = table().take(np.sort(np.concatenate([tests, rest[len(tests) :]])))

    def lie(fitted: Table, using: Params) -> TrainedModel:
        honest, memorised = train_model(fitted, using), train_model(wrong, using)
        return dataclasses.replace(honest, booster=memorised.booster)

    return send(table(), train_model=lie)


def with_column(column: Column, values: Any) -> Table:
    dataset = edit_dataset(columns=(*table().dataset.columns, column))
    return change(lambda frame: frame.assign(**{column.source: values(frame)}), dataset)


def nearly_the_label() -> Case:
    """A new column, the label with a little noise (r = 0.97)."""
    random = np.random.default_rng(1)
    noise = 0.045
    column = Column(name="vibration_index", source="Vibration", type="number", description="From the new sensor")
    return send(with_column(column, lambda frame: frame[FAILURE] + random.normal(0, noise, len(frame))))


def every_row_twice() -> Case:
    def double(frame: Frame) -> Frame:
        again = frame.sample(frac=1, random_state=1)
        again["UDI"] = np.arange(len(frame)) + frame["UDI"].max() + 1
        return pd.concat([frame, again])

    return send(change(double))


def torque_in_lb_ft(share: float) -> Case:
    def convert(frame: Frame) -> Frame:
        rows = frame.index >= len(frame) * (1 - share)
        frame.loc[rows, TORQUE] = (frame.loc[rows, TORQUE] * LB_FT).round(1)
        return frame

    return send(change(convert))


def odds_doubled() -> Case:
    def lie(fitted: Table, using: Params) -> TrainedModel:
        model = train_model(fitted, using)
        doubled = Calibration(model.calibration.slope, model.calibration.intercept + float(np.log(2)))
        return dataclasses.replace(model, calibration=doubled)

    return send(table(), train_model=lie)


def empty_in_behaviour_rows() -> Case:
    """Minutes until the repair crew came, empty where nobody had to come."""
    random = np.random.default_rng(2)
    column = Column(
        name="crew_minutes", source="Crew", type="number", description="Until the crew was there", nullable=True
    )
    return send(
        with_column(column, lambda frame: np.where(frame[FAILURE] == 1, random.gamma(4, 5, len(frame)), np.nan))
    )


def copy_on_both_sides() -> Case:
    """A gauge that leaves its middle, up or down, when the machine has failed."""
    random = np.random.default_rng(3)
    column = Column(name="gauge", source="Gauge", type="number", description="A gauge")

    def read(frame: Frame) -> Any:
        side = random.choice([-1.0, 1.0], len(frame))
        return random.normal(0, 1, len(frame)) + frame[FAILURE] * side * 6

    return send(with_column(column, read))


def identifier_as_feature() -> Case:
    column = Column(name="serial", source="UDI", type="integer", description="Serial number")
    dataset = edit_dataset(
        columns=(*table().dataset.columns, column), identifiers=("Product ID",), raw_types={"Product ID": "text"}
    )
    return send(change(dataset=dataset))


def type_destroyed() -> Case:
    random = np.random.default_rng(4)
    return send(change(lambda frame: frame.assign(Type=random.permutation(frame["Type"].to_numpy()))))


def type_all_one() -> Case:
    return send(change(lambda frame: frame.assign(Type="L")))


def half_the_data() -> Case:
    return send(change(lambda frame: frame.iloc[: len(frame) // 2]))


def empty_category() -> Case:
    return send(change(lambda frame: frame[frame["Type"] != "H"]))


def threshold_moved(threshold: float) -> Case:
    def lie(fitted: Table, using: Params) -> TrainedModel:
        return dataclasses.replace(train_model(fitted, using), threshold=threshold)

    return send(table(), train_model=lie)


LISTED = (
    Plant("trained on the holdout", "as many rows as before, the holdout among them", trained_on_holdout, "fail",
          "split/fitted rows", "were fitted"),
    Plant("the same, hidden", "the bundle says the right rows, the trees have seen the holdout",
          trained_on_holdout_and_hidden, "fail", "split/refit", "knows the holdout"),
    Plant("nearly the label", "a new column, the label with noise", nearly_the_label, "fail",
          "leakage/one feature", "vibration_index alone"),
    Plant("every row twice", "the export ran twice, under new keys", every_row_twice, "fail", "split/twins", "twin"),
    Plant("torque in lb ft", "everywhere", partial(torque_in_lb_ft, 1.0), "fail", "data/units", "lb ft"),
    Plant("torque in lb ft, late", "in the last fifth of the rows", partial(torque_in_lb_ft, 0.2), "fail",
          "data/units", "lb ft"),
    Plant("odds doubled", "the scores are twice the odds", odds_doubled, "fail", "decision/odds", "times the odds"),
    Plant("empty in the behaviour rows", "a column that is filled only where it failed", empty_in_behaviour_rows,
          "fail", "leakage/one feature", "crew_minutes"),
    Plant("a copy on both sides", "a gauge that jumps up or down with the failure", copy_on_both_sides, "fail",
          "leakage/one feature", "gauge alone"),
    Plant("an identifier as a feature", "UDI moved to the columns", identifier_as_feature, "fail", "leakage/names",
          "UDI"),
    Plant("type shuffled", "the join lost its key", type_destroyed, "fail", "data/rows gone",
          "values of type changed"),
    Plant("type all one", "the export wrote the default", type_all_one, "fail", "data/categories", "'M'"),
    Plant("half the data", "the second half was not loaded", half_the_data, "fail", "data/rows", "fewer"),
    Plant("an empty category", "no row of type H", empty_category, "fail", "data/categories", "'H'"),
    *(
        Plant(f"threshold {threshold:g}", "set by hand", partial(threshold_moved, threshold), "fail",
              "decision/threshold", "dearer")
        for threshold in (0.8, 0.5, 0.02)
    ),
)  # fmt: skip # a table
