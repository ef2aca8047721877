"""A system as a running server: started in a session of its own on loopback, asked, and ended by pid."""

import http.client
import os
import socket
import subprocess
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from bench.errors import UnfitSystemError
from bench.model import ServedModel
from bench.places import ENVIRONMENTS, LOGS, PEERS, ROOT, WORK
from bench.processes import Process, Status, kill_processes, list_tree, wait_gone
from bench.protocols import Protocol
from bench.systems import System

START_SECONDS = 60.0
STOP_SECONDS = 15.0
JSON_HEADERS = {"content-type": "application/json"}


@dataclass
class Answer:
    status: int
    headers: Mapping[str, str]
    body: bytes


@dataclass
class Server:
    """A started process; `seen` keeps every process of its tree, so that none is left behind."""

    system: System
    port: int
    process: subprocess.Popen[bytes]
    log: Path
    seen: set[Process]

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def list_processes(self) -> list[Status]:
        tree = list_tree(self.process.pid)
        self.seen |= {status.process for status in tree}
        return tree

    def cpu_seconds(self) -> float:
        return sum(status.cpu_seconds for status in self.list_processes())

    def resident_bytes(self) -> int:
        """Summed over the processes, so shared pages count once for each."""
        return sum(status.resident_bytes for status in self.list_processes())

    def ask(
        self,
        path: str,
        body: bytes | None,
        timeout_seconds: float = 10.0,
        headers: Mapping[str, str] | None = None,
    ) -> Answer:
        """One request on a connection of its own; `headers` beside or in place of the usual ones.

        Raises: OSError or http.client.HTTPException as they come.
        """
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=timeout_seconds)
        try:
            connection.request("GET" if body is None else "POST", path, body, {**JSON_HEADERS, **(headers or {})})
            response = connection.getresponse()
            return Answer(response.status, {k.lower(): v for k, v in response.getheaders()}, response.read())
        finally:
            connection.close()

    def wait_answer(self, protocol: Protocol, body: bytes) -> None:
        """Until the first 200.

        Raises: UnfitSystemError with the end of the log if it ends or says nothing for START_SECONDS.
        """
        deadline = time.monotonic() + START_SECONDS
        while time.monotonic() < deadline:
            if (code := self.process.poll()) is not None:
                raise self.failure(f"ended with {code} before its first answer")
            try:
                if self.ask(protocol.path, body).status == 200:
                    return
            except (OSError, http.client.HTTPException):
                pass
            time.sleep(0.01)
        raise self.failure(f"gave no 200 on {protocol.path} within {START_SECONDS:.0f} s")

    def failure(self, what: str) -> UnfitSystemError:
        log = self.log.read_text(errors="replace")[-2000:] if self.log.exists() else ""
        return UnfitSystemError(f"{self.system.title} {what}", log)

    def stop(self) -> int:
        """SIGTERM to the server itself, as a container gets it, SIGKILL to what stays; the exit code."""
        self.list_processes()
        if self.process.poll() is None:
            self.process.terminate()
        try:
            self.process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self.list_processes()
        kill_processes(wait_gone(self.seen, 2.0))
        wait_gone(self.seen, STOP_SECONDS)  # the next system must not share the cores with a dying one
        return self.process.wait()


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port: int = listener.getsockname()[1]
        return port


def fill_places(system: System, model: ServedModel, port: int) -> dict[str, str]:
    """What stands for the names in braces of a system's command."""
    environment = ENVIRONMENTS / system.environment / "bin"
    return {
        "python": str(environment / "python"),
        "bin": str(environment),
        "model": str(model.file),
        "bundle": str(model.folder),
        "port": str(port),
        "port2": str(free_port()),
        "port3": str(free_port()),
        "peers": str(PEERS),
        "work": str(WORK),
    }


def start_server(
    system: System, model: ServedModel, port: int | None = None, environ: Mapping[str, str] | None = None
) -> Server:
    """Raises: UnfitSystemError if its program is not there."""
    port = port or free_port()
    places = fill_places(system, model, port)
    command = [part.format(**places) for part in system.command]
    given = {name: value.format(**places) for name, value in system.environ.items()}
    # a peer's scripts find their own environment's programs first; Lathe's package is found by PYTHONPATH
    path = f"{places['bin']}:{os.environ['PATH']}"
    inherited = {"PATH": path, "PYTHONPATH": str(ROOT)} if system.kind == "lathe" else {"PATH": path}
    LOGS.mkdir(parents=True, exist_ok=True)
    WORK.mkdir(parents=True, exist_ok=True)
    log = LOGS / f"{system.name}-{port}.log"
    try:
        with log.open("wb") as output:
            process = subprocess.Popen(
                command,
                cwd=WORK,
                env={**os.environ, **inherited, **given, **(environ or {})},
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
    except OSError as error:
        raise UnfitSystemError(f"{system.title} cannot be started: {command[0]}: {error.strerror}") from error
    return Server(system, port, process, log, set())


@contextmanager
def running(system: System, model: ServedModel, environ: Mapping[str, str] | None = None) -> Iterator[Server]:
    """A server that has given its first 200, and is ended whatever happens.

    Raises: UnfitSystemError.
    """
    with ExitStack() as stack:
        server = start_server(system, model, environ=environ)
        stack.callback(server.stop)
        server.wait_answer(system.row, system.row.encode(model.rows.take(0, 1)))
        yield server
