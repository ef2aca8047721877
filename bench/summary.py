"""From turns to figures: medians over the rounds, the best peer, and everyone's ratio to it."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from statistics import median

from bench.results import Entry, Results, Turn
from bench.wrk import Load


@dataclass(frozen=True)
class Figures:
    """A contender's medians. Dictionaries are by connections or by batch form."""

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
    """One for each contender that finished at least one turn, in the order of the entries."""
    turns = {entry.name: [turn for turn in results.turns if turn.contender == entry.name] for entry in results.entries}
    rows = results.settings.batch_rows
    return [_summarise(entry, turns[entry.name], rows) for entry in results.entries if turns[entry.name]]


def _summarise(entry: Entry, turns: list[Turn], batch_rows: int) -> Figures:
    def over_loads(value: Callable[[Load], float]) -> dict[str, float]:
        return {key: median(value(turn.loads[key]) for turn in turns) for key in turns[0].loads}

    return Figures(
        entry=entry,
        requests_per_second=over_loads(lambda load: load.requests_per_second),
        p50_ms=over_loads(lambda load: load.p50_ms),
        p99_ms=over_loads(lambda load: load.p99_ms),
        cpu_us=median(turn.cpu_us_per_request for turn in turns),
        cold_start_seconds=median(turn.cold_start_seconds for turn in turns),
        resident_bytes=median(turn.resident_bytes for turn in turns),
        batch_rows_per_second={
            form: median(turn.batches[form].requests_per_second for turn in turns) * batch_rows
            for form in turns[0].batches
        },
        batch_cpu_us={form: median(turn.batch_cpu_us[form] for turn in turns) for form in turns[0].batch_cpu_us},
    )


def of_kind(figures: Iterable[Figures], kind: str) -> list[Figures]:
    return [one for one in figures if one.entry.kind == kind]


def best_peer(figures: Iterable[Figures], connections: str) -> Figures | None:
    """The peer with the most requests a second, None if no peer ran."""
    return max(of_kind(figures, "peer"), key=lambda one: one.requests_per_second[connections], default=None)


def ratio_to_best(one: Figures, figures: Iterable[Figures], connections: str) -> float | None:
    best = best_peer(figures, connections)
    return one.requests_per_second[connections] / best.requests_per_second[connections] if best else None
