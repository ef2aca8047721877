"""The predictor's metrics: the one list of their names, and their values as Prometheus' library has them."""

from collections.abc import Callable, Iterator, Mapping
from typing import NamedTuple

from prometheus_client import CollectorRegistry, ProcessCollector
from prometheus_client.core import (
    CounterMetricFamily,
    GaugeMetricFamily,
    HistogramMetricFamily,
    InfoMetricFamily,
    Metric,
)
from prometheus_client.registry import Collector

from app.predictor.counters import DECISIONS, DURATION_BUCKETS
from app.predictor.receipts.outcomes import VersionSums
from app.predictor.scoring.drift_counts import SCORE
from app.predictor.state import ServingState
from contract.compute.bins import name_bins

MODEL_LABELS = ("model_name", "model_version")  # on every metric, before its own

Registry = CollectorRegistry
Samples = Mapping[tuple[str, ...], float]


class MetricRow(NamedTuple):
    """One metric; `read` gives its samples by their own labels once a model is loaded."""

    name: str
    kind: str
    labels: tuple[str, ...]
    help: str
    read: Callable[[ServingState], Samples]
    is_of_receipts: bool = False  # samples begin with the version that stands in the receipts, not the served one


def _one(value: float) -> Samples:
    return {(): value}


def _by_label(counts: Mapping[str, int]) -> Samples:
    return {(label,): count for label, count in counts.items()}


def _read_info(state: ServingState) -> Samples:
    return {(state.model.digest, state.model.manifest.schema.task): 1}


def _read_engine(state: ServingState) -> Samples:
    return {(state.model.engine.name,): 1}


def _read_requests(state: ServingState) -> Samples:
    return {(route, str(code)): sum(cell.counts) for (route, code), cell in state.counters.durations.items()}


def _read_decisions(state: ServingState) -> Samples:
    return {(DECISIONS[decision],): count for decision, count in state.counters.rows.items()}


def _read_feature_rows(state: ServingState) -> Samples:
    traffic = state.model.traffic
    return {
        (feature, label): count
        for feature, bins in traffic.reference.items()
        if feature != SCORE
        for label, count in zip(name_bins(bins), traffic.counts[feature], strict=True)
    }


def _read_feature_reference(state: ServingState) -> Samples:
    return {
        (feature, label, bins.drift): ratio
        for feature, bins in state.model.traffic.reference.items()
        if feature != SCORE
        for label, ratio in zip(name_bins(bins), bins.ratios, strict=True)
    }


def _read_score_rows(state: ServingState) -> Samples:
    traffic = state.model.traffic
    return {(b,): n for b, n in zip(name_bins(traffic.reference[SCORE]), traffic.counts[SCORE], strict=True)}


def _read_score_reference(state: ServingState) -> Samples:
    bins = state.model.traffic.reference[SCORE]
    return {(label,): ratio for label, ratio in zip(name_bins(bins), bins.ratios, strict=True)}


def _read_outcomes(state: ServingState) -> Samples:
    versions = state.feedback.versions.items()
    return {(version, name): count for version, sums in versions for name, count in sums.outcomes.items()}


def _by_version(read: Callable[[VersionSums], float]) -> Callable[[ServingState], Samples]:
    return lambda state: {(version,): read(sums) for version, sums in state.feedback.versions.items()}


def _read_keys(state: ServingState) -> Samples:
    callers = state.access.callers.values() if state.access else ()
    return {(caller.name, answer): count for caller in callers for answer, count in caller.answers.items()}


def _read_key_rows(state: ServingState) -> Samples:
    return {(caller.name,): caller.rows for caller in state.access.callers.values()} if state.access else {}


# docs/metrics.md shows the same table
METRICS = (
    MetricRow("lathe_model_info", "info", ("digest", "task"), "The bundle that is served", _read_info),
    MetricRow(
        "lathe_engine_info", "info", ("engine",), "The library that answers single rows and a few", _read_engine
    ),
    MetricRow("lathe_ready", "gauge", (), "1 while /readyz answers 200, else 0", lambda s: _one(s.is_ready)),
    MetricRow(
        "lathe_in_flight_requests", "gauge", (), "Requests begun and not yet answered",
        lambda s: _one(s.count_in_flight()),
    ),
    MetricRow("lathe_requests_total", "counter", ("route", "code"), "Requests answered, by status", _read_requests),
    MetricRow(
        "lathe_request_duration_seconds", "histogram", ("route",), "From the start of handling to the answer",
        lambda s: {},
    ),
    MetricRow("lathe_predicted_rows_total", "counter", ("decision",), "Rows scored, by decision", _read_decisions),
    MetricRow(
        "lathe_batches_total", "counter", (), "Requests with several rows answered", lambda s: _one(s.counters.batches)
    ),
    MetricRow(
        "lathe_rejected_requests_total", "counter", ("reason",), "Requests refused, by the code of the error",
        lambda s: _by_label(s.counters.rejected),
    ),
    MetricRow(
        "lathe_rejected_rows_total", "counter", ("reason",), "Rows of uploads refused, by the code of the error",
        lambda s: _by_label(s.counters.rejected_rows),
    ),
    MetricRow(
        "lathe_receipts_total", "counter", (), "Predictions answered with a receipt",
        _by_version(lambda sums: sums.issued), True,
    ),
    MetricRow(
        "lathe_feedback_total", "counter", ("outcome",), "Outcomes that came back with a receipt, each once",
        _read_outcomes, True,
    ),
    MetricRow(
        "lathe_feedback_duplicates_total", "counter", (), "Outcomes that had come back before",
        _by_version(lambda sums: sums.duplicates), True,
    ),
    MetricRow(
        "lathe_feedback_absolute_error_total", "counter", (),
        "Sum of the distances between score and outcome, an event being 1 or 0",
        _by_version(lambda sums: sums.absolute), True,
    ),
    MetricRow(
        "lathe_feedback_squared_error_total", "counter", (), "Sum of (score - outcome)², an event being 1 or 0",
        _by_version(lambda sums: sums.squared), True,
    ),
    MetricRow(
        "lathe_feedback_folder_strange_entries", "gauge", (), "Entries of the feedback folder that cannot be swept",
        lambda s: _one(s.used_receipts.strange),
    ),
    MetricRow(
        "lathe_key_requests_total", "counter", ("key", "answer"), "Requests with a valid API key, by what it allowed",
        _read_keys,
    ),
    MetricRow("lathe_key_rows_total", "counter", ("key",), "Rows answered to an API key", _read_key_rows),
    MetricRow(
        "lathe_key_reloads_total", "counter", ("result",), "Times the changed file of API keys was read again",
        lambda s: _by_label(s.access.reloads if s.access else {}),
    ),
    MetricRow(
        "lathe_shed_requests_total", "counter", ("reason",), "Requests turned away to protect the rest",
        lambda s: _by_label(s.counters.shed),
    ),
    MetricRow(
        "lathe_closed_connections_total", "counter", ("reason",), "Connections closed as too slow, or idle",
        lambda s: _by_label(s.counters.closed),
    ),
    MetricRow(
        "lathe_dropped_log_lines_total", "counter", (), "Log lines that could not be written",
        lambda s: _one(s.counters.dropped_lines),
    ),
    MetricRow(
        "lathe_unknown_categories_total", "counter", ("feature",), "Undeclared categories taken as missing",
        lambda s: _by_label(s.model.unknown),
    ),
    MetricRow(
        "lathe_feature_rows_total", "counter", ("feature", "bin"), "Rows in each bin of a feature", _read_feature_rows
    ),
    MetricRow(
        "lathe_feature_reference_ratio", "gauge", ("feature", "bin", "drift"), "Share of training rows in each bin",
        _read_feature_reference,
    ),
    MetricRow(
        "lathe_reference_rows", "gauge", (), "Training rows that the reference ratios are shares of",
        lambda s: _one(s.model.manifest.data.rows),
    ),
    MetricRow("lathe_score_rows_total", "counter", ("bin",), "Rows in each bin of the score", _read_score_rows),
    MetricRow(
        "lathe_score_reference_ratio", "gauge", ("bin",), "Share of training rows in each bin of the score",
        _read_score_reference,
    ),
)  # fmt: skip

BEFORE_THE_MODEL = ("lathe_ready", "lathe_in_flight_requests")


class StateCollector(Collector):
    """Turns the state's plain numbers into metric families when they are scraped."""

    def __init__(self, state: ServingState) -> None:
        self.state = state

    def collect(self) -> Iterator[Metric]:
        """Families of METRICS, in its order; the model's labels are empty until it is loaded."""
        manifest = self.state.model.manifest if self.state.has_model else None
        model = (manifest.name, manifest.version) if manifest else ("", "")
        for row in METRICS:
            if manifest is None and row.name not in BEFORE_THE_MODEL:
                continue
            yield self._durations(row, model) if row.kind == "histogram" else self._family(row, model)

    def _family(self, row: MetricRow, model: tuple[str, str]) -> Metric:
        labels = (*MODEL_LABELS, *row.labels)
        samples = row.read(self.state)
        if row.kind == "info":
            info = InfoMetricFamily(row.name.removesuffix("_info"), row.help)
            for values in samples:
                info.add_metric([], dict(zip(labels, (*model, *values), strict=True)))
            return info
        kind = CounterMetricFamily if row.kind == "counter" else GaugeMetricFamily
        family = kind(row.name, row.help, labels=labels)
        for values, value in samples.items():
            family.add_metric([*(model[:1] if row.is_of_receipts else model), *values], value)
        return family

    def _durations(self, row: MetricRow, model: tuple[str, str]) -> Metric:
        family = HistogramMetricFamily(row.name, row.help, labels=(*MODEL_LABELS, *row.labels))
        bounds = [*(str(bound) for bound in DURATION_BUCKETS), "+Inf"]
        durations = self.state.counters.durations
        for route in dict.fromkeys(route for route, _ in durations):
            cells = [cell for (name, _), cell in durations.items() if name == route]
            counts = [sum(column) for column in zip(*(cell.counts for cell in cells), strict=True)]
            running = [sum(counts[: index + 1]) for index in range(len(counts))]
            seconds = sum(cell.total_seconds for cell in cells)
            family.add_metric([*model, route], list(zip(bounds, running, strict=True)), seconds)
        return family


def make_registry(state: ServingState) -> CollectorRegistry:
    """A registry of its own with the state's and the process's metrics."""
    registry = CollectorRegistry()
    ProcessCollector(registry=registry)
    registry.register(StateCollector(state))
    return registry
