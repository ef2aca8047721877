"""One run: a server is started, compared, loaded with single rows and batches, and stopped."""

import time
from pathlib import Path

from bench.environments import run_tool
from bench.model import ServedModel
from bench.parity import check_parity
from bench.places import WORK
from bench.protocols import Protocol
from bench.reporting.results import Run, Settings
from bench.servers import Server, fill_places, running
from bench.systems import System
from bench.wrk import Load, run_wrk

SINGLE = "row"
WARM_SECONDS = 1
CPU_CONNECTIONS = "16"  # where the processor time of a request is measured


def prepare_system(system: System, model: ServedModel) -> None:
    """What must be done once before the first start.

    Raises: CommandError.
    """
    if system.prepare:
        places = fill_places(system, model, 0)
        run_tool([part.format(**places) for part in system.prepare])


def pick_protocol(system: System, form: str) -> Protocol:
    """`form` is "row" or one of the system's batches."""
    return system.row if form == SINGLE else system.batches[form]


def write_bodies(system: System, form: str, model: ServedModel) -> Path:
    """A file with one request body a line.

    Each row in turn, too many for the processor to learn their way through the trees; a batch again and again.
    """
    protocol = pick_protocol(system, form)
    path = WORK / "bodies" / f"{system.name}-{form}.jsonl"
    path.parent.mkdir(parents=True, exist_ok=True)
    rows = model.rows
    if form == SINGLE:
        bodies = [protocol.encode(rows.take(index, index + 1)) for index in range(len(rows))]
    else:
        bodies = [protocol.encode(rows)]
    path.write_bytes(b"\n".join(bodies) + b"\n")
    return path


def measure_run(system: System, model: ServedModel, settings: Settings, round_: int) -> Run:
    """Raises: UnfitSystemError if it does not start, answers wrongly or loses a request."""
    start = time.perf_counter()
    with running(system, model) as server:
        cold_start = time.perf_counter() - start
        worst = check_parity(server, model)
        loads, cpu_us = _load_rows(server, model, settings)
        resident = server.resident_bytes()
        batches, batch_cpu_us = {}, {}
        for form in system.batches:
            timed = _load_timed(server, model, form, settings.batch_connections, settings.seconds)
            batches[form], batch_cpu_us[form] = timed
    return Run(system.name, round_, cold_start, worst, resident, cpu_us, loads, batches, batch_cpu_us)


def _load_rows(server: Server, model: ServedModel, settings: Settings) -> tuple[dict[str, Load], float]:
    load_cleanly(server, model, SINGLE, 16, WARM_SECONDS)
    timed = {str(one): _load_timed(server, model, SINGLE, one, settings.seconds) for one in settings.connections}
    return {connections: load for connections, (load, _) in timed.items()}, timed[CPU_CONNECTIONS][1]


def _load_timed(server: Server, model: ServedModel, form: str, connections: int, seconds: int) -> tuple[Load, float]:
    """The load, and the microseconds of processor time that the server spent on one of its requests."""
    before = server.cpu_seconds()
    load = load_cleanly(server, model, form, connections, seconds)
    return load, (server.cpu_seconds() - before) / load.requests * 1e6


def load_cleanly(server: Server, model: ServedModel, form: str, connections: int, seconds: int) -> Load:
    """Raises: UnfitSystemError if a request was not answered with 2xx, or none was."""
    path = pick_protocol(server.system, form).path
    load = run_wrk(server.url + path, write_bodies(server.system, form, model), connections, seconds)
    if not load.is_clean:
        raise server.failure(
            f"did not answer all on {path} at {connections} connections: {load.requests} answers in "
            f"{load.seconds:.1f} s, {load.bad_statuses} of them no 2xx, {load.socket_errors} socket errors"
        )
    return load
