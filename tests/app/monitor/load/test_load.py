"""`python -m app.monitor load` against a real predictor, and against servers that fail."""

import asyncio
import contextlib
import json
import os
import subprocess
import sys
import threading
from collections.abc import Awaitable, Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import httpx
import pytest

from app.monitor.load.open_loop import OpenLoop, Reply, format_request
from tests.app.monitor.phone import find_wide
from tests.app.monitor.reports.logs import ROOT
from tests.app.predictor.page.browsing import start_chromium
from tests.app.predictor.running import RunningServer, read_sample
from training.data.table import Table

Handle = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]
OBJECTIVES = ROOT / "gitops" / "components" / "monitoring" / "objectives.yaml"


def run_load(url: str, out: Path, *options: str, **environment: str) -> tuple[int, str, str]:
    """Exit code, and what was printed to both streams."""
    command = [sys.executable, "-m", "app.monitor", "load", "--url", url, "--out", str(out), *options]
    done = subprocess.run(
        command, cwd=ROOT, env={**os.environ, **environment}, capture_output=True, text=True, check=False
    )
    return done.returncode, done.stdout, done.stderr


@pytest.fixture(scope="module")
def server(bundle_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningServer]:
    running = RunningServer(bundle_folder, tmp_path_factory.mktemp("log") / "stderr")
    try:
        yield running.wait_until_ready()
    finally:
        running.kill()


@pytest.fixture
def easy(tmp_path: Path) -> Path:
    """Objectives that any machine keeps, and a hundred requests can show."""
    path = tmp_path / "objectives.yaml"
    text = OBJECTIVES.read_text()
    assert text.count("ratio: 0.999 ") == text.count("ratio: 0.99\n") == text.count("seconds: 0.05 ") == 1
    text = text.replace("ratio: 0.999 ", "ratio: 0.9 ").replace("ratio: 0.99\n", "ratio: 0.9\n")
    path.write_text(text.replace("seconds: 0.05 ", "seconds: 2.5 "))
    return path


@pytest.mark.slow
def test_a_predictor_that_keeps_its_objectives_ends_with_0_and_a_plot(
    server: RunningServer, tmp_path: Path, easy: Path
) -> None:
    before = read_sample(server, "lathe_predicted_rows_total")
    out = tmp_path / "load"
    code, output, errors = run_load(server.url, out, "--rate", "50", "--seconds", "2", "--objectives", str(easy))
    assert (code, errors) == (0, "")
    assert "kept" in output
    assert read_sample(server, "lathe_predicted_rows_total") - before == 101  # one was tried before
    found = json.loads((out / "load.json").read_text())
    assert (found["verdict"], found["requests"], found["answered"]) == ("kept", 100, 100)
    with start_chromium() as chromium:
        page = chromium.new_page()
        page.goto((out / "index.html").as_uri())
        assert page.locator("svg polyline").count() == 4
        assert page.locator("strong").all_inner_texts() == ["availability: kept", "latency: kept"]
    assert find_wide(out / "index.html") == {}


@pytest.mark.slow
def test_a_load_that_is_too_short_ends_with_3_and_says_how_long_it_takes(server: RunningServer, tmp_path: Path) -> None:
    code, _, errors = run_load(server.url, tmp_path, "--rate", "20", "--seconds", "1")
    assert code == 3
    assert "too short to say, which takes 3,838 requests without a failure" in errors


class Busy(BaseHTTPRequestHandler):
    """Has a model card and answers one row; from then on it turns every request away."""

    protocol_version = "HTTP/1.1"
    card = b""
    answered = 0

    def do_GET(self) -> None:
        self._answer(200, self.card)

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["content-length"]))
        type(self).answered += 1
        self._answer(200 if self.answered == 1 else 503, b"{}")

    def _answer(self, status: int, body: bytes) -> None:
        self.send_response(status)
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        pass


@pytest.mark.slow
def test_a_predictor_that_turns_requests_away_ends_with_1(server: RunningServer, tmp_path: Path, easy: Path) -> None:
    Busy.card = httpx.get(f"{server.url}/v1/model").content
    with ThreadingHTTPServer(("127.0.0.1", 0), Busy) as busy:
        thread = threading.Thread(target=busy.serve_forever)
        thread.start()
        options = ("--rate", "50", "--seconds", "1", "--objectives", str(easy))
        code, _, errors = run_load(f"http://127.0.0.1:{busy.server_port}", tmp_path / "load", *options)
        busy.shutdown()
        thread.join()
    assert code == 1
    assert "availability: 0.000 % of 50 requests answered with 200" in errors
    assert "missed" in errors


@pytest.mark.slow
def test_rows_of_a_csv_are_sent_under_raw_names_too(
    server: RunningServer, tmp_path: Path, easy: Path, table: Table
) -> None:
    path = tmp_path / "rows.csv"
    table.frame.head(30).to_csv(path, index=False)
    before = read_sample(server, "lathe_predicted_rows_total")
    options = ("--rate", "60", "--seconds", "1", "--data", str(path), "--objectives", str(easy))
    assert run_load(server.url, tmp_path / "load", *options)[0] == 0
    assert read_sample(server, "lathe_predicted_rows_total") - before == 61
    path.write_text("a,b\n1,2\n")
    code, _, errors = run_load(server.url, tmp_path / "load", *options)
    assert code == 2
    assert "has no column 'type'" in errors


@pytest.mark.slow
@pytest.mark.parametrize(
    ("url", "options", "code", "message"),
    [
        ("127.0.0.1:8080", (), 2, "expected an address such as http://127.0.0.1:8080"),
        ("http://127.0.0.1:1", (), 4, "http://127.0.0.1:1/v1/model does not answer"),
        ("SERVER/nowhere", (), 4, "/nowhere/v1/model answered 404, expected 200"),
        ("SERVER", ("--rate", "0.1"), 2, "make 0 requests, expected 1 to 2,000,000"),
        ("SERVER", ("--objectives", "nowhere.yaml"), 2, "nowhere.yaml"),
    ],
)
def test_bad_input_is_told_in_one_line(
    server: RunningServer, tmp_path: Path, url: str, options: tuple[str, ...], code: int, message: str
) -> None:
    found = run_load(url.replace("SERVER", server.url), tmp_path, "--rate", "10", "--seconds", "1", *options)
    assert found[0] == code
    assert message in found[2]
    assert len(found[2].splitlines()) == 1


@contextlib.contextmanager
def serve(handle: Handle) -> Iterator[int]:
    """The port of a server in a thread of its own."""
    ports: list[int] = []
    ready, loop, ending = threading.Event(), asyncio.new_event_loop(), asyncio.Event()

    async def run() -> None:
        async with await asyncio.start_server(handle, "127.0.0.1", 0) as server:
            ports.append(server.sockets[0].getsockname()[1])
            ready.set()
            await ending.wait()

    thread = threading.Thread(target=lambda: loop.run_until_complete(run()))
    thread.start()
    ready.wait()
    try:
        yield ports[0]
    finally:
        loop.call_soon_threadsafe(ending.set)
        thread.join()
        loop.close()


def answer_from(parts: list[bytes]) -> Handle:
    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(asyncio.IncompleteReadError):
            while await reader.readuntil(b"{}"):
                writer.writelines(parts)
        writer.transport.abort()

    return handle


def send(handle: Handle, **given: Any) -> list[Reply]:
    with serve(handle) as port:
        return asyncio.run(OpenLoop(port, format_request("/", b"{}"), **given).run(100, 0.2))


def test_an_answer_in_chunks_is_read_to_its_end() -> None:
    head = b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n"
    replies = send(answer_from([head, b"2;x=1\r\n{}\r\n", b"a\r\n0123456789\r\n", b"0\r\n\r\n"]))
    assert [reply.status for reply in replies] == [200] * 20


@pytest.mark.parametrize("parts", [[b"SSH-2.0-x\r\n\r\n"], [b"HTTP/1.1 200 OK\r\ncontent-length: x\r\n\r\n"]])
def test_what_is_no_http_counts_as_a_failure(parts: list[bytes]) -> None:
    assert {reply.status for reply in send(answer_from(parts))} == {0}


def test_a_late_answer_counts_from_when_its_request_was_due() -> None:
    """The server holds the first request until another comes: nothing is answered sooner than the second was due."""
    second = asyncio.Event()
    seen = 0

    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal seen
        with contextlib.suppress(asyncio.IncompleteReadError):
            while await reader.readuntil(b"{}"):
                seen += 1
                if seen > 1:
                    second.set()
                await second.wait()
                writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n")
        writer.transport.abort()

    first = min(send(handle), key=lambda reply: reply.due)
    assert first.due == 0.0
    assert first.seconds >= 0.01  # the second was due then
