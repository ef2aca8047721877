"""A real HTTP server that behaves as it is told, to see whether the load's counts can be believed."""

import asyncio
import json
import threading
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager

from tests.patience import LAST_RESORT_SECONDS

Streams = tuple[asyncio.StreamReader, asyncio.StreamWriter]
Behaviour = Callable[[int, asyncio.StreamWriter], Awaitable[bool]]  # request number; False closes the connection

BODY = json.dumps({"model": {"name": "m", "version": "v-one"}, "predictions": []}).encode()


def answer(status: str = "200 OK", body: bytes = BODY, *headers: str) -> bytes:
    lines = (f"HTTP/1.1 {status}", f"content-length: {len(body)}", *headers, "", "")
    return "\r\n".join(lines).encode() + body


async def answer_well(number: int, writer: asyncio.StreamWriter) -> bool:
    writer.write(answer())
    return True


class Served:
    """Where the server is, and what it saw."""

    def __init__(self) -> None:
        self.port = 0
        self.requests = 0
        self.connections = 0

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/v1/predict"


@contextmanager
def serving(behaviour: Behaviour) -> Iterator[Served]:
    """In a thread with a loop of its own, as a process beside the load would be."""
    served, loop, started = Served(), asyncio.new_event_loop(), threading.Event()

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        served.connections += 1
        try:
            while True:
                head = await reader.readuntil(b"\r\n\r\n")
                length = next(line for line in head.split(b"\r\n") if line.startswith(b"content-length"))
                await reader.readexactly(int(length.split(b":")[1]))
                served.requests += 1
                if not await behaviour(served.requests, writer):
                    break
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()

    async def run(ending: asyncio.Event) -> None:
        server = await asyncio.start_server(talk, "127.0.0.1", 0)
        served.port = server.sockets[0].getsockname()[1]
        started.set()
        await ending.wait()
        server.close()
        for task in asyncio.all_tasks() - {asyncio.current_task()}:
            task.cancel()

    ending = asyncio.Event()
    thread = threading.Thread(target=loop.run_until_complete, args=(run(ending),))
    thread.start()
    started.wait(LAST_RESORT_SECONDS)
    try:
        yield served
    finally:
        loop.call_soon_threadsafe(ending.set)
        thread.join(5)
        loop.run_until_complete(asyncio.sleep(0))
        loop.close()
