"""The values of the metrics, as Prometheus' library has them."""

from collections.abc import Iterator

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

from app.predictor.metrics import METRICS, MODEL_LABELS, MetricRow
from app.predictor.samples import Reading
from app.predictor.services import Services
from contract.durations import DURATION_BUCKETS

Registry = CollectorRegistry

BEFORE_THE_MODEL = ("lathe_ready", "lathe_in_flight_requests")


class ServicesCollector(Collector):
    """Turns the services' plain numbers into metric families when they are scraped."""

    def __init__(self, services: Services) -> None:
        self.services = services

    def collect(self) -> Iterator[Metric]:
        """Families of METRICS, in its order; the model's labels are empty until it is loaded."""
        manifest = self.services.lifecycle.model.manifest if self.services.lifecycle.has_model else None
        model = (manifest.name, manifest.version) if manifest else ("", "")
        reading = Reading(self.services)
        for row in METRICS:
            if manifest is None and row.name not in BEFORE_THE_MODEL:
                continue
            collect = {"histogram": self._durations, "summary": self._delays}.get(row.kind, self._family)
            yield collect(row, model, reading)

    def _family(self, row: MetricRow, model: tuple[str, str], reading: Reading) -> Metric:
        labels = (*MODEL_LABELS, *row.labels)
        values_by_labels = row.read(reading)
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

    def _durations(self, row: MetricRow, model: tuple[str, str], reading: Reading) -> Metric:
        family = HistogramMetricFamily(row.name, row.help, labels=(*MODEL_LABELS, *row.labels))
        bounds = [*(str(bound) for bound in DURATION_BUCKETS), "+Inf"]
        durations = reading.services.counters.durations
        for route in dict.fromkeys(route for route, _ in durations):
            cells = [cell for (name, _), cell in durations.items() if name == route]
            counts = [sum(column) for column in zip(*(cell.counts for cell in cells), strict=True)]
            running = [sum(counts[: index + 1]) for index in range(len(counts))]
            seconds = sum(cell.total_seconds for cell in cells)
            family.add_metric([*model, route], list(zip(bounds, running, strict=True)), seconds)
        return family

    def _delays(self, row: MetricRow, model: tuple[str, str], reading: Reading) -> Metric:
        family = SummaryMetricFamily(row.name, row.help, labels=MODEL_LABELS)
        for version, sums in reading.services.feedback.versions.items():
            family.add_metric([model[0], version], sum(sums.outcomes.values()), sums.delay_seconds)
        return family


def make_registry(services: Services) -> CollectorRegistry:
    """A registry of its own with the predictor's and the process's metrics."""
    registry = CollectorRegistry()
    ProcessCollector(registry=registry)
    registry.register(ServicesCollector(services))
    return registry
