"""From runs to figures: medians over the rounds, the best peer, and everyone's ratio to it."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from statistics import median

from bench.reporting.results import Entry, Results, Run
from bench.wrk import Load


@dataclass(frozen=True)
class Figures:
    """A system's medians. Dictionaries are by connections or by batch form."""

    entry: Entry
    requests_per_second: dict[str, float]
    p50_ms: dict[str, float]
    p99_ms: dict[str, float]
    cpu_us: float
    cold_start_seconds: float
    resident_bytes: float
    batch_rows_per_second: dict[str, float]
    batch_cpu_us: dict[str, float] = field(default_factory=dict)

    @property
    def best_batch(self) -> float | None:
        return max(self.batch_rows_per_second.values(), default=None)


def summarise(results: Results) -> list[Figures]:
    """One for each system that finished at least one run, in the order of the entries."""
    runs = {entry.name: [run for run in results.runs if run.system == entry.name] for entry in results.entries}
    rows = results.settings.batch_rows
    return [_summarise(entry, runs[entry.name], rows) for entry in results.entries if runs[entry.name]]


def _summarise(entry: Entry, runs: list[Run], batch_rows: int) -> Figures:
    def over_loads(value: Callable[[Load], float]) -> dict[str, float]:
        return {key: median(value(run.loads[key]) for run in runs) for key in runs[0].loads}

    return Figures(
        entry=entry,
        requests_per_second=over_loads(lambda load: load.requests_per_second),
        p50_ms=over_loads(lambda load: load.p50_ms),
        p99_ms=over_loads(lambda load: load.p99_ms),
        cpu_us=median(run.cpu_us_per_request for run in runs),
        cold_start_seconds=median(run.cold_start_seconds for run in runs),
        resident_bytes=median(run.resident_bytes for run in runs),
        batch_rows_per_second={
            form: median(run.batches[form].requests_per_second for run in runs) * batch_rows for form in runs[0].batches
        },
        batch_cpu_us={form: median(run.batch_cpu_us[form] for run in runs) for form in runs[0].batch_cpu_us},
    )


def of_kind(figures: Iterable[Figures], kind: str) -> list[Figures]:
    return [one for one in figures if one.entry.kind == kind]


def best_peer(figures: Iterable[Figures], connections: str) -> Figures | None:
    """The peer with the most requests a second, None if no peer ran."""
    return max(of_kind(figures, "peer"), key=lambda one: one.requests_per_second[connections], default=None)


def ratio_to_best(one: Figures, figures: Iterable[Figures], connections: str) -> float | None:
    best = best_peer(figures, connections)
    return one.requests_per_second[connections] / best.requests_per_second[connections] if best else None
