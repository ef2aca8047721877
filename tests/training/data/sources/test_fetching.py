"""Data that is too large, too slow, packed too well or no file at all: one line each, from real servers and devices."""

import bz2
import gzip
import os
import socket
from collections.abc import Callable
from pathlib import Path

import pytest

from cli.errors import InputError, OutsideError
from tests.training.data.conftest import Answer
from training.data.sources.fetching import DownloadLimits, fetch_source, read_limits
from training.data.sources.tables import read_rows

SMALL = DownloadLimits(max_bytes=1_000_000, max_seconds=60)
SHORT = DownloadLimits(max_bytes=1_000_000, max_seconds=0.3)
BOMB = gzip.compress(bytes(100_000_000))
OK = b"HTTP/1.1 200 OK\r\n"


def endless(connection: socket.socket) -> None:
    connection.sendall(OK + b"\r\n")
    while True:
        connection.sendall(b"1,2\n" * 10_000)


def endless_chunks(connection: socket.socket) -> None:
    connection.sendall(OK + b"Transfer-Encoding: chunked\r\n\r\n")
    while True:
        connection.sendall(b"2710\r\n" + b"1" * 10_000 + b"\r\n")


def ten_gigabytes(connection: socket.socket) -> None:
    connection.sendall(OK + b"Content-Length: 10000000000\r\n\r\n1,2\n")
    connection.recv(1)


def drop_by_drop(connection: socket.socket) -> None:
    connection.settimeout(0.05)
    connection.sendall(OK + b"\r\n")
    while True:
        connection.sendall(b"1")
        try:
            connection.recv(1)
            return
        except TimeoutError:
            continue


def headers_drop_by_drop(connection: socket.socket) -> None:
    connection.settimeout(0.05)
    connection.sendall(OK)
    while True:
        connection.sendall(b"X: y\r\n")
        try:
            connection.recv(1)
            return
        except TimeoutError:
            continue


def silence(connection: socket.socket) -> None:
    connection.recv(1)


def packed(connection: socket.socket) -> None:
    connection.sendall(OK + b"Content-Encoding: gzip\r\nContent-Length: %d\r\n\r\n" % len(BOMB) + BOMB)


@pytest.mark.parametrize(
    ("answer", "told"),
    [
        (endless, r"has more than 1,000,000 bytes, expected at most 1,000,000; if it is meant .* LATHE_MAX_DATA_BYTES"),
        (endless_chunks, "has more than 1,000,000 bytes"),
        (ten_gigabytes, "says it has 10,000,000,000 bytes, expected at most 1,000,000"),
        (packed, "unpacks to more than 1,000,000 bytes"),
    ],
)
def test_an_answer_that_is_too_large_ends_in_one_line(
    answer_with: Callable[[Answer], str], answer: Answer, told: str
) -> None:
    with pytest.raises(InputError, match=told) as caught:
        fetch_source(answer_with(answer), SMALL)
    assert "secret" not in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("answer", [drop_by_drop, headers_drop_by_drop, silence])
def test_an_answer_that_never_ends_ends_in_one_line(answer_with: Callable[[Answer], str], answer: Answer) -> None:
    with pytest.raises(
        OutsideError, match=r"was not complete after 0\.3 s; fetch it yourself .* LATHE_MAX_DATA_SECONDS"
    ):
        fetch_source(answer_with(answer), SHORT)


def test_an_answer_that_breaks_off_is_no_data(answer_with: Callable[[Answer], str]) -> None:
    url = answer_with(lambda connection: connection.sendall(OK + b"Content-Length: 100\r\n\r\na,b\n1,2\n"))
    with pytest.raises(OutsideError, match=r"did not answer: .*; try again or give a file"):
        fetch_source(url, SMALL)


def test_another_status_is_told(answer_with: Callable[[Answer], str]) -> None:
    url = answer_with(lambda connection: connection.sendall(b"HTTP/1.1 403 Forbidden\r\nContent-Length: 3\r\n\r\na,b"))
    with pytest.raises(OutsideError, match="answered 403 Forbidden; check the URL"):
        fetch_source(url, SMALL)


def test_a_gzip_bomb_stops_at_the_limit(tmp_path: Path) -> None:
    (tmp_path / "rows.csv.gz").write_bytes(BOMB)
    with pytest.raises(InputError, match=r"rows\.csv\.gz unpacks to more than 1,000,000 bytes, expected at most"):
        fetch_source(str(tmp_path / "rows.csv.gz"), SMALL)


def test_the_limit_itself_is_taken_and_one_byte_more_is_not(tmp_path: Path) -> None:
    for size in (SMALL.max_bytes, SMALL.max_bytes + 1):
        for name, content in (("plain", b"1" * size), ("packed", gzip.compress(b"1" * size))):
            (tmp_path / name).write_bytes(content)
            if size == SMALL.max_bytes:
                assert fetch_source(str(tmp_path / name), SMALL) == b"1" * size
            else:
                with pytest.raises(InputError, match="expected at most 1,000,000"):
                    fetch_source(str(tmp_path / name), SMALL)


@pytest.mark.parametrize("cut", [1, 9, 30, -9, -1])
def test_gzip_that_ends_too_early_is_damaged(tmp_path: Path, cut: int) -> None:
    (tmp_path / "rows.gz").write_bytes(gzip.compress(os.urandom(100))[:cut])
    if cut == 1:  # not even the two bytes it is known by
        assert fetch_source(str(tmp_path / "rows.gz"), SMALL) == b"\x1f"
        return
    with pytest.raises(InputError, match="is damaged gzip: it ends too early; fetch it again"):
        fetch_source(str(tmp_path / "rows.gz"), SMALL)


def test_gzip_in_parts_is_one_file_and_what_follows_it_is_refused(tmp_path: Path) -> None:
    path, parts = tmp_path / "rows.gz", gzip.compress(b"a,b\n") + gzip.compress(b"1,2\n")
    path.write_bytes(parts + bytes(10))
    assert fetch_source(str(path), SMALL) == b"a,b\n1,2\n"
    path.write_bytes(parts + b"more")
    with pytest.raises(InputError, match="something else follows its end"):
        fetch_source(str(path), SMALL)


def test_a_pipe_a_device_and_a_socket_are_refused_at_once(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "rows.csv")
    (tmp_path / "link.csv").symlink_to("/dev/zero")
    for path in (tmp_path / "rows.csv", tmp_path / "link.csv", Path("/dev/zero")):
        with pytest.raises(InputError, match="is a pipe or device, expected a CSV or Parquet file; write it to one"):
            fetch_source(str(path), SMALL)


def test_a_link_to_a_file_and_odd_names_are_read(tmp_path: Path) -> None:
    folder = tmp_path / "a b\nü'"
    folder.mkdir()
    (folder / "rows.csv").write_text("a,b\n1,2\n")
    (tmp_path / "link").symlink_to(folder / "rows.csv")
    assert fetch_source(str(tmp_path / "link"), SMALL) == fetch_source(str(folder / "rows.csv"), SMALL) == b"a,b\n1,2\n"
    assert fetch_source((folder / "rows.csv").as_uri(), SMALL) == b"a,b\n1,2\n"


def test_a_file_packed_otherwise_is_told_what_it_is(tmp_path: Path) -> None:
    (tmp_path / "rows.csv").write_bytes(bz2.compress(b"a,b\n1,2\n"))
    with pytest.raises(InputError, match="is packed with bzip2, expected CSV; unpack it, and give the CSV file in it"):
        read_rows(str(tmp_path / "rows.csv"))


def test_the_limits_are_settings(monkeypatch: pytest.MonkeyPatch, planted: Callable[[str], str]) -> None:
    monkeypatch.setenv("LATHE_MAX_DATA_BYTES", "100")
    monkeypatch.setenv("LATHE_MAX_DATA_SECONDS", "7")
    assert read_limits() == DownloadLimits(100, 7)
    with pytest.raises(InputError, match=r"has 1,\d+ bytes, expected at most 100; .* set LATHE_MAX_DATA_BYTES"):
        read_rows(planted("good.csv"))


@pytest.mark.parametrize("value", ["0", "-1", "1e9", "many", "9" * 20, "²"])
def test_a_limit_that_is_no_number_is_refused_by_its_name(monkeypatch: pytest.MonkeyPatch, value: str) -> None:
    monkeypatch.setenv("LATHE_MAX_DATA_BYTES", value)
    with pytest.raises(InputError, match=r"LATHE_MAX_DATA_BYTES is '.*', expected a whole number greater than 0"):
        read_limits()
