"""POST /v1/batch under load: slow clients, large uploads, a stop in the middle, a million rows."""

import json
import socket
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.app.predictor.running import RunningServer, StartServer, dumps, read_metrics, wait_until_begun
from tests.app.predictor.uploads import CSV, NDJSON, ROUTE, list_rows, refusal, to_csv, upload
from tests.patience import LAST_RESORT_SECONDS, wait_until
from training.data.table import Table

pytestmark = pytest.mark.slow  # a server of its own for each test

MANY_ROWS = 1_000_000
MOST_MEBIBYTES = 400
USUAL = 300  # answers


@pytest.fixture
def tight(start_server: StartServer, bundle_folder: Path) -> RunningServer:
    """A server that takes one small upload, and has little patience."""
    return start_server(
        bundle_folder, max_batch_bytes=100_000, max_uploads=1, body_timeout_seconds=1.0, grace_seconds=1
    ).wait_until_ready()


def connect(server: RunningServer) -> socket.socket:
    connection = socket.create_connection(("127.0.0.1", server.port))
    connection.settimeout(LAST_RESORT_SECONDS)
    return connection


def open_upload(server: RunningServer, sent: bytes) -> socket.socket:
    connection = connect(server)
    head = b"POST /v1/batch HTTP/1.1\r\nhost: x\r\ncontent-type: text/csv\r\ncontent-length: 90000\r\n\r\n"
    connection.sendall(head + sent)
    return connection


def test_limits_of_uploads_hold(tight: RunningServer, row: dict[str, Any]) -> None:
    with httpx.Client(base_url=tight.url, timeout=LAST_RESORT_SECONDS) as client:
        assert refusal(upload(client, b"x" * 100_001))[:2] == (413, "body_too_large")

        def parts() -> Iterator[bytes]:
            yield to_csv([row]).encode()
            for _ in range(3):
                yield b"\n" * 50_000

        streamed = client.post(ROUTE, content=parts(), headers={"content-type": CSV})
        assert refusal(streamed)[:2] == (413, "body_too_large")
        with open_upload(tight, b"type") as connection:
            assert client.post("/v1/predict", json=row).status_code == httpx.codes.OK
            second = upload(client, to_csv([row]))  # waits for its place
            assert second.status_code == httpx.codes.OK
            assert connection.recv(1000).startswith(b"HTTP/1.1 408 ")  # it goes on no further
        assert upload(client, to_csv([row])).status_code == httpx.codes.OK
        closed = {name: value for name, value in read_metrics(client).items() if "closed_connections" in name}
        assert [value for name, value in closed.items() if "slow_body" in name] == [1]


def test_a_client_that_does_not_take_its_answer_is_cut_off(
    start_server: StartServer, bundle_folder: Path, row: dict[str, Any]
) -> None:
    server = start_server(bundle_folder, max_uploads=1, body_timeout_seconds=1.0).wait_until_ready()
    body = to_csv([row] * 150_000).encode()  # its answer is larger than any buffer on the way
    with connect(server) as connection, httpx.Client(base_url=server.url, timeout=LAST_RESORT_SECONDS) as client:
        connection.sendall(b"POST /v1/batch HTTP/1.1\r\nhost: x\r\ncontent-length: %d\r\n\r\n" % len(body) + body)

        def count_cut() -> float:
            samples = read_metrics(client).items()
            return sum(value for name, value in samples if "closed_connections" in name and "slow_reader" in name)

        assert wait_until(count_cut, "a client that is cut off") == 1
        assert upload(client, to_csv([row])).status_code == httpx.codes.OK  # its place is free again
        received = b"".join(iter(lambda: connection.recv(1_000_000), b""))
    stated = int(received.partition(b"content-length: ")[2].partition(b"\r")[0])
    assert len(received) < stated  # so that nobody takes it for a whole answer


def test_an_answer_above_its_limit_is_told_and_the_place_is_free_again(
    start_server: StartServer, bundle_folder: Path, row: dict[str, Any]
) -> None:
    server = start_server(bundle_folder, max_uploads=1, max_answer_bytes=20_000).wait_until_ready()
    with httpx.Client(base_url=server.url, timeout=LAST_RESORT_SECONDS) as client:
        for _ in range(3):
            assert refusal(upload(client, to_csv([row] * 1000)))[:2] == (507, "spool_full")
        assert upload(client, to_csv([row] * 10)).status_code == httpx.codes.OK


def test_a_disk_full_at_the_last_byte_is_told_and_the_place_is_free_again(
    server: RunningServer, bundle_folder: Path, row: dict[str, Any], tmp_path: Path
) -> None:
    body = to_csv([{"note": "x" * 1000, **row}] * 17_000)  # its answer goes to the disk
    with httpx.Client(base_url=server.url, timeout=LAST_RESORT_SECONDS) as client:
        size = int(upload(client, body).headers["content-length"])
    full = RunningServer(bundle_folder, tmp_path / "log", "prlimit", f"--fsize={size - 1}", max_uploads=1)
    try:
        with httpx.Client(base_url=full.wait_until_ready().url, timeout=LAST_RESORT_SECONDS) as client:
            for _ in range(2):
                assert refusal(upload(client, body))[:2] == (507, "spool_full")
            assert upload(client, to_csv([row] * 10)).status_code == httpx.codes.OK
    finally:
        full.kill()


def test_an_upload_does_not_keep_the_server_from_stopping(start_server: StartServer, bundle_folder: Path) -> None:
    server = start_server(bundle_folder, grace_seconds=1).wait_until_ready()
    with open_upload(server, b"type"):
        wait_until_begun(server)
        assert server.stop() == 0
    assert "Traceback" not in server.log.read_text()


def count_many(rows: list[dict[str, Any]]) -> int:
    """The least multiple of the rows that is a large upload."""
    return -(-MANY_ROWS // len(rows)) * len(rows)


def many_parts(rows: list[dict[str, Any]], content_type: str) -> Iterator[bytes]:
    """An upload of `count_many(rows)` rows, each with a column that is only carried."""
    numbered = [{"id": index, **row} for index, row in enumerate(rows)]
    if content_type == CSV:
        header, _, block = to_csv(numbered).encode().partition(b"\n")
        yield header + b"\n"
    else:
        block = b"".join(dumps(row) + b"\n" for row in numbered)
    for _ in range(count_many(rows) // len(rows)):
        yield block


def stream_many(
    server: RunningServer, rows: list[dict[str, Any]], content_type: str, accept: str
) -> tuple[int, dict[str, Any]]:
    """Uploads many rows; the answer's bytes and summary. It must be whole: a line for each row, and one more."""
    headers = {"content-type": content_type, "accept": accept}
    size, lines, last = 0, 0, b""
    with (
        httpx.Client(base_url=server.url, timeout=300) as client,
        client.stream("POST", ROUTE, content=many_parts(rows, content_type), headers=headers) as answer,
    ):
        assert answer.status_code == httpx.codes.OK
        assert answer.headers["content-type"].startswith(accept)
        for part in answer.iter_raw():
            size, lines, last = size + len(part), lines + part.count(b"\n"), (last + part)[-4000:]
        summary: dict[str, Any] = json.loads(answer.headers["x-lathe-summary"])
    assert summary["scored"] == summary["rows"] == count_many(rows) >= MANY_ROWS
    assert lines == summary["rows"] + 1
    if accept == NDJSON:
        assert json.loads(last.splitlines()[-1]) == {"summary": summary}
    return size, summary


def peak_mebibytes(server: RunningServer) -> float:
    """The most resident memory the server ever had."""
    status = Path(f"/proc/{server.process.pid}/status").read_text()
    return int(status.partition("VmHWM:")[2].split()[0]) / 1024


def test_a_million_rows_need_little_memory_and_keep_nobody_waiting(
    start_server: StartServer, bundle_folder: Path, table: Table, row: dict[str, Any]
) -> None:
    server = start_server(bundle_folder).wait_until_ready()
    rows = list_rows(table)

    waits: list[float] = []
    is_over = threading.Event()

    def ask() -> None:
        with httpx.Client(base_url=server.url) as other:
            while not is_over.is_set():
                started = time.perf_counter()
                assert other.post("/v1/predict", json=row).status_code == httpx.codes.OK
                waits.append(time.perf_counter() - started)

    asking = threading.Thread(target=ask)
    asking.start()
    wait_until(lambda: len(waits) >= USUAL, "the usual answers")
    usual = sorted(waits)
    waits.clear()
    started = time.perf_counter()
    size, summary = stream_many(server, rows, CSV, NDJSON)
    seconds = time.perf_counter() - started
    is_over.set()
    asking.join()
    peak = peak_mebibytes(server)
    waits.sort()
    print(
        f"{summary['rows']:,} rows in {seconds:.1f} s, {summary['rows'] / seconds:,.0f} rows/s,"
        f" answer {size / 1e6:.0f} MB, peak {peak:.0f} MiB, small requests p50 {waits[len(waits) // 2] * 1e3:.1f} ms,"
        f" p99 {waits[int(len(waits) * 0.99)] * 1e3:.1f} ms; before it p50 {usual[len(usual) // 2] * 1e3:.1f} ms,"
        f" p99 {usual[int(len(usual) * 0.99)] * 1e3:.1f} ms"
    )
    assert peak < MOST_MEBIBYTES
    assert len(waits) > MANY_ROWS / 10_000  # they go on being answered, oftener than a piece of the upload is scored


@pytest.mark.parametrize(("content_type", "accept"), [(NDJSON, NDJSON), (CSV, CSV)])  # no other pair is acceptable
def test_a_million_rows_need_little_memory_in_every_format(
    start_server: StartServer, bundle_folder: Path, table: Table, content_type: str, accept: str
) -> None:
    server = start_server(bundle_folder).wait_until_ready()
    size, summary = stream_many(server, list_rows(table), content_type, accept)
    peak = peak_mebibytes(server)
    print(f"{content_type} to {accept}: {summary['rows']:,} rows, answer {size / 1e6:.0f} MB, peak {peak:.0f} MiB")
    assert peak < MOST_MEBIBYTES
