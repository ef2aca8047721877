"""Bodies made to use up a pod's memory, sent to a server that has as much as its Deployment allows."""

import contextlib
import http.client
import json
import os
import time
from collections import Counter
from collections.abc import Callable, Mapping
from concurrent.futures import ProcessPoolExecutor
from dataclasses import replace
from functools import partial
from multiprocessing import get_context
from pathlib import Path

from bench.experiments.experiment import Experiment, Outcome, Promise
from bench.experiments.hostile.attacks import ANSWER_SECONDS, Sent, hold_back, press, send_whole
from bench.experiments.hostile.flood import OTHER_FILES, allowing_files, flood
from bench.experiments.hostile.loop_times import BEAT, Held, read_times
from bench.experiments.hostile.memory_group import MemoryGroup
from bench.experiments.hostile.shapes import fill, list_bodies, list_floods, list_requests, list_uploads, request_of
from bench.experiments.hostile.watch import PROBE_SECONDS, Watch, watching
from bench.experiments.open_loop import percentile_99
from bench.experiments.overload import kept_apart
from bench.model import ServedModel
from bench.places import LOGS
from bench.servers import Server, running
from bench.systems import ROBUST, System

LIMIT_BYTES = 512 * 2**20
CONNECTIONS = 12  # of each shape at once
HELD_CONNECTIONS = 60
FLOOD_CONNECTIONS = 1_900  # of the 2,048 that a pod takes
ATTACKERS_NICE = 10  # their priority beside the watcher's
MOST_HEALTH_SECONDS = 0.05
MOST_CALLBACK_SECONDS = 0.005
PLACE_SECONDS = 60.0
LOOP_TIMES = "bench.experiments.hostile.loop_times"

Pressed = Callable[[int, bytes, int, float], Sent]  # given a port, the request, connections and seconds
Case = tuple[bytes, Pressed, int]  # the request, how it is sent, over how many connections

press_whole, press_holding_back = partial(press, send_whole), partial(press, hold_back)


def measure(system: System, model: ServedModel, seconds: int) -> Outcome:
    """`seconds` are of each shape. Raises: UnfitSystemError if it does not serve, or no memory cgroup can be made."""
    group = MemoryGroup(LIMIT_BYTES)
    times = LOGS / f"hostile-loop-{os.getpid()}.times"
    try:
        group.enter()
        with contextlib.ExitStack() as stack:
            stack.enter_context(allowing_files(FLOOD_CONNECTIONS + 2 * OTHER_FILES))
            try:
                server = stack.enter_context(running(measured_inside(system, times), model))
            finally:
                group.leave()
            return attack_all(stack, server, group, model, seconds, times)
    finally:
        group.close()
        times.unlink(missing_ok=True)


def measured_inside(system: System, times: Path) -> System:
    """Lathe with an event loop that notes into `times` what held it; its peers as they are."""
    if system.kind != "lathe":
        return system
    python, option, module, *arguments = system.command
    LOGS.mkdir(parents=True, exist_ok=True)
    return replace(system, command=(python, option, LOOP_TIMES, str(times), module, *arguments))


def list_cases(server: Server, model: ServedModel) -> Mapping[str, Case]:
    """Every shape by name; uploads and heads are for Lathe's own routes and limits."""
    path, tensors = server.system.row.path, server.system.batches.get("tensor", server.system.row).path
    record = json.dumps(dict(model.rows.records[0])).encode()
    cases: dict[str, Case] = {}
    for name, body in list_bodies(record).items():
        target = tensors if "tensor" in name else path
        cases[name] = (request_of(target, b"application/json", body), press_whole, CONNECTIONS)
    if server.system.kind == "lathe":
        for name, (content_type, body) in list_uploads().items():
            cases[name] = (request_of("/v1/batch", content_type, body), press_whole, CONNECTIONS)
        cases |= {name: (request, press_whole, CONNECTIONS) for name, request in list_requests().items()}
        cases |= {name: (request, flood, FLOOD_CONNECTIONS) for name, request in list_floods(record).items()}
    held = request_of(path, b"application/json", fill(b"", b" "))
    return cases | {"all but 200 bytes": (held, press_holding_back, HELD_CONNECTIONS)}


def attack_all(
    stack: contextlib.ExitStack, server: Server, group: MemoryGroup, model: ServedModel, seconds: float, times: Path
) -> Outcome:
    row = server.system.row.encode(model.rows.take(0, 1))
    cases, uploads = list_cases(server, model), list_uploads()
    watches: list[Watch] = []
    # not in the watcher's process, and after it on the core they share: else it would measure how long it waits itself
    pool = stack.enter_context(
        ProcessPoolExecutor(1, mp_context=get_context("spawn"), initializer=os.nice, initargs=(ATTACKERS_NICE,))
    )
    pool.submit(os.getpid).result()
    stack.enter_context(kept_apart(server))
    with watching(server, row) as alone:
        time.sleep(seconds)
    add_held(alone, times)
    details = {"nothing": describe_case(Sent(), alone)}
    for name, (request, attack, connections) in cases.items():
        if name in uploads:
            wait_for_place(server, model)
        before = group.count_killed()
        with watching(server, row) as watch:
            sent = pool.submit(attack, server.port, request, connections, seconds).result()
        add_held(watch, times)
        watches.append(watch)
        killed = group.count_killed() - before
        details[name] = describe_case(sent, watch) + (", **killed**" if killed else "")
        if server.process.poll() is not None or killed:
            details[name] += ", **gone**"
            break
    return describe(alone, watches, details, group.count_killed(), server.process.poll() is None, len(cases) + 1)


def add_held(watch: Watch, times: Path) -> None:
    """What held the server's event loop since the watch began, if it notes that."""
    noted = read_times(times, watch.began, time.monotonic())
    callbacks = [held for held in noted if held.name != BEAT]
    beats = [held for held in noted if held.name == BEAT]
    watch.callback = max(callbacks, key=lambda held: held.cpu_seconds, default=None)
    watch.delay = max(beats, key=lambda held: held.seconds, default=None)


def describe_case(sent: Sent, watch: Watch) -> str:
    statuses = ", ".join(f"{count} times {status}" for status, count in sent.statuses.most_common())
    inside = f"; {describe_callback(watch.callback)}" if watch.callback else ""
    late = f", loop late by {describe_delay(watch.delay)}" if watch.delay else ""
    return (
        f"{statuses}; {sent.whole} of {sent.statuses.total()} sent to the last byte; "
        f"health p99 {percentile_99(watch.health) * 1000:.0f} ms, {watch.peak_bytes / 2**20:.0f} MiB{inside}{late}"
    )


def describe_callback(held: Held) -> str:
    return f"{held.name} {held.cpu_seconds * 1000:.1f} ms of processor ({held.seconds * 1000:.0f} ms)"


def describe_delay(held: Held) -> str:
    return f"{held.seconds * 1000:.0f} ms ({held.cpu_seconds * 1000:.0f} ms of its processor)"


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
    survived = sum("**gone**" not in case for case in details.values()) - 1  # without that of nothing
    lives = not killed and is_alive and len(details) == cases
    callback = max(filter(None, (watch.callback for watch in watches)), key=lambda held: held.cpu_seconds, default=None)
    promises = [
        Promise(f"it lives through all of them in {LIMIT_BYTES // 2**20} MiB", "yes" if lives else "no", lives),
        Promise(
            f"health is answered with a p99 under {MOST_HEALTH_SECONDS * 1000:.0f} ms",
            f"{health * 1000:.0f} ms",
            health < MOST_HEALTH_SECONDS,
        ),
        Promise("every good row meanwhile is answered", f"{wrong:,} not", wrong == 0),
    ]
    if callback:
        promises.append(
            Promise(
                f"no callback holds the event loop for more than {MOST_CALLBACK_SECONDS * 1000:.0f} ms of processor",
                describe_callback(callback),
                callback.cpu_seconds <= MOST_CALLBACK_SECONDS,
            )
        )
    return Outcome(
        [
            f"{survived} of {cases - 1}",
            f"{killed}",
            f"{peak:.0f}",
            f"{percentile_99(alone.health) * 1000:.0f}",
            f"{health * 1000:.0f}",
            f"{callback.cpu_seconds * 1000:.1f}" if callback else "",
            f"{wrong:,} of {rows.total():,}",
        ],
        promises,
        details,
    )


EXPERIMENT = Experiment(
    name="hostile_memory",
    about=(
        f"Bodies of 8 MiB made to need many times their size, each sent by {CONNECTIONS} connections for {{seconds}} s "
        f"to a server in a memory cgroup of {LIMIT_BYTES // 2**20} MiB; and {HELD_CONNECTIONS} connections that hold "
        f"back the last 200 bytes; and {FLOOD_CONNECTIONS:,} connections that each send up to 60 kB at once. "
        "Meanwhile its health and the score of a good row are asked for, on new connections, "
        f"by a process that the others give way to (nice {ATTACKERS_NICE})."
    ),
    seconds=4,
    header=(
        "shapes survived",
        "killed",
        "peak RSS, MiB",
        "health p99 of itself idle, ms",
        "health p99, ms",
        "longest callback, ms of processor",
        "good rows not answered 200",
    ),
    measure=measure,
    systems=ROBUST,
)
