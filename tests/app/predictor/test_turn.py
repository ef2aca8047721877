"""The order in which connections of one turn are answered, and how many are accepted in one."""

import asyncio
import socket

import uvloop

from app.predictor.listener import ACCEPTS_A_TURN, multiply
from app.predictor.turn import Turn


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

    def fail(self, error: Exception) -> None:
        self.order.append(f"{self.name} failed: {error}")


def run_turns(*turns: list[Connection]) -> None:
    async def run() -> None:
        turn = Turn()
        for connections in turns:
            for connection in connections:
                turn.add(connection)
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
        Turn().add(Connection("a", order))
        assert order == []

    uvloop.run(run())


def test_the_trouble_of_one_is_not_the_others() -> None:
    order: list[str] = []
    run_turns([Connection("a", order), Connection("b", order, ValueError("odd")), Connection("c", order)])
    assert order == ["a", "b", "b failed: odd", "c"]


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
    assert taken == 4 * ACCEPTS_A_TURN
