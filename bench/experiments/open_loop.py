"""A load that does not wait for answers: requests leave on time, however slow the server is."""

import asyncio
import time
from dataclasses import dataclass
from statistics import quantiles

import uvloop

TIMEOUT_SECONDS = 10.0
MAX_OPEN = 2000  # requests under way; beyond it one counts as not even sent


@dataclass(frozen=True)
class Reply:
    """`status` is 0 for a broken connection, a timeout or a request that could not be sent."""

    status: int
    seconds: float
    retry_after: bool = False


class OpenLoop:
    """Sends the same request at a fixed rate over as many keep-alive connections as it needs."""

    def __init__(self, port: int, request: bytes) -> None:
        self.port = port
        self.request = request
        self.idle: list[tuple[asyncio.StreamReader, asyncio.StreamWriter]] = []
        self.replies: list[Reply] = []

    async def run(self, rate: float, seconds: float) -> list[Reply]:
        start = time.monotonic()
        tasks: set[asyncio.Task[None]] = set()
        for index in range(int(rate * seconds)):
            await asyncio.sleep(max(0.0, start + index / rate - time.monotonic()))
            if len(tasks) >= MAX_OPEN:
                self.replies.append(Reply(0, 0.0))
                continue
            task = asyncio.create_task(self._send())
            tasks.add(task)
            task.add_done_callback(tasks.discard)
        await asyncio.gather(*tasks)
        for _, writer in self.idle:
            writer.close()
        return self.replies

    async def _send(self) -> None:
        start = time.monotonic()
        writer: asyncio.StreamWriter | None = None
        try:
            async with asyncio.timeout(TIMEOUT_SECONDS):
                reader, writer = self.idle.pop() if self.idle else await asyncio.open_connection("127.0.0.1", self.port)
                writer.write(self.request)
                status, headers = await read_reply(reader)
        except (OSError, TimeoutError, asyncio.IncompleteReadError):
            self.replies.append(Reply(0, time.monotonic() - start))
            if writer is not None:  # an answer that comes too late must not be the next one's
                writer.transport.abort()
            return
        self.replies.append(Reply(status, time.monotonic() - start, b"retry-after" in headers))
        if headers.get(b"connection") == b"close":
            writer.close()
        else:
            self.idle.append((reader, writer))


def send_load(port: int, request: bytes, rate: float, seconds: float) -> tuple[list[Reply], float]:
    """All replies and the seconds until the last; on uvloop, so that the load generator is the last to be full."""
    start = time.monotonic()
    replies = uvloop.run(OpenLoop(port, request).run(rate, seconds))
    return replies, time.monotonic() - start


async def read_reply(reader: asyncio.StreamReader) -> tuple[int, dict[bytes, bytes]]:
    """Status and headers of an answer with a content length; the body is read and left.

    Raises: asyncio.IncompleteReadError if the connection ends before the answer does.
    """
    head = await reader.readuntil(b"\r\n\r\n")
    status, *lines = head.lower().split(b"\r\n")
    headers = {name.strip(): value.strip() for name, _, value in (line.partition(b":") for line in lines if line)}
    await reader.readexactly(int(headers.get(b"content-length", b"0")))
    return int(status.split()[1]), headers


def format_request(path: str, body: bytes) -> bytes:
    head = (
        f"POST {path} HTTP/1.1\r\nHost: bench\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body


def percentile_99(seconds: list[float]) -> float:
    """NaN without values."""
    if len(seconds) < 2:
        return seconds[0] if seconds else float("nan")
    return quantiles(seconds, n=100, method="inclusive")[98]
