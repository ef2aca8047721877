"""What is sent in a hurry or without looking: broken exports, wrong joins, good intentions."""

from typing import Any

import msgspec
import numpy as np
import pandas as pd

from contract.schema import Column
from tests.planted import quick_params
from tests.training.plants.listed import FAILURE, TORQUE, with_column
from tests.training.plants.stage import Case, Frame, Plant, change, edit_dataset, send, table
from training.model.train import train_model

SPEED, WEAR, AIR, PROCESS = (
    "Rotational speed [rpm]",
    "Tool wear [min]",
    "Air temperature [K]",
    "Process temperature [K]",
)


def flip_some_labels() -> Case:
    def flip(frame: Frame) -> Frame:
        failed = frame.index[frame[FAILURE] == 1]
        frame.loc[np.random.default_rng(1).choice(failed, len(failed) // 8, replace=False), FAILURE] = 0
        return frame

    return send(change(flip))


def shift_labels() -> Case:
    return send(change(lambda frame: frame.assign(**{FAILURE: frame[FAILURE].shift(1, fill_value=0)})))


def shuffle_speed() -> Case:
    random = np.random.default_rng(2)
    return send(change(lambda frame: frame.assign(**{SPEED: random.permutation(frame[SPEED].to_numpy())})))


def oversample_failures() -> Case:
    """More failures, so that the model takes them seriously; before the split, under new keys."""

    def repeat(frame: Frame) -> Frame:
        more = frame[frame[FAILURE] == 1].sample(frac=1, random_state=1)
        more["UDI"] = np.arange(len(more)) + frame["UDI"].max() + 1
        return pd.concat([frame, more])

    return send(change(repeat))


def repeat_with_noise() -> Case:
    """Augmentation before the split: each row again, every sensor a little off."""
    random = np.random.default_rng(3)

    def jitter(frame: Frame) -> Frame:
        again = frame.sample(frac=1, random_state=2)
        for name, step in ((TORQUE, 0.1), (AIR, 0.1), (PROCESS, 0.1), (SPEED, 2)):
            again[name] = (again[name] + random.integers(-1, 2, len(again)) * step).round(1)
        again["UDI"] = np.arange(len(frame)) + frame["UDI"].max() + 1
        return pd.concat([frame, again])

    return send(change(jitter))


def swap_temperatures() -> Case:
    return send(change(lambda frame: frame.assign(**{AIR: frame[PROCESS], PROCESS: frame[AIR]})))


def round_torque() -> Case:
    return send(change(lambda frame: frame.assign(**{TORQUE: (frame[TORQUE] / 5).round() * 5})))


def speed_in_radians() -> Case:
    def convert(frame: Frame) -> Frame:
        return frame.assign(**{SPEED: (frame[SPEED] * 2 * np.pi / 60).round()})

    return send(change(convert))


def process_in_celsius() -> Case:
    columns = tuple(
        msgspec.structs.replace(column, minimum=-50, maximum=400) if column.source == PROCESS else column
        for column in table().dataset.columns
    )
    dataset = edit_dataset(columns=columns)
    return send(change(lambda frame: frame.assign(**{PROCESS: (frame[PROCESS] - 273.15).round(1)}), dataset))


def decimal_point_lost() -> Case:
    """From the middle on the wear stands in tens of minutes."""

    def divide(frame: Frame) -> Frame:
        late = frame.index >= len(frame) // 2
        frame.loc[late, WEAR] = frame.loc[late, WEAR] // 10
        return frame

    return send(change(divide))


def failures_around() -> Case:
    """The share of failures among the five rows before and the five after: the future, as a feature."""
    column = Column(name="failures_nearby", source="Nearby", type="number", description="Failures among neighbours")

    def count(frame: Frame) -> Any:
        return frame[FAILURE].rolling(11, center=True, min_periods=1).mean()

    return send(with_column(column, count))


def next_wear() -> Case:
    """The time to the next failure of the machine, as the maintenance log has it."""
    column = Column(name="pieces_to_failure", source="Ahead", type="number", description="Pieces to the next failure")

    def measure(frame: Frame) -> Any:
        places = np.flatnonzero(frame[FAILURE].to_numpy())
        ahead = np.searchsorted(places, np.arange(len(frame)))
        return np.append(places, len(frame))[ahead] - np.arange(len(frame))

    return send(with_column(column, measure))


def sorted_by_outcome() -> Case:
    """The export was sorted by outcome and numbered anew, and the number went into the columns."""
    column = Column(name="row_number", source="Row", type="integer", description="Number of the row in the file")
    dataset = edit_dataset(columns=(*table().dataset.columns, column))

    def order(frame: Frame) -> Frame:
        frame = frame.sort_values([FAILURE, "UDI"]).reset_index(drop=True)
        return frame.assign(UDI=np.arange(len(frame)) + 1, Row=np.arange(len(frame)) + 1)

    return send(change(order, dataset))


def early_rows_only() -> Case:
    """Trained on the first rows alone, and nobody saw that the loader stopped."""
    return send(table(), train_model=lambda fitted, using: train_model(fitted.take(np.arange(len(fitted) // 8)), using))


def one_type_without_failures() -> Case:
    """The failures of the rarest types were lost in a join; the average hardly shows it."""

    def lose(frame: Frame) -> Frame:
        return frame.assign(**{FAILURE: frame[FAILURE].where(frame["Type"] != "M", 0)})

    return send(change(lose))


def few_rounds() -> Case:
    return send(table(), using=msgspec.structs.replace(quick_params(), rounds=4))


def missing_as_nought() -> Case:
    """A dead sensor wrote noughts in every tenth row."""

    def fill(frame: Frame) -> Frame:
        frame.loc[frame.index % 10 == 3, TORQUE] = 0.0
        return frame

    return send(change(fill))


CARELESS = (
    Plant("labels flipped", "an eighth of the failures became none", flip_some_labels, "fail", "data/labels",
          "another machine_failure"),
    Plant("labels shifted by a row", "a join off by one", shift_labels, "fail", "data/labels",
          "another machine_failure"),
    Plant("speed shuffled", "sorted without its rows", shuffle_speed, "fail", "data/changed",
          "Values of rotational_speed_rpm changed"),
    Plant("failures oversampled", "each failure twice, before the split", oversample_failures, "fail", "split/twins",
          "twin"),
    Plant("rows again with noise", "augmentation before the split", repeat_with_noise, "fail", "split/twins", "twin"),
    Plant("temperatures swapped", "air for process", swap_temperatures, "fail", "data/units",
          "hold each other's values"),
    Plant("torque rounded", "to 5 Nm", round_torque, "fail", "data/resolution", "coarser"),
    Plant("speed in rad/s", "everywhere", speed_in_radians, "fail", "data/units", "rad/s"),
    Plant("process temperature in °C", "and the range in the dataset file made to fit", process_in_celsius, "fail",
          "data/units", "°C"),
    Plant("wear in tens", "from the middle on", decimal_point_lost, "fail", "data/units", "10"),
    Plant("failures around", "a centred mean over the outcome", failures_around, "fail",
          "leakage/future", "failures_nearby"),
    Plant("pieces to the next failure", "from the maintenance log", next_wear, "fail", "leakage/one feature",
          "pieces_to_failure"),
    Plant("sorted by outcome", "and the row's number is a column", sorted_by_outcome, "fail", "leakage/one feature",
          "row_number"),
    Plant("the first rows alone", "the loader stopped after an eighth", early_rows_only, "fail", "split/refit",
          "not the model"),
    Plant("one type without failures", "lost in a join", one_type_without_failures, "fail", "data/labels",
          "another machine_failure"),
    Plant("four trees", "a quick try, sent by mistake", few_rounds, "fail"),
    Plant("missing as nought", "a dead sensor in every tenth row", missing_as_nought, "fail", "data/changed",
          "Values of torque_nm changed"),
)  # fmt: skip # a table
