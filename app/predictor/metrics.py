"""The predictor's metrics: the one list of their names, and their values as Prometheus' library has them."""

from collections.abc import Callable, Iterator
from typing import NamedTuple

from prometheus_client import CollectorRegistry, ProcessCollector
from prometheus_client.core import (
    CounterMetricFamily,
    GaugeMetricFamily,
    HistogramMetricFamily,
    InfoMetricFamily,
    Metric,
    SummaryMetricFamily,
)
from prometheus_client.registry import Collector

from app.predictor.samples import (
    Samples,
    by_decision,
    by_label,
    by_version,
    by_version_and_decision,
    one,
    read_engine,
    read_feature_reference,
    read_feature_rows,
    read_info,
    read_key_rows,
    read_keys,
    read_outcomes,
    read_requests,
    read_score_reference,
    read_score_rows,
    read_trained,
    read_variance,
)
from app.predictor.services import Services
from contract.durations import DURATION_BUCKETS

MODEL_LABELS = ("model_name", "model_version")  # on every metric, before its own

Registry = CollectorRegistry


class MetricRow(NamedTuple):
    """One metric; `read` gives its samples by their own labels once a model is loaded."""

    name: str
    kind: str
    labels: tuple[str, ...]
    help: str
    read: Callable[[Services], Samples]
    is_of_receipts: bool = False  # samples begin with the version that stands in the receipts, not the served one


# docs/metrics.md shows the same table
METRICS = (
    MetricRow("lathe_model_info", "info", ("digest", "task"), "The bundle that is served", read_info),
    MetricRow(
        "lathe_model_trained_timestamp_seconds", "gauge", (),
        "When the served model was trained and judged, by the gate's report; nothing without one", read_trained,
    ),
    MetricRow(
        "lathe_engine_info", "info", ("engine",), "The library that answers single rows and a few", read_engine
    ),
    MetricRow("lathe_ready", "gauge", (), "1 while /readyz answers 200, else 0", lambda s: one(s.lifecycle.is_ready)),
    MetricRow(
        "lathe_in_flight_requests", "gauge", (), "Requests started and not yet answered",
        lambda s: one(s.admission.count_in_flight()),
    ),
    MetricRow("lathe_requests_total", "counter", ("route", "code"), "Requests answered, by status", read_requests),
    MetricRow(
        "lathe_request_duration_seconds", "histogram", ("route",), "From the start of handling to the answer",
        lambda s: {},
    ),
    MetricRow(
        "lathe_predicted_rows_total", "counter", ("decision",), "Rows scored, by decision",
        by_decision(lambda sums: sums.rows),
    ),
    MetricRow(
        "lathe_score_sum_total", "counter", ("decision",), "Sum of the scores p of those rows",
        by_decision(lambda sums: sums.scores),
    ),
    MetricRow(
        "lathe_score_variance_total", "counter", ("decision",),
        "Sum of p(1 - p) of those rows; nothing for a regression", read_variance,
    ),
    MetricRow(
        "lathe_batches_total", "counter", (), "Requests with several rows answered", lambda s: one(s.counters.batches)
    ),
    MetricRow(
        "lathe_rejected_requests_total", "counter", ("reason",), "Requests refused, by the code of the error",
        lambda s: by_label(s.counters.rejected),
    ),
    MetricRow(
        "lathe_rejected_rows_total", "counter", ("reason",), "Rows of uploads refused, by the code of the error",
        lambda s: by_label(s.counters.rejected_rows),
    ),
    MetricRow(
        "lathe_receipts_total", "counter", (), "Predictions answered with a receipt",
        by_version(lambda sums: sums.issued), True,
    ),
    MetricRow(
        "lathe_feedback_total", "counter", ("outcome",), "Outcomes that came back with a receipt, each once",
        read_outcomes, True,
    ),
    MetricRow(
        "lathe_feedback_duplicates_total", "counter", (), "Outcomes that had come back before",
        by_version(lambda sums: sums.duplicates), True,
    ),
    MetricRow(
        "lathe_feedback_absolute_error_total", "counter", (),
        "Sum of the distances between score and outcome, an event being 1 or 0",
        by_version(lambda sums: sums.absolute), True,
    ),
    MetricRow(
        "lathe_feedback_squared_error_total", "counter", ("decision",),
        "Sum of (score - outcome)², an event being 1 or 0", by_version_and_decision(lambda sums: sums.squared), True,
    ),
    MetricRow(
        "lathe_feedback_score_total", "counter", ("decision",), "Sum of the scores whose outcomes came back",
        by_version_and_decision(lambda sums: sums.scores), True,
    ),
    MetricRow(
        "lathe_feedback_delay_seconds", "summary", (), "From a prediction to its outcome", lambda s: {}, True,
    ),
    MetricRow(
        "lathe_feedback_folder_strange_entries", "gauge", (), "Entries of the feedback folder that cannot be removed",
        lambda s: one(s.used_receipts.strange),
    ),
    MetricRow(
        "lathe_key_requests_total", "counter", ("key", "answer"), "Requests with a valid API key, by what it allowed",
        read_keys,
    ),
    MetricRow("lathe_key_rows_total", "counter", ("key",), "Rows answered to an API key", read_key_rows),
    MetricRow(
        "lathe_key_reloads_total", "counter", ("result",), "Times the changed file of API keys was read again",
        lambda s: by_label(s.access.reloads if s.access else {}),
    ),
    MetricRow(
        "lathe_shed_requests_total", "counter", ("reason",), "Requests turned away to protect the rest",
        lambda s: by_label(s.counters.shed),
    ),
    MetricRow(
        "lathe_closed_connections_total", "counter", ("reason",), "Connections closed as too slow, or idle",
        lambda s: by_label(s.counters.closed),
    ),
    MetricRow(
        "lathe_dropped_log_lines_total", "counter", (), "Log lines that could not be written",
        lambda s: one(s.counters.dropped_lines),
    ),
    MetricRow(
        "lathe_unknown_categories_total", "counter", ("feature",), "Undeclared categories taken as missing",
        lambda s: by_label(s.lifecycle.model.unknown),
    ),
    MetricRow(
        "lathe_feature_rows_total", "counter", ("feature", "bin"), "Rows in each bin of a feature", read_feature_rows
    ),
    MetricRow(
        "lathe_feature_reference_ratio", "gauge", ("feature", "bin", "drift"), "Share of training rows in each bin",
        read_feature_reference,
    ),
    MetricRow(
        "lathe_reference_rows", "gauge", (), "Training rows that the reference ratios are shares of",
        lambda s: one(s.lifecycle.model.manifest.data.rows),
    ),
    MetricRow("lathe_score_rows_total", "counter", ("bin",), "Rows in each bin of the score", read_score_rows),
    MetricRow(
        "lathe_score_reference_ratio", "gauge", ("bin",), "Share of training rows in each bin of the score",
        read_score_reference,
    ),
    MetricRow(
        "lathe_prediction_log_rows_total", "counter", (), "Rows and outcomes written to the prediction log",
        lambda s: one(s.prediction_log.written) if s.prediction_log else {},
    ),
    MetricRow(
        "lathe_prediction_log_dropped_rows_total", "counter", ("reason",),
        "Rows and outcomes that the prediction log could not take",
        lambda s: by_label(s.prediction_log.dropped) if s.prediction_log else {},
    ),
)  # fmt: skip # a table

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
            collect = {"histogram": self._durations, "summary": self._delays}.get(row.kind, self._family)
            yield collect(row, model)

    def _family(self, row: MetricRow, model: tuple[str, str]) -> Metric:
        labels = (*MODEL_LABELS, *row.labels)
        values_by_labels = row.read(self.services)
        if row.kind == "info":
            info = InfoMetricFamily(row.name.removesuffix("_info"), row.help)
            for values in values_by_labels:
                info.add_metric([], dict(zip(labels, (*model, *values), strict=True)))
            return info
        kind = CounterMetricFamily if row.kind == "counter" else GaugeMetricFamily
        family = kind(row.name, row.help, labels=labels)
        for values, value in values_by_labels.items():
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

    def _delays(self, row: MetricRow, model: tuple[str, str]) -> Metric:
        family = SummaryMetricFamily(row.name, row.help, labels=MODEL_LABELS)
        for version, sums in self.services.feedback.versions.items():
            family.add_metric([model[0], version], sum(sums.outcomes.values()), sums.delay_seconds)
        return family


def make_registry(services: Services) -> CollectorRegistry:
    """A registry of its own with the predictor's and the process's metrics."""
    registry = CollectorRegistry()
    ProcessCollector(registry=registry)
    registry.register(ServicesCollector(services))
    return registry
