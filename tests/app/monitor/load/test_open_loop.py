"""The load that does not wait, against real servers."""

import asyncio
from collections.abc import Awaitable, Callable

import pytest

from app.monitor.load.open_loop import OpenLoop, Reply, format_request
from bench.experiments.open_loop import percentile_99

Handle = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]
REQUEST = format_request("/", b"{}")


def send(handle: Handle, rate: float, seconds: float) -> list[Reply]:
    async def run() -> list[Reply]:
        server = await asyncio.start_server(handle, "127.0.0.1", 0)
        async with server:
            return await OpenLoop(server.sockets[0].getsockname()[1], REQUEST).run(rate, seconds)

    return asyncio.run(run())


def answer(head: bytes) -> Handle:
    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while await reader.readexactly(len(REQUEST)):
                writer.write(b"HTTP/1.1 " + head + b"content-length: 2\r\n\r\n{}")
        except asyncio.IncompleteReadError:
            pass  # the client has gone
        finally:
            writer.transport.abort()

    return handle


def test_as_many_requests_leave_as_the_rate_says() -> None:
    replies = send(answer(b"200 OK\r\n"), rate=100, seconds=0.5)
    assert len(replies) == 50
    assert {reply.status for reply in replies} == {200}


def test_a_refusal_is_told_with_whether_it_says_when_to_come_back() -> None:
    refused = send(answer(b"503 Busy\r\nRetry-After: 1\r\n"), rate=50, seconds=0.1)
    assert all(reply.status == 503 and reply.retry_after for reply in refused)
    assert not send(answer(b"429 Too Many\r\n"), rate=50, seconds=0.1)[0].retry_after


def test_a_broken_connection_is_a_reply_of_its_own() -> None:
    async def close(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.transport.abort()

    assert {reply.status for reply in send(close, rate=50, seconds=0.1)} == {0}


def test_the_percentile_of_one_value_is_that_value() -> None:
    assert percentile_99([3.0]) == 3.0
    assert percentile_99([float(value) for value in range(101)]) == pytest.approx(99.0)
