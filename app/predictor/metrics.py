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
from app.predictor.services import Services
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
    read: Callable[[Services], Samples]
    is_of_receipts: bool = False  # samples begin with the version that stands in the receipts, not the served one


def _one(value: float) -> Samples:
    return {(): value}


def _by_label(counts: Mapping[str, int]) -> Samples:
    return {(label,): count for label, count in counts.items()}


def _read_info(services: Services) -> Samples:
    return {(services.lifecycle.model.digest, services.lifecycle.model.manifest.schema.task): 1}


def _read_engine(services: Services) -> Samples:
    return {(services.lifecycle.model.engine.name,): 1}


def _read_requests(services: Services) -> Samples:
    return {(route, str(code)): sum(cell.counts) for (route, code), cell in services.counters.durations.items()}


def _read_decisions(services: Services) -> Samples:
    return {(DECISIONS[decision],): count for decision, count in services.counters.rows.items()}


def _read_feature_rows(services: Services) -> Samples:
    traffic = services.lifecycle.model.traffic
    return {
        (feature, label): count
        for feature, bins in traffic.reference.items()
        if feature != SCORE
        for label, count in zip(name_bins(bins), traffic.counts[feature], strict=True)
    }


def _read_feature_reference(services: Services) -> Samples:
    return {
        (feature, label, bins.drift): ratio
        for feature, bins in services.lifecycle.model.traffic.reference.items()
        if feature != SCORE
        for label, ratio in zip(name_bins(bins), bins.ratios, strict=True)
    }


def _read_score_rows(services: Services) -> Samples:
    traffic = services.lifecycle.model.traffic
    return {(b,): n for b, n in zip(name_bins(traffic.reference[SCORE]), traffic.counts[SCORE], strict=True)}


def _read_score_reference(services: Services) -> Samples:
    bins = services.lifecycle.model.traffic.reference[SCORE]
    return {(label,): ratio for label, ratio in zip(name_bins(bins), bins.ratios, strict=True)}


def _read_outcomes(services: Services) -> Samples:
    versions = services.feedback.versions.items()
    return {(version, name): count for version, sums in versions for name, count in sums.outcomes.items()}


def _by_version(read: Callable[[VersionSums], float]) -> Callable[[Services], Samples]:
    return lambda services: {(version,): read(sums) for version, sums in services.feedback.versions.items()}


def _read_keys(services: Services) -> Samples:
    callers = services.access.callers.values() if services.access else ()
    return {(caller.name, answer): count for caller in callers for answer, count in caller.answers.items()}


def _read_key_rows(services: Services) -> Samples:
    return {(caller.name,): caller.rows for caller in services.access.callers.values()} if services.access else {}


# docs/metrics.md shows the same table
METRICS = (
    MetricRow("lathe_model_info", "info", ("digest", "task"), "The bundle that is served", _read_info),
    MetricRow(
        "lathe_engine_info", "info", ("engine",), "The library that answers single rows and a few", _read_engine
    ),
    MetricRow("lathe_ready", "gauge", (), "1 while /readyz answers 200, else 0", lambda s: _one(s.lifecycle.is_ready)),
    MetricRow(
        "lathe_in_flight_requests", "gauge", (), "Requests begun and not yet answered",
        lambda s: _one(s.admission.count_in_flight()),
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
        lambda s: _by_label(s.lifecycle.model.unknown),
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
        lambda s: _one(s.lifecycle.model.manifest.data.rows),
    ),
    MetricRow("lathe_score_rows_total", "counter", ("bin",), "Rows in each bin of the score", _read_score_rows),
    MetricRow(
        "lathe_score_reference_ratio", "gauge", ("bin",), "Share of training rows in each bin of the score",
        _read_score_reference,
    ),
)  # fmt: skip

BEFORE_THE_MODEL = ("lathe_ready", "lathe_in_flight_requests")


class ServicesCollector(Collector):
    """Turns the services' plain numbers into metric families when they are scraped."""

    def __init__(self, services: Services) -> None:
        self.services = services

    def collect(self) -> Iterator[Metric]:
        """Families of METRICS, in its order; the model's labels are empty until it is loaded."""
        manifest = self.services.lifecycle.model.manifest if self.services.lifecycle.has_model else None
        model = (manifest.name, manifest.version) if manifest else ("", "")
        for row in METRICS:
            if manifest is None and row.name not in BEFORE_THE_MODEL:
                continue
            yield self._durations(row, model) if row.kind == "histogram" else self._family(row, model)

    def _family(self, row: MetricRow, model: tuple[str, str]) -> Metric:
        labels = (*MODEL_LABELS, *row.labels)
        samples = row.read(self.services)
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
        durations = self.services.counters.durations
        for route in dict.fromkeys(route for route, _ in durations):
            cells = [cell for (name, _), cell in durations.items() if name == route]
            counts = [sum(column) for column in zip(*(cell.counts for cell in cells), strict=True)]
            running = [sum(counts[: index + 1]) for index in range(len(counts))]
            seconds = sum(cell.total_seconds for cell in cells)
            family.add_metric([*model, route], list(zip(bounds, running, strict=True)), seconds)
        return family


def make_registry(services: Services) -> CollectorRegistry:
    """A registry of its own with the predictor's and the process's metrics."""
    registry = CollectorRegistry()
    ProcessCollector(registry=registry)
    registry.register(ServicesCollector(services))
    return registry
