"""The order in which connections of one iteration are answered, rows scored together, and how many are accepted."""

import asyncio
import socket
import time
from collections.abc import Callable, Sequence
from typing import Any

import pytest
import uvloop

from app.predictor.endpoints.base import PendingRow
from app.predictor.endpoints.replies import UnscoredRow
from app.predictor.server.listener import ACCEPTS_AT_ONCE, multiply
from app.predictor.server.micro_batch import (
    CONNECTIONS_AT_ONCE,
    PAUSE_SECONDS,
    POSTPONED,
    READERS_AT_ONCE,
    REFUSALS_AT_ONCE,
    REQUESTS_AT_ONCE,
    MicroBatcher,
)
from contract.compute.engine import FEW_ROWS

NOWHERE: Any = None


def no_rows(vectors: Sequence[bytes]) -> list[float]:
    raise AssertionError("no row was added")


class Connection:
    """Notes when it was served; `trouble` is raised there."""

    def __init__(self, name: str, order: list[str], trouble: Exception | None = None) -> None:
        self.served = 0
        self.name = name
        self.order = order
        self.trouble = trouble

    @property
    def loop(self) -> asyncio.AbstractEventLoop:
        return asyncio.get_running_loop()

    def serve(self) -> None:
        self.order.append(self.name)
        if self.trouble:
            raise self.trouble

    def go_on(self) -> None:
        self.order.append(self.name)
        if self.trouble:
            raise self.trouble

    def end_yielding(self) -> None:
        self.order.append(self.name)
        if self.trouble:
            raise self.trouble

    def finish_row(self, row: PendingRow, margin: float | Exception) -> None:
        raise AssertionError("no row was added")

    def fail(self, error: Exception) -> None:
        self.order.append(f"{self.name} failed: {error}")


class Asking(Connection):
    """Begins a row when it is served; `trouble` is raised when it is answered."""

    def __init__(self, batcher: MicroBatcher, name: str, order: list[str], trouble: Exception | None = None) -> None:
        super().__init__(name, order, trouble)
        self.batcher = batcher

    def serve(self) -> None:
        row = UnscoredRow(self.name.encode(), lambda margin: b"")
        self.batcher.add_row(self, PendingRow(NOWHERE, row, 0.0, self.name, None))

    def finish_row(self, row: PendingRow, margin: float | Exception) -> None:
        assert row.request_id == self.name
        if self.trouble:
            raise self.trouble
        self.order.append(f"{self.name}: {margin}")


def run_turns(*turns: list[Connection]) -> None:
    async def run() -> None:
        batcher = MicroBatcher(no_rows)
        for connections in turns:
            for connection in connections:
                batcher.add(connection)
            await asyncio.sleep(0)
            await asyncio.sleep(0)

    uvloop.run(run())


def test_who_was_answered_longest_ago_comes_first() -> None:
    order: list[str] = []
    a, b, c, d = (Connection(name, order) for name in "abcd")
    run_turns([a, b, c], [a, b, d], [a, b, c, d])
    assert "".join(order) == "abc" + "dab" + "cdab"


def test_nobody_is_served_before_the_turn_is_over() -> None:
    order: list[str] = []

    async def run() -> None:
        MicroBatcher(no_rows).add(Connection("a", order))
        assert order == []

    uvloop.run(run())


def test_the_trouble_of_one_is_not_the_others() -> None:
    order: list[str] = []
    run_turns([Connection("a", order), Connection("b", order, ValueError("odd")), Connection("c", order)])
    assert order == ["a", "b", "b failed: odd", "c"]


def run_rows(compute: Callable[[Sequence[bytes]], Sequence[float]], *names: str, bad: str = "") -> list[str]:
    """What one iteration of rows noted, `bad` in trouble when it is answered."""
    order: list[str] = []

    async def run() -> None:
        batcher = MicroBatcher(compute)
        for name in names:
            batcher.add(Asking(batcher, name, order, ValueError("odd") if name == bad else None))
        await asyncio.sleep(0)
        await asyncio.sleep(0)

    uvloop.run(run())
    return order


def test_the_rows_of_a_turn_are_scored_in_one_call_and_each_gets_its_own_margin() -> None:
    calls = []

    def compute(vectors: Sequence[bytes]) -> list[float]:
        calls.append(len(vectors))
        return [float(vector) for vector in vectors]

    names = [str(number) for number in range(FEW_ROWS + 3)]
    assert run_rows(compute, *names) == [f"{name}: {float(name)}" for name in names]
    assert calls == [FEW_ROWS, 3]


def test_rows_that_cannot_be_scored_are_all_told() -> None:
    def compute(vectors: Sequence[bytes]) -> list[float]:
        raise RuntimeError("no engine")

    assert run_rows(compute, "1", "2") == ["1: no engine", "2: no engine"]


def test_the_trouble_of_one_row_is_not_the_others() -> None:
    assert run_rows(lambda vectors: [0.5] * len(vectors), "1", "2", "3", bad="2") == [
        "1: 0.5",
        "2 failed: odd",
        "3: 0.5",
    ]


async def count_accepted(connections: int, turns: int) -> int:
    """How many of the connections that wait are taken in that many turns of the event loop."""
    loop, made = asyncio.get_running_loop(), []

    class Noting(asyncio.Protocol):
        def connection_made(self, transport: asyncio.BaseTransport) -> None:
            made.append(transport)

    listener = socket.create_server(("127.0.0.1", 0), backlog=connections)
    clients = [socket.create_connection(listener.getsockname()) for _ in range(connections)]
    servers = [await loop.create_server(Noting, sock=one, backlog=connections) for one in multiply(listener)]
    for _ in range(turns):
        await asyncio.sleep(0)
    taken = len(made)
    for server in servers:
        server.close()
    for client in clients:
        client.close()
    return taken


def test_a_burst_of_connections_is_taken_in_a_few_turns() -> None:
    taken = uvloop.run(count_accepted(connections=64, turns=6))
    assert taken == 4 * ACCEPTS_AT_ONCE


@pytest.mark.parametrize(
    ("brought", "noted"),
    [("refused refused", ["pause"]), ("refused asking refused", ["asking"]), ("asking refused", ["asking"])],
)
def test_an_iteration_that_only_rejected_batches_is_followed_by_one_pause(
    brought: str, noted: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    order: list[str] = []
    pauses: list[float] = []

    def pause(seconds: float) -> None:
        pauses.append(seconds)
        order.append("pause")

    monkeypatch.setattr(time, "sleep", pause)

    async def run() -> None:
        batcher = MicroBatcher(no_rows)
        for name in brought.split():
            connection = Connection(name, order)
            if name == "refused":
                batcher.pause_after(connection)
            else:
                batcher.add(connection)
        for _ in range(3):
            await asyncio.sleep(0)

    uvloop.run(run())
    assert order == noted
    assert all(seconds == PAUSE_SECONDS for seconds in pauses)


def test_what_is_held_goes_on_one_connection_a_turn() -> None:
    """However many connections hold something, others wait for one part of one of them."""

    async def run() -> list[str]:
        batcher, order = MicroBatcher(no_rows), list[str]()

        def note() -> None:
            order.append("others")
            if len(order) < 8:
                asyncio.get_running_loop().call_soon(note)

        for name in "abc":
            batcher.parse_later(Connection(name, order, ValueError("no") if name == "b" else None))
        asyncio.get_running_loop().call_soon(note)
        while len(order) < 8:
            await asyncio.sleep(0)
        return order

    order = asyncio.run(run())
    assert order[:7] == ["a", "others", "b", "b failed: no", "others", "c", "others"]


def test_a_few_connections_read_on_in_one_turn() -> None:
    order: list[str] = []

    async def run() -> None:
        batcher = MicroBatcher(no_rows)
        for number in range(2 * READERS_AT_ONCE + 1):
            batcher.read_later(Connection(str(number), order))
        lengths = []
        for _ in range(4):
            await asyncio.sleep(0)
            lengths.append(len(order))
        assert lengths == [READERS_AT_ONCE, 2 * READERS_AT_ONCE, len(order), len(order)]

    uvloop.run(run())
    assert order == [str(number) for number in range(2 * READERS_AT_ONCE + 1)]


def test_the_trouble_of_one_that_yielded_is_not_the_others() -> None:
    order: list[str] = []

    async def run() -> None:
        batcher = MicroBatcher(no_rows)
        for number in range(READERS_AT_ONCE + 1):
            batcher.read_later(Connection(str(number), order, None if number else ValueError("odd")))
        await asyncio.sleep(0)
        await asyncio.sleep(0)

    uvloop.run(run())
    assert order == ["0", "0 failed: odd", *(str(number) for number in range(1, READERS_AT_ONCE + 1))]


def count_served(connections: int, served: Callable[[MicroBatcher, Connection], None]) -> list[int]:
    """How many of the connections were served after each iteration."""
    lengths: list[int] = []

    async def run() -> None:
        batcher, order = MicroBatcher(no_rows), list[str]()
        for number in range(connections):
            served(batcher, Connection(str(number), order))
        while len(order) < connections:
            await asyncio.sleep(0)
            lengths.append(len(order))
        assert order == [str(number) for number in range(connections)]

    uvloop.run(run())
    return lengths


def test_of_very_many_connections_some_are_served_in_the_next_iteration() -> None:
    most = CONNECTIONS_AT_ONCE
    assert count_served(2 * most + 1, MicroBatcher.add) == [most, 2 * most, 2 * most + 1]
    assert count_served(most, MicroBatcher.add) == [most]


def test_who_is_new_comes_before_those_that_wait_for_the_next_iteration() -> None:
    order: list[str] = []
    many = [Connection(f"old {number}", order) for number in range(CONNECTIONS_AT_ONCE + 1)]

    async def run() -> None:
        batcher = MicroBatcher(no_rows)
        for _ in range(2):  # all have been answered once before the second
            for connection in many:
                batcher.add(connection)
            batcher.serve()
            batcher.add(Connection("new", order))
            batcher.serve()

    uvloop.run(run())
    last = f"old {CONNECTIONS_AT_ONCE}"
    assert [name for name in order if name in ("new", last)] == [last, "new", "new", last]


def test_what_was_postponed_is_parsed_a_few_connections_an_iteration() -> None:
    most = READERS_AT_ONCE
    assert count_served(2 * most + 1, MicroBatcher.postpone) == [most, 2 * most, 2 * most + 1]


def test_so_many_requests_are_parsed_in_an_iteration_and_none_before_those_that_were_postponed() -> None:
    async def run() -> None:
        batcher, order = MicroBatcher(no_rows), list[str]()
        one = Connection("", order)
        assert all(batcher.may_parse(one, 8) for _ in range(REQUESTS_AT_ONCE // 8))
        assert not batcher.may_parse(one, 1)
        await asyncio.sleep(0)
        assert batcher.may_parse(one, REQUESTS_AT_ONCE)
        for _ in range(READERS_AT_ONCE + 1):
            batcher.postpone(one)
        await asyncio.sleep(0)
        assert not batcher.may_parse(one, 1)
        await asyncio.sleep(0)
        assert batcher.may_parse(one, 1)

    uvloop.run(run())


def test_behind_so_many_nobody_is_postponed_and_those_above_are_refused_some_an_iteration() -> None:
    most = REFUSALS_AT_ONCE
    assert count_served(2 * most + 1, MicroBatcher.refuse_later) == [most, 2 * most, 2 * most + 1]

    async def run() -> None:
        batcher = MicroBatcher(no_rows)
        for _ in range(POSTPONED):
            assert batcher.may_postpone()
            batcher.postpone(Connection("", []))
        assert not batcher.may_postpone()
        await asyncio.sleep(0)
        assert batcher.may_postpone()

    uvloop.run(run())
