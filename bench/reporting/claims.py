"""What Lathe promises beside its peers, each held against this run's medians."""

from collections.abc import Callable
from dataclasses import dataclass

from bench.reporting.summary import Figures, of_kind, ratio_to_best

AT_LEAST = "at least"
AT_MOST = "at most"


@dataclass(frozen=True)
class Claim:
    """`bound` is in the unit the text names; `found` is None where this run has nothing to compare with."""

    text: str
    direction: str
    bound: float
    found: float | None

    @property
    def holds(self) -> bool | None:
        if self.found is None:
            return None
        return self.found >= self.bound if self.direction == AT_LEAST else self.found <= self.bound


def check_claims(figures: list[Figures]) -> list[Claim]:
    """Empty if Lathe itself did not run."""
    lathe = next(iter(of_kind(figures, "lathe")), None)
    if lathe is None:
        return []
    return [*_throughput(lathe, figures), *_latency(lathe, figures), *_batches(lathe, figures), *_size(lathe, figures)]


def _throughput(lathe: Figures, figures: list[Figures]) -> list[Claim]:
    claims = []
    for connections, bound in (("1", 5.0), ("16", 11.0), ("64", 11.0)):
        found = ratio_to_best(lathe, figures, connections)
        claims.append(Claim(f"requests/s ÷ best peer, {connections} connections", AT_LEAST, bound, found))
    empty = next((one for one in figures if one.entry.name == "fastapi-empty"), None)
    found = lathe.requests_per_second["16"] / empty.requests_per_second["16"] if empty else None
    claims.append(Claim("requests/s ÷ a FastAPI route that does nothing, 16 connections", AT_LEAST, 1.1, found))
    return claims


def _latency(lathe: Figures, figures: list[Figures]) -> list[Claim]:
    found = _against_lowest(lathe, figures, lambda one: one.p99_ms["16"])
    return [Claim("p99 ÷ lowest p99 of a peer, 16 connections", AT_MOST, 0.1, found)]


def _batches(lathe: Figures, figures: list[Figures]) -> list[Claim]:
    best = max((one.best_batch for one in of_kind(figures, "peer") if one.best_batch), default=None)
    rates = lathe.batch_rows_per_second
    return [
        Claim("batch rows/s as V2 tensor ÷ best peer", AT_LEAST, 1.5, best and rates["tensor"] / best),
        Claim("batch rows/s as named records ÷ best peer", AT_LEAST, 1.0, best and rates["records"] / best),
    ]


def _size(lathe: Figures, figures: list[Figures]) -> list[Claim]:
    cold = _against_lowest(lathe, figures, lambda one: one.cold_start_seconds)
    resident = _against_lowest(lathe, figures, lambda one: one.resident_bytes)
    return [
        Claim("cold start ÷ fastest peer", AT_MOST, 1.0, cold),
        Claim("resident memory ÷ smallest peer", AT_MOST, 1.0, resident),
        Claim("environment, MB", AT_MOST, 280.0, lathe.entry.environment_bytes / 1e6),
    ]


def _against_lowest(lathe: Figures, figures: list[Figures], value: Callable[[Figures], float]) -> float | None:
    lowest = min((value(one) for one in of_kind(figures, "peer")), default=None)
    return value(lathe) / lowest if lowest else None
