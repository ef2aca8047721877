"""A body of 64 MB on the route of a single row: who reads it all, and what it costs in memory."""

import http.client
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

from app.predictor.settings import Settings
from bench.experiments.experiment import Experiment, Outcome, Promise
from bench.model import ServedModel
from bench.servers import Server, running
from bench.systems import ROBUST, System

BODY_BYTES = 64 * 2**20
PIECE_BYTES = 2**16
MOST_MIB = 2 * Settings.model_fields["max_body_bytes"].default // 2**20  # twice Lathe's limit
SAMPLE_SECONDS = 0.01


class PeakMemory:
    """The most that a server had resident while it was watched, in bytes."""

    def __init__(self, server: Server) -> None:
        self.start = server.resident_bytes()
        self.peak = self.start

    @property
    def growth_mib(self) -> float:
        return (self.peak - self.start) / 2**20


@contextmanager
def watching(server: Server) -> Iterator[PeakMemory]:
    memory, done = PeakMemory(server), threading.Event()

    def sample() -> None:
        while not done.wait(SAMPLE_SECONDS):
            memory.peak = max(memory.peak, server.resident_bytes())

    watcher = threading.Thread(target=sample)
    watcher.start()
    try:
        yield memory
    finally:
        done.set()
        watcher.join()


def send_body(server: Server, opening: bytes, *, chunked: bool, seconds: int) -> tuple[str, int]:
    """Status or what happened instead, and the bytes sent before the server answered or closed.

    The body is a valid row followed by spaces, so a server that reads it all has no reason to refuse it.
    """
    frame = "Transfer-Encoding: chunked" if chunked else f"Content-Length: {BODY_BYTES}"
    head = f"POST {server.system.row.path} HTTP/1.1\r\nHost: bench\r\nContent-Type: application/json\r\n{frame}\r\n\r\n"
    sent = 0
    with socket.create_connection(("127.0.0.1", server.port), timeout=seconds) as connection:
        try:
            connection.sendall(head.encode())
            while sent < BODY_BYTES and not _has_answer(connection, seconds):
                piece = (opening if sent == 0 else b"").ljust(min(PIECE_BYTES, BODY_BYTES - sent))
                connection.sendall(b"%x\r\n%b\r\n" % (len(piece), piece) if chunked else piece)
                sent += len(piece)
            if chunked and sent >= BODY_BYTES:
                connection.sendall(b"0\r\n\r\n")
        except (BrokenPipeError, ConnectionResetError):
            pass  # the answer may stand in the buffer all the same
        return _read_status(connection), sent


def _has_answer(connection: socket.socket, seconds: int) -> bool:
    connection.setblocking(False)
    try:
        return connection.recv(1, socket.MSG_PEEK) is not None
    except BlockingIOError:
        return False
    finally:
        connection.settimeout(seconds)


def _read_status(connection: socket.socket) -> str:
    try:
        line = connection.recv(64)
    except TimeoutError:
        return "no answer"
    except ConnectionError:
        return "closed"
    return line.split()[1].decode() if line.startswith(b"HTTP/") else "closed"


def measure(system: System, model: ServedModel, seconds: int) -> Outcome:
    """Raises: UnfitSystemError if it does not serve."""
    opening = system.row.encode(model.rows.take(0, 1))
    cells, promises = [], []
    with running(system, model) as server:
        for chunked in (False, True):
            with watching(server) as memory:
                start = time.monotonic()
                status, sent = send_body(server, opening, chunked=chunked, seconds=seconds)
                elapsed = time.monotonic() - start
            framed = "chunked" if chunked else "with its length"
            grown = f"{memory.growth_mib:.0f} MiB"
            promises += [
                Promise(f"413 {framed}", status, status == "413"),
                Promise(f"memory grows by less than {MOST_MIB} MiB, {framed}", grown, memory.growth_mib < MOST_MIB),
            ]
            cells += [status, f"{sent / 2**20:.1f}", f"{memory.growth_mib:.0f}", f"{elapsed:.2f}"]
        after = server.ask(system.row.path, opening).status
    cells.append("yes" if after == http.client.OK else f"no: {after}")
    promises.append(Promise("serves on", str(after), after == http.client.OK))
    return Outcome(cells, promises)


EXPERIMENT = Experiment(
    name="oversize_body",
    about=(
        f"{BODY_BYTES // 2**20} MiB on the route of a single row, a valid row followed by spaces: once with its "
        "Content-Length, once chunked. Waits {seconds} s for an answer."
    ),
    seconds=20,
    header=(
        "with length: status",
        "MiB taken",
        "memory + MiB",
        "s",
        "chunked: status",
        "MiB taken",
        "memory + MiB",
        "s",
        "serves on",
    ),
    measure=measure,
    systems=ROBUST,
)
