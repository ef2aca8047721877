"""Bodies made to use up a pod's memory, sent to a server that has as much as its Deployment allows."""

import contextlib
import http.client
import json
import os
import socket
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from multiprocessing import get_context
from pathlib import Path

from bench.contenders import ROBUST, Contender
from bench.errors import ContenderError
from bench.experiments.experiment import Experiment, Outcome, Promise
from bench.experiments.open_loop import percentile_99
from bench.experiments.overload import kept_apart
from bench.model import ServedModel
from bench.servers import Server, running

LIMIT_BYTES = 512 * 2**20
BODY_BYTES = 8 * 2**20 - 1024
UPLOAD_BYTES = 2**20  # all of their rows are read and refused one by one
LINE_BYTES = 60_000  # as long as a row of an upload may be, nearly
FEW_BYTES = 64 * 1024  # of the shortest rows, of which each answers with many times its size: so that some are answered
CONNECTIONS = 12  # of each shape at once
HELD_CONNECTIONS = 60
ATTACKERS_NICE = 10  # their priority beside the watcher's
MOST_HEALTH_SECONDS = 0.05
PROBE_SECONDS = 0.02
ANSWER_SECONDS = 15.0
PLACE_SECONDS = 60.0
V1, V2 = Path("/sys/fs/cgroup/memory"), Path("/sys/fs/cgroup")


class MemoryGroup:
    """A memory cgroup of this experiment's own, version 1 or 2."""

    def __init__(self, limit: int) -> None:
        """Raises: ContenderError where none can be made."""
        self.is_v1 = (V1 / "memory.limit_in_bytes").exists()
        self.folder = (V1 if self.is_v1 else V2) / f"lathe-bench-{os.getpid()}"
        limits = ("memory.limit_in_bytes", "memory.memsw.limit_in_bytes") if self.is_v1 else ("memory.max",)
        try:
            self.folder.mkdir()
            (self.folder / limits[0]).write_text(str(limit))
        except OSError as error:
            self.close()
            raise ContenderError(f"no memory cgroup can be made: {error}") from error
        with contextlib.suppress(OSError):  # without swap there is nothing to limit
            for name in limits[1:] if self.is_v1 else ("memory.swap.max",):
                (self.folder / name).write_text(str(limit) if self.is_v1 else "0")

    def enter(self) -> None:
        """Moves this process into the group, so that all it starts is counted from its first page."""
        (self.folder / "cgroup.procs").write_text(str(os.getpid()))

    def leave(self) -> None:
        (self.folder.parent / "cgroup.procs").write_text(str(os.getpid()))

    def count_killed(self) -> int:
        text = (self.folder / ("memory.oom_control" if self.is_v1 else "memory.events")).read_text()
        return int(dict(line.split() for line in text.splitlines()).get("oom_kill", 0))

    def close(self) -> None:
        with contextlib.suppress(OSError):
            self.folder.rmdir()


@dataclass
class Watch:
    """What the server did meanwhile."""

    health: list[float] = field(default_factory=list)
    rows: Counter[str] = field(default_factory=Counter)
    peak_bytes: int = 0


def fill(opening: bytes, item: bytes, closing: bytes = b"", size: int = BODY_BYTES) -> bytes:
    """`item` as often as a body of that size may hold it."""
    return opening + item * ((size - len(opening) - len(closing)) // len(item)) + closing


def list_bodies(row: bytes) -> Mapping[str, bytes]:
    """Bodies in Lathe's own form by name; to others they are as hostile."""
    tensor = b'{"inputs":[{"name":"rows","shape":[1,6],"datatype":"FP64","data":['
    rows = b'{"rows":['
    return {
        "empty rows": fill(rows, b"{},", b"{}]}"),
        "55,000 good rows": fill(rows, row + b",", row + b"]}"),
        "good rows and blanks": fill(rows, row + b"," + b" " * 600, row + b"]}"),
        "nested objects": fill(rows, b'{"a":{}},', b"{}]}"),
        "empty arrays": fill(rows, b"[],", b"[]]}"),
        "numbers": fill(rows, b"1,", b"1]}"),
        "small numbers": fill(rows, b"1e-400,", b"1]}"),
        "empty texts": fill(rows, b'"",', b'""]}'),
        "escaped text": fill(b'{"rows":["', b"\\u00e9", b'"]}'),
        "open brackets": fill(b"", b"["),
        "open objects": fill(b"", b'{"a":'),
        "commas": fill(b"[", b","),
        "blanks": fill(b"", b" "),
        "rows and blanks": fill(rows + row + b",", b" "),
        "one long name": fill(b'{"', b"a", b'":1}'),
        "one long number": fill(b"[", b"9", b"]"),
        "many names": b"{" + b",".join(b'"%07d":{}' % i for i in range(BODY_BYTES // 13)) + b"}",
        "the same name again": fill(b"{", b'"a":1,', b'"a":1}'),
        "zero bytes": bytes(BODY_BYTES),
        "tensor of ones": fill(tensor, b"1,", b"1]}]}"),
        "tensor of empty arrays": fill(tensor, b"[],", b"[]]}]}"),
        "tensor of small numbers": fill(tensor, b"1e-400,", b"1]}]}"),
        "tensor of texts": fill(tensor, b'"",', b'""]}]}'),
        "a shape that lies": tensor.replace(b"[1,6]", b"[1000000000000,6]") + b"1]}]}",
        "many outputs": fill(b'{"inputs":[],"outputs":[', b'{"name":"a"},', b'{"name":"a"}]}'),
    }


def list_uploads() -> Mapping[str, tuple[bytes, bytes]]:
    """Uploads by name: content type and body."""
    header = b"type,air_temperature_k,process_temperature_k,rotational_speed_rpm,torque_nm,tool_wear_min\n"
    wide = b",".join(b"c%d" % i for i in range(100_000)) + b"," + header
    csv, lines = b"text/csv", b"application/x-ndjson"
    comma_line, array_line = fill(b"", b",", b"\n", LINE_BYTES), fill(b'{"a":[', b"[],", b"[]]}\n", LINE_BYTES)
    return {
        "CSV of commas": (csv, fill(b"", b",", size=UPLOAD_BYTES)),
        "CSV of lines of commas": (csv, fill(header, comma_line, size=UPLOAD_BYTES)),
        "CSV of lines of broken bytes": (csv, fill(header, b"\xff" * (LINE_BYTES - 1) + b"\n", size=UPLOAD_BYTES)),
        "CSV whose header does not end": (csv, fill(b'"', b"\n", size=UPLOAD_BYTES)),
        "CSV of blank lines": (csv, fill(header, b"\n", size=UPLOAD_BYTES)),
        "JSON lines of empty arrays": (lines, fill(b"", array_line, size=UPLOAD_BYTES)),
        "CSV with 100,000 columns and short rows": (csv, fill(wide, b"x\n", size=UPLOAD_BYTES)),
        "CSV of quotes": (csv, fill(header, b'"', size=UPLOAD_BYTES)),
        "CSV of short rows": (csv, fill(header, b"x\n", size=FEW_BYTES)),
        "JSON lines of empty objects": (lines, fill(b"", b"{}\n", size=FEW_BYTES)),
        "JSON lines, one of empty arrays": (lines, fill(b'{"a":[', b"[],", b"[]]}", size=UPLOAD_BYTES)),
        "JSON lines with many names": (lines, fill(b"{", b'"a":{},', b'"a":{}}\n', size=UPLOAD_BYTES)),
    }


def list_requests() -> Mapping[str, bytes]:
    """Whole requests by name, whose bodies are not what is hostile."""
    chunked = b"POST /v1/batch HTTP/1.1\r\nhost: x\r\ncontent-type: text/csv\r\ntransfer-encoding: chunked\r\n\r\n"
    metrics = b"GET /metrics HTTP/1.1\r\nhost: x\r\n"
    return {
        "chunks of one byte": fill(chunked, b"1\r\nx\r\n", b"0\r\n\r\n", UPLOAD_BYTES),
        "metrics": metrics + b"\r\n",
        "metrics in a thousand formats": fill(metrics + b"accept: ", b"a;b,", b"\r\n\r\n", LINE_BYTES),
        "a long query": fill(b"GET /readyz?", b"a=b&", b" HTTP/1.1\r\nhost: x\r\n\r\n", LINE_BYTES),
        "a path of escapes": fill(b"GET /", b"%41", b" HTTP/1.1\r\nhost: x\r\n\r\n", LINE_BYTES),
        "16 KiB of empty arrays": request_of("/v1/predict", b"application/json", fill(b"[", b"[],", b"[]]", 16 * 1024)),
        "16 KiB of empty rows": request_of(
            "/v1/predict", b"application/json", fill(b'{"rows":[', b"{},", b"{}]}", 16 * 1024)
        ),
    }


def request_of(path: str, content_type: bytes, body: bytes) -> bytes:
    head = b"POST %b HTTP/1.1\r\nhost: x\r\ncontent-type: %b\r\ncontent-length: %d\r\n\r\n"
    return head % (path.encode(), content_type, len(body)) + body


def send_whole(port: int, request: bytes, until: float) -> str:
    """The status, "closed" or "silent"."""
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=ANSWER_SECONDS) as connection:
            connection.settimeout(max(0.1, min(ANSWER_SECONDS, until - time.monotonic() + 5)))
            with contextlib.suppress(ConnectionError):
                connection.sendall(request)
            return connection.recv(64)[9:12].decode() or "closed"
    except TimeoutError:
        return "silent"
    except OSError:
        return "closed"


def hold_back(port: int, request: bytes, until: float) -> str:
    """Sends all but the last 200 bytes, and waits."""
    return send_whole(port, request[:-200], until)


Attack = Callable[[int, bytes, float], str]


def press(port: int, request: bytes, attack: Attack, connections: int, seconds: float) -> Counter[str]:
    """So many connections, each with the same again and again."""
    told: Counter[str] = Counter()
    until = time.monotonic() + seconds

    def run() -> None:
        while time.monotonic() < until:
            told[attack(port, request, until)] += 1

    threads = [threading.Thread(target=run) for _ in range(connections)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return told


@contextlib.contextmanager
def watching(server: Server, row: bytes) -> Iterator[Watch]:
    """Asks for health and for the score of a good row, again and again, each on a new connection."""
    watch, is_over = Watch(), threading.Event()

    def run() -> None:
        while not is_over.wait(PROBE_SECONDS):
            watch.peak_bytes = max(watch.peak_bytes, server.resident_bytes())
            begun = time.monotonic()
            with contextlib.suppress(OSError, http.client.HTTPException):
                server.ask(server.contender.health, None, ANSWER_SECONDS)
            watch.health.append(time.monotonic() - begun)
            try:
                watch.rows[str(server.ask(server.contender.row.path, row, ANSWER_SECONDS).status)] += 1
            except (OSError, http.client.HTTPException):
                watch.rows["closed"] += 1

    thread = threading.Thread(target=run)
    thread.start()
    try:
        yield watch
    finally:
        is_over.set()
        thread.join()


def measure(contender: Contender, model: ServedModel, seconds: int) -> Outcome:
    """`seconds` are of each shape. Raises: ContenderError if it does not serve, or no memory cgroup can be made."""
    group = MemoryGroup(LIMIT_BYTES)
    try:
        group.enter()
        with contextlib.ExitStack() as stack:
            try:
                server = stack.enter_context(running(contender, model))
            finally:
                group.leave()
            return attack_all(stack, server, group, model, seconds)
    finally:
        group.close()


def attack_all(
    stack: contextlib.ExitStack, server: Server, group: MemoryGroup, model: ServedModel, seconds: float
) -> Outcome:
    path = server.contender.row.path
    row = server.contender.row.encode(model.rows.take(0, 1))
    record = json.dumps(dict(model.rows.records[0])).encode()
    cases: dict[str, tuple[bytes, Attack, int]] = {}
    for name, body in list_bodies(record).items():
        target = (
            server.contender.batches["tensor"].path
            if "tensor" in name and "tensor" in server.contender.batches
            else path
        )
        cases[name] = (request_of(target, b"application/json", body), send_whole, CONNECTIONS)
    if server.contender.kind == "lathe":
        for name, (content_type, body) in list_uploads().items():
            cases[name] = (request_of("/v1/batch", content_type, body), send_whole, CONNECTIONS)
        cases |= {name: (request, send_whole, CONNECTIONS) for name, request in list_requests().items()}
    held = request_of(path, b"application/json", fill(b"", b" "))
    cases["all but 200 bytes"] = (held, hold_back, HELD_CONNECTIONS)
    watches: list[Watch] = []
    # not in the watcher's process, and after it on the core they share: else it would measure how long it waits itself
    pool = stack.enter_context(
        ProcessPoolExecutor(1, mp_context=get_context("spawn"), initializer=os.nice, initargs=(ATTACKERS_NICE,))
    )
    pool.submit(os.getpid).result()
    stack.enter_context(kept_apart(server))
    with watching(server, row) as alone:
        time.sleep(seconds)
    details = {"nothing": describe_case(Counter(), alone)}
    for name, (request, attack, connections) in cases.items():
        if name in list_uploads():
            wait_for_place(server, model)
        before = group.count_killed()
        with watching(server, row) as watch:
            told = pool.submit(press, server.port, request, attack, connections, seconds).result()
        watches.append(watch)
        killed = group.count_killed() - before
        details[name] = describe_case(told, watch) + (", **killed**" if killed else "")
        if server.process.poll() is not None or killed:
            details[name] += ", **gone**"
            break
    return describe(alone, watches, details, group.count_killed(), server.process.poll() is None, len(cases) + 1)


def describe_case(told: Counter[str], watch: Watch) -> str:
    statuses = ", ".join(f"{count} times {status}" for status, count in told.most_common())
    return f"{statuses}; health p99 {percentile_99(watch.health) * 1000:.0f} ms, {watch.peak_bytes / 2**20:.0f} MiB"


def wait_for_place(server: Server, model: ServedModel) -> None:
    """Until an upload is not turned away any more, or PLACE_SECONDS are over."""
    body = "\n".join(json.dumps(dict(record)) for record in model.rows.take(0, 1).records).encode()
    headers = {"content-type": "application/x-ndjson"}
    until = time.monotonic() + PLACE_SECONDS
    while time.monotonic() < until:
        with contextlib.suppress(OSError, http.client.HTTPException):
            if server.ask("/v1/batch", body, ANSWER_SECONDS, headers).status == http.client.OK:
                return
        time.sleep(PROBE_SECONDS)


def describe(
    alone: Watch, watches: list[Watch], details: dict[str, str], killed: int, is_alive: bool, cases: int
) -> Outcome:
    health = percentile_99([seconds for watch in watches for seconds in watch.health])
    rows = sum((watch.rows for watch in watches), Counter[str]())
    wrong = rows.total() - rows["200"]
    peak = max(watch.peak_bytes for watch in watches) / 2**20
    survived = sum("**gone**" not in told for told in details.values()) - 1  # without that of nothing
    lives = not killed and is_alive and len(details) == cases
    return Outcome(
        [
            f"{survived} of {cases - 1}",
            f"{killed}",
            f"{peak:.0f}",
            f"{percentile_99(alone.health) * 1000:.0f}",
            f"{health * 1000:.0f}",
            f"{wrong:,} of {rows.total():,}",
        ],
        [
            Promise(f"it lives through all of them in {LIMIT_BYTES // 2**20} MiB", "yes" if lives else "no", lives),
            Promise(
                f"health is answered with a p99 under {MOST_HEALTH_SECONDS * 1000:.0f} ms",
                f"{health * 1000:.0f} ms",
                health < MOST_HEALTH_SECONDS,
            ),
            Promise("every good row meanwhile is answered", f"{wrong:,} not", wrong == 0),
        ],
        details,
    )


EXPERIMENT = Experiment(
    name="hostile_memory",
    about=(
        f"Bodies of 8 MiB made to need many times their size, each sent by {CONNECTIONS} connections for {{seconds}} s "
        f"to a server in a memory cgroup of {LIMIT_BYTES // 2**20} MiB; and {HELD_CONNECTIONS} connections that hold "
        "back the last 200 bytes. Meanwhile its health and the score of a good row are asked for, on new connections, "
        f"by a process that the others give way to (nice {ATTACKERS_NICE})."
    ),
    seconds=4,
    header=(
        "shapes survived",
        "killed",
        "peak RSS, MiB",
        "health p99 of itself idle, ms",
        "health p99, ms",
        "good rows not answered 200",
    ),
    measure=measure,
    contenders=ROBUST,
)
