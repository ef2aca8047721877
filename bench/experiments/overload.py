"""Ten times more than a server can answer, as 1,000-row batches: what is still answered, and how soon."""

import asyncio
import http.client
import os
import time
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from multiprocessing import get_context

from bench.contenders import ROBUST, Contender
from bench.errors import ContenderError
from bench.experiments.experiment import Experiment, Outcome
from bench.experiments.open_loop import Reply, format_request, percentile_99, send_load
from bench.model import ServedModel
from bench.processes import pin_threads
from bench.servers import Server, running
from bench.turn import load_cleanly

TIMES_CAPACITY = 10
PEAK_SECONDS = 3
PEAK_CONNECTIONS = 4
PROBE_EVERY_SECONDS = 0.1
REFUSED = (http.client.TOO_MANY_REQUESTS, http.client.SERVICE_UNAVAILABLE)


async def probe_health(server: Server, until: float) -> list[Reply]:
    """The health route asked ten times a second on connections of their own."""
    replies = []
    while time.monotonic() < until:
        start = time.monotonic()
        try:
            answer = await asyncio.to_thread(server.ask, server.contender.health, None, 5.0)
            replies.append(Reply(answer.status, time.monotonic() - start))
        except (OSError, http.client.HTTPException):
            replies.append(Reply(0, time.monotonic() - start))
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


def press(server: Server, request: bytes, rate: float, seconds: int) -> tuple[list[Reply], float, list[Reply]]:
    """The load's replies, how long they took, and the probes'; the load in a process of its own."""
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
        pool.submit(os.getpid).result()  # the process is up before the clock runs
        loading = pool.submit(send_load, server.port, request, rate, seconds)
        probes = asyncio.run(probe_health(server, time.monotonic() + seconds))
        replies, elapsed = loading.result()
    return replies, elapsed, probes


def measure_after(server: Server, model: ServedModel, form: str) -> float | None:
    """The peak once more; None for a server that still works off what nobody waits for."""
    try:
        return load_cleanly(server, model, form, PEAK_CONNECTIONS, PEAK_SECONDS).requests_per_second
    except ContenderError:
        return None


def measure(contender: Contender, model: ServedModel, seconds: int) -> Outcome:
    """Raises: ContenderError if it does not serve at its own pace."""
    bodies = {form: protocol.encode(model.rows) for form, protocol in contender.batches.items()}
    form = min(bodies, key=lambda form: len(bodies[form]))  # the flood is of work, not of bytes
    request = format_request(contender.batches[form].path, bodies[form])
    with running(contender, model) as server, kept_apart(server):
        before = load_cleanly(server, model, form, PEAK_CONNECTIONS, PEAK_SECONDS).requests_per_second
        replies, elapsed, probes = press(server, request, before * TIMES_CAPACITY, seconds)
        after = measure_after(server, model, form)
    peak = (before + after) / 2 if after else before  # a machine that is shared is not always as fast
    good = [reply.seconds for reply in replies if reply.status == http.client.OK]
    refused = [reply for reply in replies if reply.status in REFUSED]
    lost = len(replies) - len(good) - len(refused)
    probe_failures = sum(probe.status != http.client.OK for probe in probes)
    return Outcome(
        [
            f"{peak:,.0f}",
            f"{len(replies) / elapsed:,.0f}",
            f"{len(good) / elapsed:,.0f} ({len(good) / elapsed / peak:.0%})",
            f"{percentile_99(good):.2f}",
            f"{len(refused):,} ({sum(reply.retry_after for reply in refused):,} with Retry-After)",
            f"{lost:,}",
            f"{percentile_99([probe.seconds for probe in probes]):.2f}",
            f"{probe_failures} of {len(probes)}",
        ]
    )


EXPERIMENT = Experiment(
    name="overload",
    about=(
        f"1,000-row batches in the form with the fewest bytes, sent at {TIMES_CAPACITY} times the rate that the server "
        f"reaches at {PEAK_CONNECTIONS} connections, "
        "for {seconds} s, without waiting for answers; its health route asked ten times a second beside. The peak is "
        "the mean of before and after, if the server has recovered by then. The server has one core, the load "
        "generator the other, for the peak as well; the rate sent can fall short of the rate aimed at."
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
    contenders=ROBUST,
)
