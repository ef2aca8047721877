"""Ten times more than a server can answer, as 1,000-row batches: what is still answered, and how soon."""

import asyncio
import http.client
import itertools
import os
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from multiprocessing import get_context
from statistics import mean, median

from app.monitor.load.open_loop import Reply, format_request
from bench.errors import UnfitSystemError
from bench.experiments.experiment import Experiment, Outcome, Promise
from bench.experiments.open_loop import percentile_99, send_load
from bench.model import ServedModel
from bench.processes import pin_threads
from bench.run import load_cleanly
from bench.servers import Server, running
from bench.systems import ROBUST, System

TIMES_CAPACITY = 10
ROUNDS = 4  # a machine that is shared is not always as fast: each flood is held against the peaks next to it
PEAK_SECONDS = 3
LEAST_GOODPUT = 0.9
MOST_SECONDS = 1.0  # the 99th percentile of what is answered all the same
PEAK_CONNECTIONS = 4
PROBE_EVERY_SECONDS = 0.1
PROBES_A_SCRAPE = 10  # a Prometheus asks far less often, and a scrape costs the core as much as a batch
REFUSED = (http.client.TOO_MANY_REQUESTS, http.client.SERVICE_UNAVAILABLE)


@dataclass
class Flood:
    """What a server made of one flood, and of its probes meanwhile."""

    replies: list[Reply]
    seconds: float
    probes: list[Reply]

    @property
    def answered(self) -> list[float]:
        """Seconds of those that got a 200."""
        return [reply.seconds for reply in self.replies if reply.status == http.client.OK]

    @property
    def refused(self) -> list[Reply]:
        return [reply for reply in self.replies if reply.status in REFUSED]

    @property
    def lost(self) -> int:
        return len(self.replies) - len(self.answered) - len(self.refused)


async def probe(server: Server, until: float) -> list[Reply]:
    """The health route asked ten times a second and the metrics once, on connections of their own."""
    replies, health, metrics = [], server.system.health, server.system.metrics
    paths = itertools.cycle([(health, metrics), *[(health,)] * (PROBES_A_SCRAPE - 1)])
    while time.monotonic() < until:
        for path in filter(None, next(paths)):
            start = time.monotonic()
            try:
                status = (await asyncio.to_thread(server.ask, path, None, 5.0)).status
            except (OSError, http.client.HTTPException):
                status = 0
            replies.append(Reply(status, time.monotonic() - start))
        await asyncio.sleep(PROBE_EVERY_SECONDS)
    return replies


@contextmanager
def kept_apart(server: Server) -> Iterator[None]:
    """The server on the first core, the load on the others: else the flood takes what it is to stand."""
    cores = sorted(os.sched_getaffinity(0))
    if len(cores) > 1:
        for status in server.list_processes():
            pin_threads(status.process.pid, {cores[0]})
        os.sched_setaffinity(0, set(cores[1:]))
    try:
        yield
    finally:
        os.sched_setaffinity(0, set(cores))


def press(server: Server, request: bytes, rate: float, seconds: int) -> Flood:
    """One flood, from a process of its own."""
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
        pool.submit(os.getpid).result()  # the process is up before the clock runs
        loading = pool.submit(send_load, server.port, request, rate, seconds)
        probes = asyncio.run(probe(server, time.monotonic() + seconds))
        replies, elapsed = loading.result()
    return Flood(replies, elapsed, probes)


def press_in_rounds(server: Server, model: ServedModel, form: str, seconds: int) -> tuple[list[float], list[Flood]]:
    """Peak, flood, peak, flood and so on; fewer rounds for a server that still works off what nobody waits for.

    Raises: UnfitSystemError if it does not serve at its own pace to begin with.
    """
    protocol = server.system.batches[form]
    request = format_request(protocol.path, protocol.encode(model.rows))
    peaks, floods = [measure_peak(server, model, form)], []
    for _ in range(ROUNDS):
        floods.append(press(server, request, peaks[-1] * TIMES_CAPACITY, seconds))
        try:
            peaks.append(measure_peak(server, model, form))
        except UnfitSystemError:
            break
    return peaks, floods


def measure_peak(server: Server, model: ServedModel, form: str) -> float:
    """Batches a second. Raises: UnfitSystemError."""
    return load_cleanly(server, model, form, PEAK_CONNECTIONS, PEAK_SECONDS).requests_per_second


def compute_goodput(peaks: Sequence[float], floods: Sequence[Flood]) -> float:
    """What is still answered, as a share of the peaks before and after each flood; the median of the rounds."""
    shares = []
    for index, flood in enumerate(floods):
        beside = mean(peaks[index : index + 2])
        shares.append(len(flood.answered) / flood.seconds / beside)
    return median(shares)


def measure(system: System, model: ServedModel, seconds: int) -> Outcome:
    """Raises: UnfitSystemError if it does not serve at its own pace."""
    bodies = {form: protocol.encode(model.rows) for form, protocol in system.batches.items()}
    form = min(bodies, key=lambda form: len(bodies[form]))  # the flood is of work, not of bytes
    with running(system, model) as server, kept_apart(server):
        peaks, floods = press_in_rounds(server, model, form, seconds)
    return describe(peaks, floods)


def describe(peaks: Sequence[float], floods: Sequence[Flood]) -> Outcome:
    """All floods together."""
    elapsed = sum(flood.seconds for flood in floods)
    sent = sum(len(flood.replies) for flood in floods)
    answered = [seconds for flood in floods for seconds in flood.answered]
    refused = [reply for flood in floods for reply in flood.refused]
    probes = [probe for flood in floods for probe in flood.probes]
    goodput, slowest = compute_goodput(peaks, floods), percentile_99(answered)
    lost = sum(flood.lost for flood in floods)
    silent = sum(not reply.retry_after for reply in refused)
    failed = sum(probe.status != http.client.OK for probe in probes)
    return Outcome(
        [
            f"{mean(peaks):,.0f}",
            f"{sent / elapsed:,.0f}",
            f"{len(answered) / elapsed:,.0f} ({goodput:.0%})",
            f"{slowest:.2f}",
            f"{len(refused):,} ({len(refused) - silent:,} with Retry-After)",
            f"{lost:,}",
            f"{percentile_99([probe.seconds for probe in probes]):.2f}",
            f"{failed} of {len(probes)}",
        ],
        [
            Promise(
                f"at least {LEAST_GOODPUT:.0%} of the peak is answered", f"{goodput:.1%}", goodput >= LEAST_GOODPUT
            ),
            Promise(f"with a p99 of at most {MOST_SECONDS:.0f} s", f"{slowest:.2f} s", slowest <= MOST_SECONDS),
            Promise("the rest is refused with Retry-After", f"{silent + lost:,} not so", silent + lost == 0),
            Promise("probes and metrics are always answered", f"{failed:,} not", failed == 0),
        ],
    )


EXPERIMENT = Experiment(
    name="overload",
    about=(
        f"1,000-row batches in the form with the fewest bytes, sent at {TIMES_CAPACITY} times the rate that the server "
        f"reaches at {PEAK_CONNECTIONS} connections, "
        f"for {{seconds}} s, without waiting for answers, {ROUNDS} times; beside, its health route is asked "
        "ten times a second and its metrics once. "
        "The share of the peak is the median of the rounds, each held against the peaks "
        "before and after, if the server has recovered by then. The server has one core, the load generator the other, "
        "for the peak as well; the rate sent can fall short of the rate aimed at."
    ),
    seconds=10,
    header=(
        "peak batches/s",
        "offered /s",
        "answered 200 /s (of peak)",
        "their p99, s",
        "refused 429 or 503",
        "timed out or broken",
        "probe p99, s",
        "probes failed",
    ),
    measure=measure,
    systems=ROBUST,
)
