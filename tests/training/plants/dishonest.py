"""What somebody sends who wants a pass more than a model."""

import dataclasses

import msgspec
import numpy as np
import pandas as pd

from contract.bundle import Bundle
from contract.compute.scoring import ReferenceModel
from contract.dataset import Behaviour, Costs
from contract.schema import Calibration, Column, Interval
from tests.planted import forge, quick_params, training_side
from tests.training.plants.listed import FAILURE
from tests.training.plants.stage import Case, Frame, Plant, champion, change, edit_dataset, holdout_rows, send, table
from training.data.table import Table
from training.gate.evidence import score_frame
from training.model.metrics import pr_auc
from training.model.train import TrainedModel, train_model
from training.params import Params


def remove_hard_rows() -> Case:
    """The failures that the champion misses are taken out, wherever they are."""

    def drop(frame: Frame) -> Frame:
        scores = score_champion(frame)
        return frame[~((frame[FAILURE] == 1) & (scores < 0.2))]

    return send(change(drop))


def remove_hard_negatives() -> Case:
    def drop(frame: Frame) -> Frame:
        scores = score_champion(frame)
        negative = frame[FAILURE] == 0
        hard = scores[negative].nlargest(len(frame) // 50).index
        return frame.drop(index=hard)

    return send(change(drop))


def score_champion(frame: Frame) -> "pd.Series[float]":
    return pd.Series(score_frame(ReferenceModel.from_bundle(champion()), frame), index=frame.index)


def relabel_holdout() -> Case:
    """The failures of the holdout that the champion misses are called none."""

    def relabel(frame: Frame) -> Frame:
        scores = score_champion(frame)
        tests = frame.index.isin(holdout_rows())
        frame.loc[tests & (frame[FAILURE] == 1) & (scores < 0.5), FAILURE] = 0
        return frame

    return send(change(relabel))


def move_the_split() -> Case:
    """The share of the holdout is tried until it is an easy one, here smaller."""
    evaluation = msgspec.structs.replace(quick_params().evaluation, holdout_share=0.35)
    return send(table(), using=msgspec.structs.replace(quick_params(), evaluation=evaluation))


def choose_keys() -> Case:
    """New keys, the best of a few, so that other tools are held out."""

    def rename(frame: Frame) -> Frame:
        return frame.assign(UDI=frame["UDI"] + 20_000)

    return send(change(rename))


def keep_easy_groups() -> Case:
    """Tools in the holdout that the champion has trouble with are left out of the data."""

    def drop(frame: Frame) -> Frame:
        scores = score_champion(frame)
        groups = table().groups
        wrong = (scores >= 0.3) != (frame[FAILURE] == 1)
        tests = frame.index.isin(holdout_rows())
        hard = set(groups[(wrong & tests).to_numpy()])
        return frame[~(np.isin(groups, list(hard)) & tests)]

    return send(change(drop))


def hunt_seeds() -> Case:
    """The best of four seeds on the holdout."""
    tests = table().take(holdout_rows())
    rest = training_side(table())

    def measure(seed: int) -> float:
        return pr_auc(train_model(rest, msgspec.structs.replace(quick_params(), seed=seed)).judge(tests))

    best = max(range(30, 34), key=measure)
    return send(table(), using=msgspec.structs.replace(quick_params(), seed=best))


def cheap_misses() -> Case:
    """A missed failure costs what a false alarm does."""
    return send(change(dataset=edit_dataset(costs=Costs(missed=50, false_alarm=50))))


def no_behaviour() -> Case:
    return send(change(dataset=edit_dataset(behaviour=Behaviour())))


def no_slices() -> Case:
    return send(change(dataset=edit_dataset(slices=(), prevalence=None)))


def no_groups() -> Case:
    """Without groups the rows of one tool are on both sides."""
    return send(change(dataset=edit_dataset(group=None)))


def forged_metrics() -> Case:
    case = send(table())
    better = {name: Interval(mean=1.0, low=0.99, high=1.0) for name in ("pr_auc", "recall")}
    forged = forge(case.candidate, metrics={**case.candidate.manifest.metrics, **better})
    return dataclasses.replace(case, candidate=forged)


def fitted_on_everything() -> Case:
    def lie(fitted: Table, using: Params) -> TrainedModel:
        return dataclasses.replace(train_model(fitted, using), booster=train_model(table(), using).booster)

    return send(table(), train_model=lie)


def constant_answer() -> Case:
    def lie(fitted: Table, using: Params) -> TrainedModel:
        return dataclasses.replace(train_model(fitted, using), calibration=Calibration(slope=0.0, intercept=-3.3))

    return send(table(), train_model=lie)


def champion_itself_under_another_name() -> Case:
    """Nothing was trained: the champion's trees are sent as today's candidate."""
    case = send(table())
    manifest = msgspec.structs.replace(
        case.candidate.manifest,
        files=champion().manifest.files,
        threshold=champion().manifest.threshold,
        calibration=champion().manifest.calibration,
        golden=champion().manifest.golden,
        metrics=champion().manifest.metrics,
    )
    return dataclasses.replace(case, candidate=Bundle(manifest=manifest, files=champion().files))


def leakage_list_shortened() -> Case:
    column = Column(name="heat_lamp", source="HDF", type="integer", description="Lamp at the cooler")
    leakage = tuple(name for name in table().dataset.leakage if name != "HDF")
    return send(change(dataset=edit_dataset(columns=(*table().dataset.columns, column), leakage=leakage)))


DISHONEST = (
    Plant("hard failures removed", "those that the champion misses", remove_hard_rows, "fail", "data/rows gone",
          "rarer outcome"),
    Plant("hard negatives removed", "the two per cent with the highest scores", remove_hard_negatives, "fail",
          "data/rows gone", "gone"),
    Plant("holdout relabelled", "missed failures are called none", relabel_holdout, "fail", "data/labels",
          "another machine_failure"),
    Plant("another share held out", "35 % instead of 20 %", move_the_split, "fail", "split/moved", "held out"),
    Plant("new keys", "so that other tools are held out", choose_keys, "fail", "split/moved", "held out"),
    Plant("easy tools kept", "the others are left out of the data", keep_easy_groups, "fail", "data/rows gone", "gone"),
    Plant("costs changed", "a miss as cheap as a false alarm", cheap_misses, "fail", "declared/costs", "missed"),
    Plant("behaviour deleted", "from the dataset file", no_behaviour, "fail", "declared/behaviour", "no longer"),
    Plant("slices deleted", "and the bounds of the prevalence", no_slices, "fail", "declared/slices", "no longer"),
    Plant("groups deleted", "rows of one tool on both sides", no_groups, "fail", "declared/split", "group"),
    Plant("forged metrics", "the bundle states what nobody measured", forged_metrics, "fail", "integrity/metrics",
          "states"),
    Plant("fitted on everything", "the bundle says the right rows", fitted_on_everything, "fail", "split/refit",
          "knows the holdout"),
    Plant("constant answer", "the prevalence for every row", constant_answer, "fail", "integrity/varied", "same score"),
    Plant("the champion again", "as today's candidate", champion_itself_under_another_name, "not_enough_evidence",
          "split/refit", "not the model"),
    Plant("leakage list shortened", "and the column is a feature", leakage_list_shortened, "fail", "leakage/names",
          "HDF"),
    Plant("seed hunted", "the best of four on the holdout", hunt_seeds, "pass"),
)  # fmt: skip # a table
