"""The machine's clock steps by a month, forth and back: nothing that is measured or awaited may notice."""

import json
import socket
import time
from datetime import datetime
from pathlib import Path
from typing import Any

import httpx
import pytest

from app.predictor.auth.key_file import make_key
from tests.app.predictor.running import RunningServer, StartServer, read_metrics
from tests.patience import LAST_RESORT_SECONDS, wait_until

pytestmark = pytest.mark.slow

LIBRARY = Path("/usr/lib/x86_64-linux-gnu/faketime/libfaketime.so.1")  # of Debian's package `faketime`
DAY_SECONDS = 24 * 3600
HEADER_SECONDS = 1.0
REQUESTS = 50
STEPS = {"a month ahead": 30, "back again": 0, "a month behind": -30}
LIMITS = {"long": 0.001, "short": 2.0}  # requests a second


class SteppedClock:
    """The wall clock of one process, moved by writing a file; its monotonic clock goes on as it must."""

    def __init__(self, file: Path) -> None:
        self.file = file
        self.step(0)

    def step(self, days: int) -> None:
        self.file.write_text(f"{days:+d}d\n")


@pytest.fixture
def clock(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> SteppedClock:
    assert LIBRARY.exists(), "libfaketime is missing; on Debian: apt-get install faketime"
    stepped = SteppedClock(tmp_path / "clock")
    monkeypatch.setenv("LD_PRELOAD", str(LIBRARY))
    monkeypatch.setenv("FAKETIME_TIMESTAMP_FILE", str(stepped.file))
    monkeypatch.setenv("FAKETIME_NO_CACHE", "1")
    monkeypatch.setenv("FAKETIME_DONT_FAKE_MONOTONIC", "1")
    return stepped


@pytest.fixture
def start_stepped(
    clock: SteppedClock, start_server: StartServer, bundle_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> StartServer:
    """Starts one predictor that lives by `clock`."""

    def start(**settings: object) -> RunningServer:
        server = start_server(bundle_folder, log_requests=True, **settings)
        monkeypatch.delenv("LD_PRELOAD")  # the test's own programs keep the machine's clock
        return server.wait_until_ready()

    return start


def read_durations(client: httpx.Client) -> tuple[float, float]:
    """How many single predictions, and the sum of their seconds."""
    own = {name: value for name, value in read_metrics(client).items() if 'route="/v1/predict"' in name}
    count, total = (
        sum(value for name, value in own.items() if name.startswith(f"lathe_request_duration_seconds_{kind}{{"))
        for kind in ("count", "sum")
    )
    return count, total


def last_logged_day(server: RunningServer) -> float:
    """Days between the time of the last log line and now."""
    told = datetime.fromisoformat(json.loads(server.log.read_text().splitlines()[-1])["time"])
    return (told.timestamp() - time.time()) / DAY_SECONDS


def seconds_until_closed(server: RunningServer) -> float:
    """How long a client that never ends its headers is borne with."""
    start = time.monotonic()
    with socket.create_connection(("127.0.0.1", server.port), timeout=LAST_RESORT_SECONDS) as connection:
        connection.sendall(b"POST /v1/predict HTTP/1.1\r\n")
        while connection.recv(4096):
            pass
    return time.monotonic() - start


def test_a_stepping_clock_moves_no_duration_and_stalls_no_window(
    start_stepped: StartServer, clock: SteppedClock, row: dict[str, Any]
) -> None:
    stepped_server = start_stepped(header_timeout_seconds=HEADER_SECONDS)
    with httpx.Client(base_url=stepped_server.url, timeout=LAST_RESORT_SECONDS) as client:
        receipt = client.post("/v1/predict", json=row, headers={"x-lathe-receipt": "1"}).json()["predictions"][0]
        for days in STEPS.values():
            count, total = read_durations(client)
            clock.step(days)
            start = time.monotonic()
            for _ in range(REQUESTS):
                assert client.post("/v1/predict", json=row).status_code == httpx.codes.OK
            elapsed = time.monotonic() - start
            assert last_logged_day(stepped_server) == pytest.approx(days, abs=0.1)  # the step was really seen
            counted, summed = read_durations(client)
            assert counted == count + REQUESTS
            assert total < summed < total + elapsed
            assert HEADER_SECONDS <= seconds_until_closed(stepped_server) < LAST_RESORT_SECONDS
        told = client.post("/v1/feedback", json={"receipt": receipt["receipt"], "outcome": True})
        assert told.status_code == httpx.codes.OK, told.text


def write_keys(file: Path) -> dict[str, str]:
    """Keys by name, each with its limit of LIMITS."""
    keys = {name: make_key(name) for name in LIMITS}
    file.write_text("".join(f"{keys[name][1]} requests_per_second={rate}\n" for name, rate in LIMITS.items()))
    return {name: key for name, (key, _) in keys.items()}


def test_a_stepping_clock_neither_lifts_nor_stalls_a_rate_limit(
    start_stepped: StartServer, clock: SteppedClock, row: dict[str, Any], tmp_path: Path
) -> None:
    keys = write_keys(tmp_path / "keys")
    server = start_stepped(api_keys_file=tmp_path / "keys")
    with httpx.Client(base_url=server.url, timeout=LAST_RESORT_SECONDS) as client:

        def ask(name: str) -> httpx.Response:
            return client.post("/v1/predict", json=row, headers={"x-api-key": keys[name]})

        assert ask("long").status_code == httpx.codes.OK
        for days in STEPS.values():
            while (limited := ask("short")).status_code == httpx.codes.OK:
                pass
            assert limited.headers["retry-after"] == "1"
            clock.step(days)

            def is_let_in() -> bool:
                answer = ask("short")
                assert answer.status_code == httpx.codes.OK or answer.headers["retry-after"] == "1"
                return answer.status_code == httpx.codes.OK

            wait_until(is_let_in, "the end of the limit")
            assert last_logged_day(server) == pytest.approx(days, abs=0.1)  # the step was really seen
            still = ask("long")
            assert still.status_code == httpx.codes.TOO_MANY_REQUESTS
            assert 0 < int(still.headers["retry-after"]) <= 1 / LIMITS["long"]
