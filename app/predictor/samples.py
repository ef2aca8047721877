"""The samples of each metric, by its own labels, read from what the predictor counts."""

from collections.abc import Callable, Mapping

from app.predictor.counters import DECISIONS, DecisionSums
from app.predictor.receipts.outcomes import VersionSums
from app.predictor.scoring.bin_layout import SCORE, BinCounts
from app.predictor.scoring.traffic import TrafficCounts
from app.predictor.services import Services
from contract.compute.bins import name_bins
from contract.slices import name_slice

Samples = Mapping[tuple[str, ...], float]


def one(value: float) -> Samples:
    return {(): value}


def by_label(counts: Mapping[str, int]) -> Samples:
    return {(label,): count for label, count in counts.items()}


def read_info(services: Services) -> Samples:
    return {(services.lifecycle.model.digest, services.lifecycle.model.manifest.schema.task): 1}


def read_engine(services: Services) -> Samples:
    return {(services.lifecycle.model.engine.name,): 1}


def read_requests(services: Services) -> Samples:
    return {(route, str(code)): sum(cell.counts) for (route, code), cell in services.counters.durations.items()}


def by_decision(read: Callable[[DecisionSums], float]) -> Callable[[Services], Samples]:
    return lambda services: {
        (DECISIONS[decision],): read(sums)
        for decision, sums in services.lifecycle.model.traffic.sum_all().decided.items()
    }


def by_slice_and_decision(read: Callable[[DecisionSums], float]) -> Callable[[Services], Samples]:
    return lambda services: {
        (name, DECISIONS[decision]): read(sums)
        for name, cell in services.lifecycle.model.traffic.sum_slices()
        for decision, sums in cell.decided.items()
    }


def read_variance(services: Services) -> Samples:
    """Nothing for a regression, whose score is no probability."""
    is_event = services.lifecycle.model.manifest.schema.task == "binary"
    return by_decision(lambda sums: sums.variance)(services) if is_event else {}


def read_trained(services: Services) -> Samples:
    """Nothing without the gate's report: a bundle of the same data, parameters and code is the same at any time."""
    verdict = services.lifecycle.verdict
    return {} if verdict is None else one(verdict.created.timestamp())


def read_feature_rows(services: Services) -> Samples:
    traffic = services.lifecycle.model.traffic
    return _name_counts(traffic, traffic.counts)


def read_slice_feature_rows(services: Services) -> Samples:
    traffic = services.lifecycle.model.traffic
    return {
        (name, *labels): count
        for name, cell in traffic.sum_slices()
        for labels, count in _name_counts(traffic, traffic.layout.fold(cell.counts)).items()
    }


def _name_counts(traffic: TrafficCounts, counts: BinCounts) -> Samples:
    return {
        (feature, label): count
        for feature, bins in traffic.reference.items()
        if feature != SCORE
        for label, count in zip(name_bins(bins), counts[feature], strict=True)
    }


def read_slice_reference(services: Services) -> Samples:
    """Nothing for a slice of too few rows."""
    manifest = services.lifecycle.model.manifest
    return {
        (name_slice(column, place), feature, label, manifest.reference[feature].drift): ratio
        for column in manifest.slices
        for place, one in enumerate(column.slices)
        for feature, ratios in one.ratios.items()
        for label, ratio in zip(name_bins(manifest.reference[feature]), ratios, strict=True)
    }


def read_slice_reference_rows(services: Services) -> Samples:
    columns = services.lifecycle.model.manifest.slices
    return {(name_slice(c, place),): one.rows for c in columns for place, one in enumerate(c.slices)}


def read_score_reference_rows(services: Services) -> Samples:
    """Those of the features in a bundle of an earlier version, whose score reference is of the same rows."""
    manifest = services.lifecycle.model.manifest
    return one(manifest.data.rows if manifest.score_rows is None else manifest.score_rows)


def read_feature_reference(services: Services) -> Samples:
    return {
        (feature, label, bins.drift): ratio
        for feature, bins in services.lifecycle.model.traffic.reference.items()
        if feature != SCORE
        for label, ratio in zip(name_bins(bins), bins.ratios, strict=True)
    }


def read_score_rows(services: Services) -> Samples:
    traffic = services.lifecycle.model.traffic
    return {(b,): n for b, n in zip(name_bins(traffic.reference[SCORE]), traffic.counts[SCORE], strict=True)}


def read_score_reference(services: Services) -> Samples:
    bins = services.lifecycle.model.traffic.reference[SCORE]
    return {(label,): ratio for label, ratio in zip(name_bins(bins), bins.ratios, strict=True)}


def read_outcomes(services: Services) -> Samples:
    versions = services.feedback.versions.items()
    return {(version, name): count for version, sums in versions for name, count in sums.outcomes.items()}


def by_version(read: Callable[[VersionSums], float]) -> Callable[[Services], Samples]:
    return lambda services: {(version,): read(sums) for version, sums in services.feedback.versions.items()}


def by_version_and_decision(
    read: Callable[[VersionSums], Mapping[bool | None, float]],
) -> Callable[[Services], Samples]:
    return lambda services: {
        (version, DECISIONS[decision]): value
        for version, sums in services.feedback.versions.items()
        for decision, value in read(sums).items()
    }


def read_keys(services: Services) -> Samples:
    callers = services.access.callers.values() if services.access else ()
    return {(caller.name, answer): count for caller in callers for answer, count in caller.answers.items()}


def read_key_rows(services: Services) -> Samples:
    return {(caller.name,): caller.rows for caller in services.access.callers.values()} if services.access else {}
