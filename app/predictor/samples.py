"""The samples of each metric, by its own labels, read from what the predictor counts."""

from collections.abc import Callable, Mapping
from functools import cached_property

from app.predictor.counters import DECISIONS, DecisionSums
from app.predictor.receipts.outcomes import VersionSums
from app.predictor.scoring.bin_layout import SCORE, BinCounts
from app.predictor.scoring.model import ServedModel
from app.predictor.scoring.traffic import TrafficCounts, TrafficSums
from app.predictor.services import Services
from contract.compute.bins import name_bins
from contract.slices import name_slice

Samples = Mapping[tuple[str, ...], float]


class Reading:
    """The services at one scrape: what is summed over cells is summed once, and is of one moment in all metrics."""

    def __init__(self, services: Services) -> None:
        self.services = services

    @property
    def model(self) -> ServedModel:
        return self.services.lifecycle.model

    @cached_property
    def sums(self) -> TrafficSums:
        return self.model.traffic.sum_cells()

    @cached_property
    def counts(self) -> BinCounts:
        """Of all rows by feature, in the bins of the reference."""
        return self.model.traffic.layout.fold(self.sums.total.counts)


def one(value: float) -> Samples:
    return {(): value}


def by_label(counts: Mapping[str, int]) -> Samples:
    return {(label,): count for label, count in counts.items()}


def read_info(reading: Reading) -> Samples:
    return {(reading.model.digest, reading.model.manifest.schema.task): 1}


def read_engine(reading: Reading) -> Samples:
    return {(reading.model.engine.name,): 1}


def read_requests(reading: Reading) -> Samples:
    return {(route, str(code)): sum(cell.counts) for (route, code), cell in reading.services.counters.durations.items()}


def by_decision(read: Callable[[DecisionSums], float]) -> Callable[[Reading], Samples]:
    return lambda reading: {(DECISIONS[decision],): read(sums) for decision, sums in reading.sums.total.decided.items()}


def by_slice_and_decision(read: Callable[[DecisionSums], float]) -> Callable[[Reading], Samples]:
    return lambda reading: {
        (name, DECISIONS[decision]): read(sums)
        for name, cell in reading.sums.slices
        for decision, sums in cell.decided.items()
    }


def read_variance(reading: Reading) -> Samples:
    """Nothing for a regression, whose score is no probability."""
    is_event = reading.model.manifest.schema.task == "binary"
    return by_decision(lambda sums: sums.variance)(reading) if is_event else {}


def read_trained(reading: Reading) -> Samples:
    """Nothing without the gate's report: a bundle of the same data, parameters and code is the same at any time."""
    verdict = reading.services.lifecycle.verdict
    return {} if verdict is None else one(verdict.created.timestamp())


def read_feature_rows(reading: Reading) -> Samples:
    return _name_counts(reading.model.traffic, reading.counts)


def read_slice_feature_rows(reading: Reading) -> Samples:
    traffic = reading.model.traffic
    return {
        (name, *labels): count
        for name, cell in reading.sums.slices
        for labels, count in _name_counts(traffic, traffic.layout.fold(cell.counts)).items()
    }


def _name_counts(traffic: TrafficCounts, counts: BinCounts) -> Samples:
    return {
        (feature, label): count
        for feature, bins in traffic.reference.items()
        if feature != SCORE
        for label, count in zip(name_bins(bins), counts[feature], strict=True)
    }


def read_slice_reference(reading: Reading) -> Samples:
    """Nothing for a slice of too few rows."""
    manifest = reading.model.manifest
    return {
        (name_slice(column, place), feature, label, manifest.reference[feature].drift): ratio
        for column in manifest.slices
        for place, one in enumerate(column.slices)
        for feature, ratios in one.ratios.items()
        for label, ratio in zip(name_bins(manifest.reference[feature]), ratios, strict=True)
    }


def read_slice_reference_rows(reading: Reading) -> Samples:
    columns = reading.model.manifest.slices
    return {(name_slice(c, place),): one.rows for c in columns for place, one in enumerate(c.slices)}


def read_score_reference_rows(reading: Reading) -> Samples:
    """Those of the features in a bundle of an earlier version, whose score reference is of the same rows."""
    manifest = reading.model.manifest
    return one(manifest.data.rows if manifest.score_rows is None else manifest.score_rows)


def read_feature_reference(reading: Reading) -> Samples:
    return {
        (feature, label, bins.drift): ratio
        for feature, bins in reading.model.traffic.reference.items()
        if feature != SCORE
        for label, ratio in zip(name_bins(bins), bins.ratios, strict=True)
    }


def read_score_rows(reading: Reading) -> Samples:
    bins = reading.model.traffic.reference[SCORE]
    return {(b,): n for b, n in zip(name_bins(bins), reading.counts[SCORE], strict=True)}


def read_out_of_range(reading: Reading) -> Samples:
    return by_label(reading.model.traffic.count_outside(reading.sums.total))


def read_score_reference(reading: Reading) -> Samples:
    bins = reading.model.traffic.reference[SCORE]
    return {(label,): ratio for label, ratio in zip(name_bins(bins), bins.ratios, strict=True)}


def read_outcomes(reading: Reading) -> Samples:
    versions = reading.services.feedback.versions.items()
    return {(version, name): count for version, sums in versions for name, count in sums.outcomes.items()}


def by_version(read: Callable[[VersionSums], float]) -> Callable[[Reading], Samples]:
    return lambda reading: {(version,): read(sums) for version, sums in reading.services.feedback.versions.items()}


def by_version_and_decision(
    read: Callable[[VersionSums], Mapping[bool | None, float]],
) -> Callable[[Reading], Samples]:
    return lambda reading: {
        (version, DECISIONS[decision]): value
        for version, sums in reading.services.feedback.versions.items()
        for decision, value in read(sums).items()
    }


def read_keys(reading: Reading) -> Samples:
    callers = reading.services.access.callers.values() if reading.services.access else ()
    return {(caller.name, answer): count for caller in callers for answer, count in caller.answers.items()}


def read_key_rows(reading: Reading) -> Samples:
    return (
        {(caller.name,): caller.rows for caller in reading.services.access.callers.values()}
        if reading.services.access
        else {}
    )
