"""The load's counts against servers that answer, close, hang, lie and die."""

import asyncio
import json
import signal
import socket
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.answering import Behaviour, answer, answer_well, serving
from tests.e2e.client import SCRIPT, Window, add_lines
from tests.e2e.load import Connection
from tests.patience import LAST_RESORT_SECONDS, wait_until

pytestmark = pytest.mark.slow


@pytest.fixture
def row(tmp_path: Path) -> Path:
    path = tmp_path / "row.json"
    path.write_text('{"a": 1}', encoding="utf-8")
    return path


def run_load(url: str, row: Path, *more: str) -> Window:
    """The script as a pod runs it: by its path, in a process of its own."""
    given = [sys.executable, str(SCRIPT), "load", url, "--body", str(row), "--patience", "0.5", *more]
    done = subprocess.run(given, capture_output=True, text=True, timeout=LAST_RESORT_SECONDS, check=False)
    assert done.returncode == 0, done.stderr
    return add_lines(done.stdout.splitlines())


def ask(behaviour: Behaviour, times: int = 1, pause: float = 0) -> list[str]:
    """The outcomes of a few requests over one connection."""

    async def ask_all(url: str) -> list[str]:
        connection = Connection(url, b"{}", 0.5)
        outcomes = []
        for _ in range(times):
            outcomes.append((await connection.ask())[0])
            await asyncio.sleep(pause)
        connection.close()
        return outcomes

    with serving(behaviour) as served:
        return asyncio.run(ask_all(served.url))


def test_every_request_is_counted_once_and_by_the_version_that_answered(row: Path) -> None:
    with serving(answer_well) as served:
        window = run_load(served.url, row, "--connections", "4", "--rate", "50", "--seconds", "2")
        assert window.sent == window.versions["v-one"] == served.requests
        assert window.failed == 0
        assert served.connections == 4


def test_the_rate_is_kept(row: Path) -> None:
    with serving(answer_well) as served:
        window = run_load(served.url, row, "--connections", "4", "--rate", "50", "--seconds", "2")
    assert 60 <= window.sent <= 104


def test_a_connection_that_the_server_asks_to_close_is_opened_anew_and_loses_nothing() -> None:
    async def closing(number: int, writer: asyncio.StreamWriter) -> bool:
        writer.write(answer("200 OK", answer_body(), "Connection: close"))
        return False

    assert ask(closing, times=3) == ["ok"] * 3


def test_a_connection_closed_while_idle_loses_nothing() -> None:
    async def closing(number: int, writer: asyncio.StreamWriter) -> bool:
        writer.write(answer())
        return False

    assert ask(closing, times=3, pause=0.1) == ["ok"] * 3


def test_an_answer_cut_short_is_a_reset() -> None:
    async def cutting(number: int, writer: asyncio.StreamWriter) -> bool:
        writer.write(answer()[:-5])
        return False

    assert ask(cutting) == ["reset"]


def test_a_connection_dropped_without_an_answer_is_a_reset_and_the_next_request_goes_on() -> None:
    async def dropping_once(number: int, writer: asyncio.StreamWriter) -> bool:
        if number == 1:
            writer.transport.abort()
            return False
        return await answer_well(number, writer)

    assert ask(dropping_once, times=2) == ["reset", "ok"]


def test_a_server_that_hangs_is_a_timeout() -> None:
    async def hanging(number: int, writer: asyncio.StreamWriter) -> bool:
        await asyncio.Event().wait()  # until the test ends it
        return False

    assert ask(hanging) == ["timeout"]


@pytest.mark.parametrize("status", ["503 Service Unavailable", "404 Not Found", "500 Internal Server Error"])
def test_a_status_other_than_200_is_counted_by_its_number(status: str) -> None:
    async def refusing(number: int, writer: asyncio.StreamWriter) -> bool:
        writer.write(answer(status, b"{}"))
        return True

    assert ask(refusing, times=2) == [f"status {status[:3]}"] * 2


@pytest.mark.parametrize(
    "raw", [answer(body=b"not JSON"), answer(body=b"{}"), b"nonsense\r\n\r\n", b"HTTP/1.1\r\n\r\n"]
)
def test_an_answer_that_is_no_prediction_is_malformed(raw: bytes) -> None:
    async def lying(number: int, writer: asyncio.StreamWriter) -> bool:
        writer.write(raw)
        return True

    assert ask(lying) == ["malformed"]


def test_nobody_listening_is_refused(row: Path) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{free.getsockname()[1]}/v1/predict"
    window = run_load(url, row, "--connections", "2", "--rate", "20", "--seconds", "1")
    assert window.sent > 10
    assert window.outcomes["refused"] == window.failed == window.sent


def test_sigterm_ends_the_load_with_its_last_line(row: Path) -> None:
    with serving(answer_well) as served:
        command = [sys.executable, str(SCRIPT), "load", served.url, "--body", str(row), "--rate", "50"]
        process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        assert process.stdout is not None
        first = process.stdout.readline()
        wait_until(lambda: served.requests > 10, "a load")
        process.send_signal(signal.SIGTERM)
        rest, _ = process.communicate(timeout=LAST_RESORT_SECONDS)
        assert process.returncode == 0
        assert add_lines([first, *rest.splitlines()]).sent == served.requests


def test_once_asks_once_and_says_so(row: Path) -> None:
    with serving(answer_well) as served:
        command = [sys.executable, str(SCRIPT), "once", served.url, "--body", str(row)]
        done = subprocess.run(command, capture_output=True, text=True, timeout=LAST_RESORT_SECONDS, check=True)
        assert json.loads(done.stdout) == {"outcome": "ok", "version": "v-one"}
        assert served.requests == 1


def test_the_script_needs_nothing_but_python(row: Path) -> None:
    with serving(answer_well) as served:
        command = [sys.executable, "-I", "-S", str(SCRIPT), "once", served.url, "--body", str(row)]
        done = subprocess.run(
            command, capture_output=True, text=True, timeout=LAST_RESORT_SECONDS, check=True, cwd=row.parent
        )
    assert json.loads(done.stdout)["outcome"] == "ok"


def answer_body() -> bytes:
    body: dict[str, Any] = {"model": {"version": "v-one"}}
    return json.dumps(body).encode()
