"""Connections are bounded: idle ones give way, who takes no answer is cut, and probes on their own port are let in."""

import contextlib
import resource
import socket
from collections.abc import Iterator
from pathlib import Path
from time import monotonic
from typing import Any

import httpx
import pytest

from app.predictor.admission import connections
from app.predictor.admission.connections import OTHER_FILES, Connections, limit_connections
from tests.app.predictor.running import RunningServer, StartServer, dumps, read_metrics
from tests.patience import LAST_RESORT_SECONDS, wait_until
from tests.ports import take_free_port

pytestmark = pytest.mark.slow  # a server of its own for each test

MOST = 4
ROW = b"POST /v1/predict HTTP/1.1\r\nhost: x\r\ncontent-length: %d\r\n\r\n%b"


class Plain:
    """A connection that is idle since then, or busy."""

    def __init__(self, since: float | None) -> None:
        self.since = since
        self.is_over = False

    def idle_since(self) -> float | None:
        return self.since

    def give_way(self) -> None:
        self.is_over = True


def test_those_idle_for_the_longest_give_way() -> None:
    held = Connections(MOST)
    before = monotonic() - 100
    parts = [Plain(before + 1), Plain(None), Plain(before), Plain(monotonic())]
    assert all(held.add(one) for one in parts)
    assert held.add(Plain(None))
    assert [one.is_over for one in parts] == [False, False, True, False]
    assert len(held) == MOST


def test_nobody_gives_way_who_is_busy_or_has_just_come() -> None:
    held = Connections(2)
    parts = [Plain(None), Plain(monotonic())]
    assert all(held.add(one) for one in parts)
    assert not held.add(Plain(None))
    assert not any(one.is_over for one in parts)
    held.remove(parts[0])
    assert held.add(Plain(None))


def test_a_flood_does_not_look_at_all_connections_each_time() -> None:
    asked = []

    class Asked(Plain):
        def idle_since(self) -> float | None:
            asked.append(self)
            return None

    held = Connections(1)
    assert held.add(Asked(None))
    begun = monotonic()
    for _ in range(100):
        assert not held.add(Plain(None))
    assert len(asked) <= 1 + (monotonic() - begun) / connections.LOOK_SECONDS


def test_the_limit_leaves_room_for_other_files(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(resource, "getrlimit", lambda _: (1024, 4096))
    assert limit_connections(4096) == 1024 - OTHER_FILES
    assert limit_connections(100) == 100


@contextlib.contextmanager
def connecting(server: RunningServer, count: int) -> Iterator[list[socket.socket]]:
    with contextlib.ExitStack() as stack:
        yield [
            stack.enter_context(socket.create_connection(("127.0.0.1", server.port), LAST_RESORT_SECONDS))
            for _ in range(count)
        ]


def count(client: httpx.Client, name: str, reason: str) -> float:
    """A counter of the metrics by part of its name and its reason."""
    return sum(value for key, value in read_metrics(client).items() if name in key and f'reason="{reason}"' in key)


def ask_once(server: RunningServer, request: bytes) -> bytes:
    with connecting(server, 1) as (connection,), contextlib.suppress(ConnectionError):
        connection.sendall(request)
        return connection.recv(1000)
    return b""


def test_one_connection_too_many_is_told_503_and_idle_ones_give_way(
    start_server: StartServer, bundle_folder: Path, row: dict[str, Any]
) -> None:
    aside = take_free_port()
    server = start_server(bundle_folder, max_connections=MOST, metrics_port=aside)
    wait_until(lambda: _is_ready(aside), "readiness on the other port")
    good = ROW % (len(dumps(row)), dumps(row))
    with connecting(server, MOST) as held, httpx.Client(base_url=f"http://127.0.0.1:{aside}") as client:
        held[0].sendall(good)
        assert held[0].recv(1000).startswith(b"HTTP/1.1 200 ")
        with connecting(server, 1) as (refused,):  # nobody has been idle for two seconds
            answer = b"".join(iter(lambda: refused.recv(1000), b""))
        assert answer.startswith(b"HTTP/1.1 503 ")
        assert b"retry-after: 1\r\n" in answer.lower()
        assert b"too many connections at once" in answer
        assert client.get("/readyz").status_code == httpx.codes.OK
        wait_until(lambda: ask_once(server, good).startswith(b"HTTP/1.1 200 "), "an idle connection that gives way")
        assert count(client, "shed_requests", "connections") >= 1
        assert count(client, "closed_connections", "idle") >= 1


def _is_ready(port: int) -> bool:
    with contextlib.suppress(httpx.TransportError):
        return httpx.get(f"http://127.0.0.1:{port}/readyz").status_code == httpx.codes.OK
    return False


def test_who_takes_no_answers_is_cut_where_they_do_not_fit_and_others_are_answered(
    start_server: StartServer, bundle_folder: Path, row: dict[str, Any]
) -> None:
    size = 2 * 2**20
    server = start_server(bundle_folder, max_body_bytes=size, max_bytes_in_flight=size).wait_until_ready()
    many = dumps({"rows": [row] * 10_000})
    with contextlib.ExitStack() as stack, httpx.Client(base_url=server.url, timeout=LAST_RESORT_SECONDS) as client:

        def is_cut() -> bool:
            """Asks for one more answer of half a megabyte, and takes four bytes of it."""
            reader = stack.enter_context(socket.socket())
            reader.settimeout(LAST_RESORT_SECONDS)
            reader.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            reader.connect(("127.0.0.1", server.port))
            with contextlib.suppress(ConnectionError):
                reader.sendall(ROW % (len(many), many))
                reader.recv(4)
            assert client.post("/v1/predict", json=row).status_code == httpx.codes.OK
            return count(client, "closed_connections", "slow_reader") > 0

        wait_until(is_cut, "a reader that is cut off")
