"""The predictor as a process of its own on this machine: started, found again, stopped by its own id."""

import contextlib
import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import httpx
import msgspec

from cli.errors import InputError
from contract.schema import Struct

HOST = "127.0.0.1"
START_SECONDS = 30.0
STOP_SECONDS = 20.0


class RunningPredictor(Struct, frozen=True):
    """What `up` writes down of the process it started."""

    pid: int
    port: int
    bundle: str
    digest: str
    note: str = ""  # where this was written, absolute: a copy of it elsewhere is another project's

    @property
    def url(self) -> str:
        return f"http://{HOST}:{self.port}"


class _LogLine(msgspec.Struct):
    """Of a line of app.predictor.logs.JsonFormatter: the field with its text."""

    event: str


def find_predictor(note: Path) -> RunningPredictor | None:
    """The predictor of the note, if that very process still runs."""
    try:
        running = msgspec.json.decode(note.read_bytes(), type=RunningPredictor)
    except (OSError, msgspec.DecodeError):
        return None
    return running if _is_alive(running) and not _is_copy(running, note) else None


def _is_copy(running: RunningPredictor, note: Path) -> bool:
    """Whether the note came with a copied project; with one that was moved, the former place is gone."""
    former = Path(running.note or note)
    return former != note.resolve() and former.exists()


def _is_alive(running: RunningPredictor) -> bool:
    """Whether the process is that predictor: a number that something else has by now does not count."""
    arguments = f"app.predictor --bundle {running.bundle} --port {running.port} "
    with contextlib.suppress(OSError):
        return arguments.encode() in Path(f"/proc/{running.pid}/cmdline").read_bytes().replace(b"\0", b" ")
    command = ["ps", "-ww", "-p", str(running.pid), "-o", "args="]
    return arguments in subprocess.run(command, capture_output=True, text=True, check=False).stdout  # noqa: S603 - no shell, our own arguments


def start_predictor(
    bundle: Path, digest: str, port: int, note: Path, log: Path, gate_report: Path | None = None
) -> RunningPredictor:
    """Starts it and waits until it is ready; its page shows the verdict of `gate_report`.

    Raises: InputError if the port is taken, or with the predictor's own last line if it does not become ready.
    """
    check_port(port)
    log.parent.mkdir(parents=True, exist_ok=True)
    command = [sys.executable, "-m", "app.predictor", "--bundle", str(bundle), "--port", str(port), "--host", HOST]
    report = {"LATHE_GATE_REPORT": str(gate_report)} if gate_report and gate_report.exists() else {}
    with log.open("wb") as output:
        process = subprocess.Popen(  # noqa: S603 - no shell, our own arguments
            command,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            start_new_session=True,
            env={**os.environ, **report},
        )
    place = str(note.resolve())
    running = RunningPredictor(pid=process.pid, port=port, bundle=str(bundle), digest=digest, note=place)
    note.write_bytes(msgspec.json.encode(running))
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline:
        if process.poll() is not None:
            note.unlink(missing_ok=True)
            raise InputError(describe_end(log, process.returncode))
        if _is_ready(running.url, digest):
            return running
        time.sleep(0.05)
    stop_predictor(note)
    raise InputError(f"the predictor was not ready within {START_SECONDS:.0f} s, see {log}")


def check_port(port: int) -> None:
    """Another predictor of the same bundle would answer in the place of one that cannot listen.

    Raises: InputError if the port is taken.
    """
    try:
        socket.create_server((HOST, port)).close()
    except OSError as error:
        raise InputError(
            f"port {port} cannot be listened on: {os.strerror(error.errno or 0)}; "
            "end what has it, or give another with PORT= (--port)"
        ) from error


def _is_ready(url: str, digest: str) -> bool:
    try:
        answer = httpx.get(f"{url}/readyz", timeout=2.0, trust_env=False)  # no proxy on the way to oneself
    except httpx.HTTPError:
        return False
    return answer.status_code == httpx.codes.OK and digest in answer.text


def describe_end(log: Path, exit_code: int) -> str:
    """Why the predictor ended: the line it wrote for people, else its exit code and the last event in its log."""
    *_, last = ["", *log.read_text(encoding="utf-8", errors="replace").strip().splitlines()]
    try:
        event = msgspec.json.decode(last, type=_LogLine).event
    except msgspec.DecodeError:  # an error that is foreseen is one line of plain text
        if last:
            return last
        event = ""
    after = f" after the log line {event!r}" if event else ""
    return f"the predictor ended with exit code {exit_code}{after}, see {log}"


def stop_predictor(note: Path) -> bool:
    """Ends the predictor of the note and waits for it; whether there was one."""
    running = find_predictor(note)
    note.unlink(missing_ok=True)
    if running is None:
        return False
    os.kill(running.pid, signal.SIGTERM)
    deadline = time.monotonic() + STOP_SECONDS
    while _is_left(running):
        if time.monotonic() > deadline:
            os.kill(running.pid, signal.SIGKILL)
        time.sleep(0.05)
    return True


def _is_left(running: RunningPredictor) -> bool:
    with contextlib.suppress(ChildProcessError):
        os.waitpid(running.pid, os.WNOHANG)  # our own child would stay as a zombie
    return _is_alive(running)


def predict_rows(url: str, rows: list[dict[str, Any]]) -> dict[str, Any]:
    """The predictor's answer to these rows.

    Raises: InputError with its own error if it refused, or if it did not answer.
    """
    try:
        answer = httpx.post(f"{url}/v1/predict", json={"rows": rows}, timeout=10.0, trust_env=False)
    except httpx.HTTPError as error:
        raise InputError(f"the predictor at {url} did not answer: {error}; see its log") from error
    if answer.status_code != httpx.codes.OK:
        raise InputError(f"the predictor answered {answer.status_code}: {answer.text[:300]}")
    content: dict[str, Any] = answer.json()
    return content
