"""Who gives way among the uploads at once, and who waits for a place."""

import asyncio
import itertools
import json
import socket
from pathlib import Path
from typing import Any

import httpx
import pytest

from app.predictor.admission import upload_place
from app.predictor.admission.room import Room
from app.predictor.admission.upload_place import FAIR_BYTES_PER_SECOND, UploadPlace, take_place
from app.predictor.http.errors import CrowdedError
from tests.app.predictor.running import StartServer
from tests.app.predictor.server.wire.talk import receive_answer
from tests.app.predictor.uploads import to_csv, upload
from tests.patience import LAST_RESORT_SECONDS

pytestmark = pytest.mark.slow  # a server of its own for each test


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The time, which only the test moves."""
    now = [1000.0]
    monkeypatch.setattr(upload_place, "monotonic", lambda: now[0])
    return now


async def hold(place: UploadPlace, seconds: float = 60) -> None:
    async with place.waiting(seconds):
        await asyncio.Event().wait()


def test_a_slow_upload_gives_way_and_a_fast_one_does_not(clock: list[float]) -> None:
    room = Room(2, lambda: clock[0])

    async def run() -> None:
        async with take_place(room, "slow") as slow, take_place(room, "fast") as fast:
            waiting = [asyncio.create_task(hold(slow)), asyncio.create_task(hold(fast))]
            await asyncio.sleep(0)
            clock[0] += 1.9
            assert room.claim("other", 1, shares=False) is None
            fast.moved(FAIR_BYTES_PER_SECOND * 2)
            clock[0] += 0.2
            waiting[1].cancel()  # it has sent something, and is waited for again
            await asyncio.wait([waiting[1]])
            fast.moved(FAIR_BYTES_PER_SECOND * 3)
            waiting[1] = asyncio.create_task(hold(fast))
            await asyncio.sleep(0)
            assert room.claim("other", 1, shares=False) is not None
            with pytest.raises(CrowdedError):
                await waiting[0]
            assert room.claim("other", 1, shares=False) is None
            waiting[1].cancel()
        assert room.used == 1

    asyncio.run(run())


def test_a_client_that_finds_no_place_is_told_so_in_the_end(
    clock: list[float], monkeypatch: pytest.MonkeyPatch
) -> None:
    room = Room(1, lambda: clock[0])
    assert room.claim("first", 1) is not None
    looks = itertools.count()

    async def pass_time(seconds: float) -> None:
        clock[0] += seconds
        next(looks)

    monkeypatch.setattr(asyncio, "sleep", pass_time)

    async def run() -> None:
        with pytest.raises(CrowdedError):
            async with take_place(room, "second"):
                pass

    asyncio.run(run())
    assert next(looks) >= 49


def test_two_slow_clients_do_not_keep_the_route_shut(
    start_server: StartServer, bundle_folder: Path, row: dict[str, Any]
) -> None:
    server = start_server(bundle_folder).wait_until_ready()
    head = (
        b"POST /v1/batch HTTP/1.1\r\nhost: x\r\ncontent-type: text/csv\r\n"
        b"expect: 100-continue\r\ncontent-length: 9000000\r\n\r\n"
    )
    with httpx.Client(base_url=server.url, timeout=LAST_RESORT_SECONDS) as client:
        slow = [socket.create_connection(("127.0.0.1", server.port)) for _ in range(2)]
        for connection in slow:
            connection.settimeout(LAST_RESORT_SECONDS)
            connection.sendall(head)
            assert connection.recv(100).startswith(b"HTTP/1.1 100 ")
        for _ in range(3):
            assert upload(client, to_csv([row])).status_code == httpx.codes.OK
        refused = receive_answer(slow[0])
        assert refused.startswith(b"HTTP/1.1 503 ")
        assert json.loads(refused.partition(b"\r\n\r\n")[2])["error"]["code"] == "overloaded"
        for connection in slow:
            connection.close()
