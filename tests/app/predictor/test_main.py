"""The command line and the life of the process: listen, load, drain, stop."""

import contextlib
import os
import signal
import socket
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import pytest

from tests.app.predictor.running import ROOT, RunningServer, StartServer, dumps, wait_until_begun
from tests.patience import LAST_RESORT_SECONDS, wait_until
from tests.ports import take_free_port

BAD_INPUT = 2


def run(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "app.predictor", *arguments]
    return subprocess.run(
        command,
        cwd=ROOT,
        env={"PATH": "/usr/bin", **environment},
        capture_output=True,
        text=True,
        timeout=LAST_RESORT_SECONDS,
        check=False,
    )


def send_half_a_body(server: RunningServer) -> socket.socket:
    """A connection whose request states more bytes than it sends."""
    connection = socket.create_connection(("127.0.0.1", server.port))
    connection.sendall(b"POST /v1/predict HTTP/1.1\r\nhost: x\r\ncontent-length: 100\r\n\r\n{")
    wait_until_begun(server)
    return connection


def test_help_names_the_options() -> None:
    finished = run("--help")
    assert finished.returncode == 0
    assert all(option in finished.stdout for option in ("--bundle", "--port", "--host", "docs/settings.md"))


@pytest.mark.parametrize(
    ("arguments", "environment", "told"),
    [
        (["--port", "99999"], {}, "LATHE_PORT"),
        ([], {"LATHE_MAX_ROWS": "many"}, "LATHE_MAX_ROWS"),
        ([], {"LATHE_LOG_LEVEL": "loud"}, "LATHE_LOG_LEVEL"),
        (["--host", "203.0.113.1", "--port", "0"], {}, "cannot listen on 203.0.113.1"),
    ],
)
def test_a_bad_setting_ends_the_start_with_one_line(
    arguments: list[str], environment: dict[str, str], told: str
) -> None:
    finished = run(*arguments, **environment)
    assert finished.returncode == BAD_INPUT
    assert told in finished.stderr
    assert len(finished.stderr.splitlines()) == 1


def test_a_taken_port_ends_the_start_with_one_line() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = str(listener.getsockname()[1])
        finished = run("--port", port)
    assert finished.returncode == BAD_INPUT
    assert finished.stderr.splitlines() == [f"cannot listen on 127.0.0.1 port {port}: Address already in use"]


@pytest.mark.slow
def test_an_open_address_without_keys_is_said_in_one_line(start_server: StartServer, bundle_folder: Path) -> None:
    server = start_server(bundle_folder, host="0.0.0.0").wait_until_ready()  # noqa: S104 - as in the cluster
    assert server.stop() == 0
    warnings = [line for line in server.log.read_text().splitlines() if '"level":"warning"' in line]
    assert len(warnings) == 1
    assert "no API keys" in warnings[0]


@pytest.mark.slow
def test_sigterm_drains_before_it_stops(start_server: StartServer, bundle_folder: Path, row: dict[str, object]) -> None:
    server = start_server(bundle_folder, drain_seconds=600).wait_until_ready()
    with httpx.Client(base_url=server.url) as client:
        assert "connection" not in client.post("/v1/predict", json=row).headers
        server.process.send_signal(signal.SIGTERM)
        wait_until(lambda: client.get("/readyz").status_code == 503, "the fall of readiness")
        assert client.get("/healthz").status_code == 200
        answer = client.post("/v1/predict", json=row)
    assert answer.status_code == 200
    assert answer.headers["connection"] == "close"
    assert server.stop() == 0  # a second signal ends the drain


@pytest.mark.slow
def test_sigterm_ends_with_0_although_a_body_is_half_sent(start_server: StartServer, bundle_folder: Path) -> None:
    server = start_server(bundle_folder, grace_seconds=1).wait_until_ready()
    with send_half_a_body(server) as connection:
        assert server.stop() == 0
        assert b"503" in connection.recv(1000)
    assert "Traceback" not in server.log.read_text()


@pytest.mark.slow
def test_a_second_sigterm_stops_at_once(start_server: StartServer, bundle_folder: Path) -> None:
    server = start_server(bundle_folder, drain_seconds=3600).wait_until_ready()
    server.process.send_signal(signal.SIGTERM)
    wait_until(lambda: httpx.get(f"{server.url}/readyz").status_code == 503, "the fall of readiness")
    assert server.process.poll() is None
    assert server.stop() == 0


@pytest.mark.slow
def test_requests_are_answered_while_it_drains(
    start_server: StartServer, bundle_folder: Path, row: dict[str, object]
) -> None:
    server = start_server(bundle_folder, drain_seconds=600).wait_until_ready()
    asking = threading.Barrier(5)

    def ask(_: int) -> set[int]:
        codes = set()
        with httpx.Client(base_url=server.url) as client:
            codes.add(client.post("/v1/predict", content=dumps(row)).status_code)
            asking.wait(LAST_RESORT_SECONDS)
            while True:
                answer = client.post("/v1/predict", content=dumps(row))
                codes.add(answer.status_code)
                if answer.headers.get("connection") == "close":
                    return codes

    with ThreadPoolExecutor(4) as pool:
        codes = pool.map(ask, range(4))
        asking.wait(LAST_RESORT_SECONDS)  # each has had an answer, and goes on
        server.process.send_signal(signal.SIGTERM)
        assert set().union(*codes) == {200}
    assert server.stop() == 0


@pytest.mark.slow
def test_a_request_that_has_begun_is_answered_although_it_has_stopped_listening(
    start_server: StartServer, bundle_folder: Path, row: dict[str, object]
) -> None:
    server = start_server(bundle_folder, drain_seconds=0, grace_seconds=600).wait_until_ready()
    body = dumps(row)
    head = b"POST /v1/predict HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: %d\r\n\r\n"
    with socket.create_connection(("127.0.0.1", server.port)) as connection:
        connection.sendall(head % len(body) + body[:1])
        wait_until_begun(server)
        server.process.send_signal(signal.SIGTERM)
        wait_until(lambda: not listens(server), "the end of listening")
        connection.sendall(body[1:])
        assert connection.recv(1000).startswith(b"HTTP/1.1 200 ")
    assert server.process.wait(LAST_RESORT_SECONDS) == 0


def listens(server: RunningServer) -> bool:
    try:
        socket.create_connection(("127.0.0.1", server.port)).close()
    except OSError:
        return False
    return True


def list_open_files(server: RunningServer) -> set[str]:
    found = set()
    for link in Path(f"/proc/{server.process.pid}/fd").iterdir():
        with contextlib.suppress(FileNotFoundError):  # closed meanwhile
            found.add(os.path.basename(os.readlink(link)))
    return found


@pytest.mark.slow
def test_onnx_runtime_does_not_collect_what_it_would_tell_its_maker(
    start_server: StartServer, bundle_folder: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))  # where it would be collected
    monkeypatch.delenv("XDG_CACHE_HOME", raising=False)
    monkeypatch.delenv("CI", raising=False)  # it keeps quiet there by itself
    monkeypatch.delenv("ORT_DISABLE_TELEMETRY", raising=False)
    quiet = list_open_files(start_server(bundle_folder).wait_until_ready())
    monkeypatch.setenv("ORT_DISABLE_TELEMETRY", "0")
    talking = start_server(bundle_folder).wait_until_ready()
    wait_until(lambda: "onnxruntime.db" in list_open_files(talking), "what it collects is opened")
    assert "onnxruntime.db" not in quiet


WATCHED = """
import gc, os, signal, sys, threading, time, urllib.request
from app.predictor.server.start import main

def watch():
    while "app.predictor.scoring.loading" not in sys.modules:
        time.sleep(0.001)
    print("collects while it loads", gc.isenabled())
    while True:
        try:
            urllib.request.urlopen(f"http://127.0.0.1:{sys.argv[2]}/readyz")
            break
        except OSError:
            time.sleep(0.01)
    print("collects when ready", gc.isenabled(), "frozen", gc.get_freeze_count() > 0)
    os.kill(os.getpid(), signal.SIGTERM)

threading.Thread(target=watch).start()
main(["--bundle", sys.argv[1], "--port", sys.argv[2]])
"""


@pytest.mark.slow
def test_garbage_is_collected_again_once_it_is_ready(bundle_folder: Path) -> None:
    port = str(take_free_port())
    command = [sys.executable, "-c", WATCHED, str(bundle_folder), port]
    finished = subprocess.run(
        command, cwd=ROOT, capture_output=True, text=True, timeout=LAST_RESORT_SECONDS, check=True
    )
    assert finished.stdout.splitlines() == ["collects while it loads False", "collects when ready True frozen True"]


IMPORTED = """
import sys
from app.predictor.server.start import prepare_libraries
prepare_libraries()
import app.predictor.scoring.loading
unused = ("fastapi", "uvicorn", "xgboost.plotting", "xgboost.sklearn", "pandas")
print([name for name in unused if sys.modules.get(name)])
"""


@pytest.mark.slow
def test_a_model_loads_without_the_web_framework_and_what_serving_never_uses() -> None:
    command = [sys.executable, "-c", IMPORTED]
    finished = subprocess.run(
        command, cwd=ROOT, capture_output=True, text=True, timeout=LAST_RESORT_SECONDS, check=True
    )
    assert finished.stdout.strip() == "[]"
