"""Whatever happens at the start, the process either serves or ends, with one clear last line."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from tests.app.predictor.running import ROOT, RunningServer, StartServer
from tests.patience import LAST_RESORT_SECONDS, wait_until

UNEXPECTED = 1
BAD_INPUT = 2
STOPPING = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)


@pytest.fixture(autouse=True)
def heed_signals() -> Iterator[None]:
    """What starts the tests may ignore signals, as `nohup` does, and a child inherits that."""
    former = {sig: signal.signal(sig, signal.SIG_DFL) for sig in (signal.SIGINT, signal.SIGHUP)}
    yield
    for sig, handler in former.items():
        signal.signal(sig, handler)


class FailingServer(RunningServer):
    module = "tests.app.predictor.server.failing"


def catches(server: RunningServer, sig: int) -> bool:
    """Whether the process has a handler of its own for a signal that would else end it."""
    status = Path(f"/proc/{server.process.pid}/status").read_text()
    caught = int(status.partition("SigCgt:\t")[2].partition("\n")[0], 16)
    return bool(caught >> (sig - 1) & 1)


def fail_with(fault: str, folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> FailingServer:
    monkeypatch.setenv("FAULT", fault)
    return FailingServer(folder, tmp_path / "log")


@pytest.mark.slow
@pytest.mark.parametrize(
    "fault", ["ZeroDivisionError", "MemoryError", "RecursionError", "SystemExit", "KeyboardInterrupt", "GeneratorExit"]
)
def test_what_nobody_foresaw_ends_the_process(
    fault: str, bundle_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    server = fail_with(fault, bundle_folder, tmp_path, monkeypatch)
    try:
        assert server.process.wait(timeout=LAST_RESORT_SECONDS) == UNEXPECTED
    finally:
        server.kill()
    *events, last = server.log.read_text().splitlines()
    assert last == f"the predictor cannot serve: {fault}: of the innards in two lines"
    (failed,) = (told for told in map(json.loads, events) if told["event"] == "load_failed")
    assert failed["bundle"] == str(bundle_folder)
    assert failed["exception"].startswith("Traceback")
    assert fault in failed["exception"]


@pytest.mark.slow
@pytest.mark.parametrize("sig", STOPPING)
def test_a_load_that_never_ends_keeps_no_signal_from_ending_the_process(
    sig: signal.Signals, bundle_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    server = fail_with("hang", bundle_folder, tmp_path, monkeypatch)
    try:
        wait_until(lambda: is_alive(server))
        assert httpx.get(f"{server.url}/readyz").status_code == httpx.codes.SERVICE_UNAVAILABLE
        assert server.stop(sig) == 0
    finally:
        server.kill()
    assert "Traceback" not in server.log.read_text()


def is_alive(server: RunningServer) -> bool:
    assert server.process.poll() is None, server.log.read_text()
    try:
        return httpx.get(f"{server.url}/healthz").status_code == httpx.codes.OK
    except httpx.TransportError:
        return False


@pytest.mark.slow
@pytest.mark.parametrize("sig", STOPPING)
def test_a_signal_at_any_moment_of_the_start_ends_it_with_0(
    sig: signal.Signals, start_server: StartServer, bundle_folder: Path
) -> None:
    """The moments are spread over the start; which one each meets depends on the machine, and must not matter."""
    for moment in (0.0, 0.05, 0.1, 0.2, 0.4, 0.6, 0.8, 1.0, 1.3, 1.6):
        server = start_server(bundle_folder, drain_seconds=0.1)
        wait_until(lambda server=server: catches(server, signal.SIGTERM))  # type: ignore[misc]
        time.sleep(moment)
        assert server.stop(sig) == 0, (moment, server.log.read_text())
        assert "Traceback" not in server.log.read_text()


@pytest.mark.slow
def test_a_hangup_drains_unless_whoever_started_it_ignores_it(start_server: StartServer, bundle_folder: Path) -> None:
    server = start_server(bundle_folder, drain_seconds=0.1).wait_until_ready()
    assert server.stop(signal.SIGHUP) == 0
    assert '"event":"draining"' in server.log.read_text()
    ignoring = RunningServer(bundle_folder, server.log, "nohup").wait_until_ready()
    try:
        ignoring.process.send_signal(signal.SIGHUP)
        assert httpx.get(f"{ignoring.url}/readyz").status_code == httpx.codes.OK
        assert ignoring.stop() == 0
    finally:
        ignoring.kill()


@pytest.mark.slow
@pytest.mark.parametrize(("folder", "code"), [(None, 0), ("nowhere", BAD_INPUT)])
def test_a_closed_log_changes_no_exit_code(
    start_server: StartServer, bundle_folder: Path, tmp_path: Path, folder: str | None, code: int
) -> None:
    read, write = os.pipe()
    os.close(read)
    server = start_server(bundle_folder)  # its port is free again once it is gone
    server.kill()
    command = [sys.executable, "-m", "app.predictor", "--bundle", str(bundle_folder if folder is None else tmp_path)]
    with subprocess.Popen([*command, "--port", str(server.port)], cwd=ROOT, stderr=write) as process:
        os.close(write)
        server.process = process
        if folder is None:
            server.wait_until_ready()
            process.send_signal(signal.SIGTERM)
        assert process.wait(timeout=LAST_RESORT_SECONDS) == code
