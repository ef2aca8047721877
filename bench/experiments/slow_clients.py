"""Clients that never finish their request: how long a server keeps them, and what others feel meanwhile."""

import asyncio
import contextlib
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median

from bench.experiments.experiment import Experiment, Outcome, Promise
from bench.model import ServedModel
from bench.run import SINGLE, write_bodies
from bench.servers import Server, running
from bench.systems import ROBUST, System
from bench.wrk import Load, run_wrk

SLOW_HEADERS = 200
SLOW_BODIES = 50
BYTE_EVERY_SECONDS = 1.0
NORMAL_CONNECTIONS = 4
BEFORE_SECONDS = 10


@dataclass(frozen=True)
class Slow:
    """One slow connection: the seconds until the server closed or answered it, None if it never did."""

    kept_seconds: float | None


async def trickle(port: int, opening: bytes, drop: bytes, until: float) -> Slow:
    """Sends `opening`, then `drop` each second, until the server ends it or the time is over."""
    start = time.monotonic()
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        writer.write(opening)
        while (left := until - time.monotonic()) > 0:
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(reader.read(1), min(BYTE_EVERY_SECONDS, left))
                return Slow(time.monotonic() - start)  # an answer or the end of the stream
            writer.write(drop)
        return Slow(None)
    except ConnectionError:
        return Slow(time.monotonic() - start)
    finally:
        writer.transport.abort()


async def trickle_many(server: Server, bodies: Path, seconds: int) -> tuple[list[Slow], list[Slow], Load]:
    """Slow-header connections, slow-body connections, and what a normal client saw beside them."""
    until = time.monotonic() + seconds
    path = server.system.row.path
    header = f"POST {path} HTTP/1.1\r\nHost: bench\r\nContent-Type: application/json\r\n".encode()
    body = header + b"Content-Length: 100000\r\n\r\n{"
    slow_headers = [trickle(server.port, header, b"X-Slow: 1\r\n", until) for _ in range(SLOW_HEADERS)]
    slow_bodies = [trickle(server.port, body, b" ", until) for _ in range(SLOW_BODIES)]
    normal = asyncio.to_thread(run_wrk, server.url + path, bodies, NORMAL_CONNECTIONS, max(seconds - 1, 1))
    found = await asyncio.gather(asyncio.gather(*slow_headers), asyncio.gather(*slow_bodies), normal)
    return found[0], found[1], found[2]


def measure(system: System, model: ServedModel, seconds: int) -> Outcome:
    """Raises: UnfitSystemError if it does not serve."""
    bodies = write_bodies(system, SINGLE, model)
    with running(system, model) as server:
        before = run_wrk(server.url + system.row.path, bodies, NORMAL_CONNECTIONS, BEFORE_SECONDS)
        headers, slow_bodies, beside = asyncio.run(trickle_many(server, bodies, seconds))
    errors = beside.bad_statuses + beside.socket_errors
    ratio = beside.p99_ms / max(before.p99_ms, 0.001)
    kept = sum(one.kept_seconds is None for one in (*headers, *slow_bodies))
    promises = [
        Promise("every slow connection is ended", f"{kept} kept", kept == 0),
        Promise("normal clients see no error", f"{errors:,}", errors == 0),
        Promise("and less than twice their p99", f"{ratio:.2f}", ratio < 2),
    ]
    return Outcome(
        [
            describe_slow(headers),
            describe_slow(slow_bodies),
            f"{before.p99_ms:.2f}",
            f"{beside.p99_ms:.2f}",
            f"{ratio:.2f}",
            f"{errors:,}",
        ],
        promises,
    )


def describe_slow(slow: Sequence[Slow]) -> str:
    """How many the server ended, and after how long."""
    ended = [one.kept_seconds for one in slow if one.kept_seconds is not None]
    return f"{len(ended)} of {len(slow)}" + (f", after {median(ended):.1f} s" if ended else "")


EXPERIMENT = Experiment(
    name="slow_clients",
    about=(
        f"{SLOW_HEADERS} connections that send a header line a second and {SLOW_BODIES} that send a body byte a "
        f"second, for {{seconds}} s, beside {NORMAL_CONNECTIONS} normal connections that send single rows."
    ),
    seconds=60,
    header=(
        "slow headers ended by the server",
        "slow bodies ended by the server",
        "normal p99 ms alone",
        "normal p99 ms beside",
        "ratio",
        "normal errors",
    ),
    measure=measure,
    systems=ROBUST,
)
