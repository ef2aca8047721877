"""A load that does not wait for answers: requests leave on time, however slow the server is."""

import asyncio
import itertools
import re
import ssl
import time
from collections.abc import Sequence
from dataclasses import dataclass

TIMEOUT_SECONDS = 10.0
MAX_OPEN = 2000  # requests under way; beyond it one counts as not even sent

Connection = tuple[asyncio.StreamReader, asyncio.StreamWriter]


@dataclass(frozen=True)
class Reply:
    """`status` is 0 for a broken connection, a timeout or a request that could not be sent.

    `seconds` goes from `due`, when the request should have left, counted from the beginning of the load; `late` is how
    much of it passed before this program sent it.
    """

    status: int
    seconds: float
    retry_after: bool = False
    due: float = 0.0
    late: float = 0.0


class OpenLoop:
    """Sends requests at a fixed rate, one after the other and again, over as many keep-alive connections as needed."""

    def __init__(self, port: int, *requests: bytes, host: str = "127.0.0.1", tls: ssl.SSLContext | None = None) -> None:
        self.port = port
        self.host = host
        self.tls = tls
        self.requests = requests
        self.idle: list[Connection] = []
        self.replies: list[Reply] = []

    async def run(self, rate: float, seconds: float) -> list[Reply]:
        start = time.monotonic()
        tasks: set[asyncio.Task[None]] = set()
        requests = itertools.cycle(self.requests)
        for index in range(int(rate * seconds)):
            due = index / rate
            await asyncio.sleep(max(0.0, start + due - time.monotonic()))
            request = next(requests)
            if len(tasks) >= MAX_OPEN:
                self.replies.append(Reply(0, 0.0, due=due))
                continue
            task = asyncio.create_task(self._send(request, start, due))
            tasks.add(task)
            task.add_done_callback(tasks.discard)
        await asyncio.gather(*tasks)
        for _, writer in self.idle:
            writer.close()
        return self.replies

    async def _send(self, request: bytes, start: float, due: float) -> None:
        late = max(0.0, time.monotonic() - start - due)
        writer: asyncio.StreamWriter | None = None
        try:
            async with asyncio.timeout(TIMEOUT_SECONDS):
                reader, writer = await self._connect()
                writer.write(request)
                status, headers = await read_reply(reader)
        except (OSError, TimeoutError, ValueError, asyncio.IncompleteReadError, asyncio.LimitOverrunError):
            self.replies.append(Reply(0, time.monotonic() - start - due, due=due, late=late))
            if writer is not None:  # an answer that comes too late must not be the next one's
                writer.transport.abort()
            return
        self.replies.append(Reply(status, time.monotonic() - start - due, b"retry-after" in headers, due, late))
        if headers.get(b"connection") == b"close":
            writer.close()
        else:
            self.idle.append((reader, writer))

    async def _connect(self) -> Connection:
        """A connection that rests, unless the server has closed it meanwhile, or a new one."""
        while self.idle:
            reader, writer = self.idle.pop()
            if not reader.at_eof():
                return reader, writer
            writer.close()
        name = self.host if self.tls else None
        return await asyncio.open_connection(self.host, self.port, ssl=self.tls, server_hostname=name)


async def read_reply(reader: asyncio.StreamReader) -> tuple[int, dict[bytes, bytes]]:
    """Status and headers of an answer; the body is read and left.

    Raises: asyncio.IncompleteReadError if the connection ends before the answer does, ValueError if it is no answer.
    """
    head = await reader.readuntil(b"\r\n\r\n")
    status, *lines = head.lower().split(b"\r\n")
    found = re.match(rb"http/\d\.\d (\d{3})\b", status)
    if found is None:
        raise ValueError("the first line is none of HTTP")
    headers = {name.strip(): value.strip() for name, _, value in (line.partition(b":") for line in lines if line)}
    if headers.get(b"transfer-encoding") == b"chunked":  # as a proxy may send it
        while size := int((await reader.readuntil(b"\r\n")).partition(b";")[0], 16):
            await reader.readexactly(size + 2)
        await reader.readuntil(b"\r\n")
    else:
        await reader.readexactly(int(headers.get(b"content-length", b"0")))
    return int(found.group(1)), headers


def format_request(path: str, body: bytes, host: str = "bench", headers: Sequence[str] = ()) -> bytes:
    """A whole POST request of JSON; `headers` are further lines."""
    lines = (f"Host: {host}", "Content-Type: application/json", f"Content-Length: {len(body)}", *headers)
    return "\r\n".join((f"POST {path} HTTP/1.1", *lines, "", "")).encode() + body
