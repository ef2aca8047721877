"""Single rows at a steady pace while batches fill the server: how long a small request waits behind a large one."""

import asyncio
import http.client
from statistics import median

from app.monitor.load.open_loop import OpenLoop, Reply, format_request
from bench.experiments.experiment import Experiment, Outcome, Promise
from bench.experiments.open_loop import percentile_99
from bench.model import BATCH_ROWS, ServedModel
from bench.places import WORK
from bench.servers import Server, running
from bench.systems import ROBUST, System
from bench.wrk import Load, run_wrk

ROWS_PER_SECOND = 50  # far below what any of them can answer
BATCH_CONNECTIONS = 2
LONGEST_WAIT_MS = 50
TIMES = (1, 10)  # of BATCH_ROWS; ten thousand rows are Lathe's default limit for one request


async def send_beside(server: Server, request: bytes, seconds: int, times: int) -> tuple[list[Reply], Load]:
    """The single rows' replies, and what wrk says of the batches it sent meanwhile."""
    protocol = next(iter(server.system.batches.values()))
    bodies = WORK / "bodies" / f"{server.system.name}-times-{times}.jsonl"
    batches = asyncio.to_thread(run_wrk, server.url + protocol.path, bodies, BATCH_CONNECTIONS, seconds + 1)
    loading = asyncio.create_task(batches)
    await asyncio.sleep(0.5)
    replies = await OpenLoop(server.port, request).run(ROWS_PER_SECOND, seconds)
    return replies, await loading


def write_bodies(system: System, model: ServedModel) -> None:
    protocol = next(iter(system.batches.values()))
    for times in TIMES:
        path = WORK / "bodies" / f"{system.name}-times-{times}.jsonl"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(protocol.encode(model.rows.repeat(times)) + b"\n")


def describe_replies(replies: list[Reply]) -> str:
    """Median, 99th percentile and longest wait in milliseconds, and how many were not answered with 200."""
    waits = [reply.seconds * 1000 for reply in replies if reply.status == http.client.OK]
    if not waits:
        return "none answered"
    lost = len(replies) - len(waits)
    waited = f"{median(waits):.1f} / {percentile_99(waits):.1f} / {max(waits):.1f}"
    return waited + (f", {lost} lost" if lost else "")


def promise_waits(replies: list[Reply], times: int) -> Promise:
    """That none waits for LONGEST_WAIT_MS behind a batch."""
    longest = max(reply.seconds * 1000 if reply.status == http.client.OK else float("inf") for reply in replies)
    requirement = f"no single row waits for {LONGEST_WAIT_MS} ms beside {times * BATCH_ROWS:,}-row batches"
    return Promise(requirement, f"{longest:.1f} ms", longest <= LONGEST_WAIT_MS)


def measure(system: System, model: ServedModel, seconds: int) -> Outcome:
    """Raises: UnfitSystemError if it does not serve."""
    write_bodies(system, model)
    request = format_request(system.row.path, system.row.encode(model.rows.take(0, 1)))
    with running(system, model) as server:
        alone = asyncio.run(OpenLoop(server.port, request).run(ROWS_PER_SECOND, seconds))
        cells, promises = [describe_replies(alone)], []
        for times in TIMES:
            replies, load = asyncio.run(send_beside(server, request, seconds, times))
            good = load.requests - load.bad_statuses
            promises.append(promise_waits(replies, times))
            cells += [describe_replies(replies), f"{good / load.seconds * times * BATCH_ROWS:,.0f}"]
    return Outcome(cells, promises)


EXPERIMENT = Experiment(
    name="beside_batches",
    about=(
        f"{ROWS_PER_SECOND} single rows a second for {{seconds}} s, alone and beside {BATCH_CONNECTIONS} connections "
        f"that send batches one after the other. Waits in ms: median / 99th percentile / longest. The load generators "
        "share the two cores with the server, whose batches may take both."
    ),
    seconds=6,
    header=(
        "single rows alone, ms",
        f"beside {BATCH_ROWS:,}-row batches, ms",
        "batches, rows/s",
        f"beside {BATCH_ROWS * 10:,}-row batches, ms",
        "batches, rows/s",
    ),
    measure=measure,
    systems=ROBUST,
)
