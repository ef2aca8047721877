"""Two replicas behind haproxy, restarted in turn by SIGTERM under load: how many requests are lost."""

import subprocess
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from bench.environments import require_program
from bench.experiments.experiment import Experiment, Outcome, Promise
from bench.model import ServedModel
from bench.run import SINGLE, write_bodies
from bench.servers import Server, free_port, start_server
from bench.systems import ROBUST, System
from bench.wrk import run_wrk
from cli.errors import CommandError

CONNECTIONS = 50
LEAST_RESTARTS = 8  # fewer say nothing
CHECK_MILLISECONDS = 200
SETTLE_SECONDS = 4 * CHECK_MILLISECONDS / 1000  # until haproxy has seen the new replica
# peers have no such setting: they stop as their own SIGTERM handling says
DRAIN = {"LATHE_DRAIN_SECONDS": "2"}

CONFIGURATION = """
defaults
  mode http
  retries 0
  timeout connect 2s
  timeout client 30s
  timeout server 30s
  # a busy replica answers its check late, and is not down for that
  timeout check 5s
frontend front
  bind 127.0.0.1:{port}
  default_backend replicas
backend replicas
  balance roundrobin
  option httpchk GET {health}
  default-server check inter {check}ms fall 1 rise 1
  server first 127.0.0.1:{first}
  server second 127.0.0.1:{second}
"""


@contextmanager
def balancing(system: System, replicas: list[Server]) -> Iterator[int]:
    """haproxy in front of two replicas; gives its port.

    Raises: CommandError if it does not come up.
    """
    port = free_port()
    with TemporaryDirectory() as folder:
        file = Path(folder) / "haproxy.cfg"
        first, second = (server.port for server in replicas)
        given = {"port": port, "health": system.health, "check": CHECK_MILLISECONDS}
        file.write_text(CONFIGURATION.format(**given, first=first, second=second))
        command = [require_program("haproxy"), "-db", "-f", str(file)]
        process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        try:
            time.sleep(SETTLE_SECONDS)
            if process.poll() is not None:
                raise CommandError(f"haproxy ended with {process.returncode}; its configuration was {file.read_text()}")
            yield port
        finally:
            process.terminate()
            process.wait()


def restart_in_turn(replicas: list[Server], model: ServedModel, until: float) -> list[float]:
    """SIGTERM, wait, start again on the same port, until the time is over; seconds that each stop took."""
    stops: list[float] = []
    while time.monotonic() < until:
        index = len(stops) % len(replicas)
        old = replicas[index]
        start = time.monotonic()
        old.stop()
        stops.append(time.monotonic() - start)
        replicas[index] = start_server(old.system, model, old.port, DRAIN)
        wait_serving(replicas[index], model)
        time.sleep(SETTLE_SECONDS)
    return stops


def wait_serving(server: Server, model: ServedModel) -> None:
    """Raises: UnfitSystemError."""
    protocol = server.system.row
    server.wait_answer(protocol, protocol.encode(model.rows.take(0, 1)))


def measure(system: System, model: ServedModel, seconds: int) -> Outcome:
    """Raises: UnfitSystemError if a replica does not start."""
    replicas = [start_server(system, model, environ=DRAIN) for _ in range(2)]
    try:
        for server in replicas:
            wait_serving(server, model)
        bodies = write_bodies(system, SINGLE, model)
        with balancing(system, replicas) as port, ThreadPoolExecutor(1) as pool:
            url = f"http://127.0.0.1:{port}{system.row.path}"
            loading = pool.submit(run_wrk, url, bodies, CONNECTIONS, seconds)
            stops = restart_in_turn(replicas, model, time.monotonic() + seconds - 2)
            load = loading.result()
    finally:
        for server in replicas:
            server.stop()
    lost = load.bad_statuses + load.socket_errors
    cells = (load.requests, load.bad_statuses, load.socket_errors, len(stops))
    share = f"{lost / max(load.requests, 1):.2%}"
    promises = [
        Promise("nothing lost", f"{lost:,}", lost == 0),
        Promise(f"at least {LEAST_RESTARTS} restarts", str(len(stops)), len(stops) >= LEAST_RESTARTS),
    ]
    return Outcome([*(f"{cell:,}" for cell in cells), share, f"{max(stops):.1f}"], promises)


EXPERIMENT = Experiment(
    name="rolling_restart",
    about=(
        f"Two replicas behind haproxy (retries 0, health checks each {CHECK_MILLISECONDS} ms), {CONNECTIONS} "
        "keep-alive connections for {seconds} s, the replicas stopped by SIGTERM and started again in turn. Lathe "
        f"drains for {DRAIN['LATHE_DRAIN_SECONDS']} s; the peers have no such setting."
    ),
    seconds=60,
    header=("requests", "no 2xx", "socket errors", "restarts", "lost", "longest stop, s"),
    measure=measure,
    systems=ROBUST,
)
