"""Asks for predictions at a fixed rate and counts every answer, a line a second; stands alone, for it runs in a pod."""

import argparse
import asyncio
import contextlib
import json
import signal
import sys
import time
from collections import Counter
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

OK = "ok"
REFUSED, RESET, TIMEOUT, MALFORMED = "refused", "reset", "timeout", "malformed"


class Tally:
    """What came back since the last line: outcomes, model versions, the slowest answer."""

    def __init__(self) -> None:
        self.clear()

    def clear(self) -> None:
        self.outcomes: Counter[str] = Counter()
        self.versions: Counter[str] = Counter()
        self.slowest_seconds = 0.0

    def count(self, outcome: str, version: str | None, seconds: float) -> None:
        self.outcomes[outcome] += 1
        self.slowest_seconds = max(self.slowest_seconds, seconds)
        if version is not None:
            self.versions[version] += 1

    def take_line(self) -> str:
        """One JSON line of everything counted since the last."""
        document = {
            "time": round(time.time(), 3),
            "outcomes": dict(self.outcomes),
            "versions": dict(self.versions),
            "slowest_seconds": round(self.slowest_seconds, 4),
        }
        self.clear()
        return json.dumps(document)


class Connection:
    """One keep-alive connection, opened anew when the other side has closed it."""

    def __init__(self, url: str, body: bytes, patience: float) -> None:
        parts = urlsplit(url)
        self.host, self.port = parts.hostname or "localhost", parts.port or 80
        self.patience = patience
        lines = (f"POST {parts.path} HTTP/1.1", f"host: {self.host}", "content-type: application/json")
        self.request = "\r\n".join((*lines, f"content-length: {len(body)}", "", "")).encode() + body
        self._streams: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None

    async def ask(self) -> tuple[str, str | None]:
        """The outcome of one request, and the version of the model that answered."""
        try:
            async with asyncio.timeout(self.patience):
                reader, writer = await self._open()
        except TimeoutError:
            return TIMEOUT, None
        except OSError:
            return REFUSED, None
        try:
            async with asyncio.timeout(self.patience):
                writer.write(self.request)
                await writer.drain()
                return await self._read_answer(reader)
        except TimeoutError:
            self.close()
            return TIMEOUT, None
        except (OSError, asyncio.IncompleteReadError):
            self.close()
            return RESET, None
        except (ValueError, LookupError, asyncio.LimitOverrunError):  # an answer, but no prediction
            self.close()
            return MALFORMED, None

    async def _open(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        if self._streams is not None and self._streams[0].at_eof():  # closed while idle, which loses nothing
            self.close()
        if self._streams is None:
            self._streams = await asyncio.open_connection(self.host, self.port)
        return self._streams

    async def _read_answer(self, reader: asyncio.StreamReader) -> tuple[str, str | None]:
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
        status_line, *lines = head.split("\r\n")
        headers = {name.strip().lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
        body = await reader.readexactly(int(headers["content-length"]))
        if headers.get("connection", "").lower() == "close":
            self.close()
        status = int(status_line.split()[1])
        if status != 200:
            return f"status {status}", None
        return OK, json.loads(body)["model"]["version"]

    def close(self) -> None:
        if self._streams is not None:
            self._streams[1].close()
            self._streams = None


async def ask_repeatedly(
    connection: Connection, tally: Tally, first: float, period: float, ending: asyncio.Event
) -> None:
    """One request a period; a late answer delays the next one and brings no burst after it."""
    clock = asyncio.get_running_loop().time
    slot = first
    while True:
        await asyncio.sleep(max(0.0, slot - clock()))
        if ending.is_set():
            return connection.close()
        began = clock()
        outcome, version = await connection.ask()
        tally.count(outcome, version, clock() - began)
        slot = max(slot + period, clock())


async def run_load(url: str, body: bytes, connections: int, rate: float, seconds: float, patience: float) -> None:
    """Until the time is over or SIGTERM comes, and what is under way is answered; `rate` is over all connections."""
    ending = asyncio.Event()
    loop = asyncio.get_running_loop()
    loop.add_signal_handler(signal.SIGTERM, ending.set)
    tally, until, period = Tally(), loop.time() + seconds, connections / rate
    asking = [
        asyncio.create_task(
            ask_repeatedly(Connection(url, body, patience), tally, loop.time() + index / rate, period, ending)
        )
        for index in range(connections)
    ]
    while not ending.is_set() and loop.time() < until and not any(task.done() for task in asking):
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(ending.wait(), min(1.0, max(0.0, until - loop.time())))
        print(tally.take_line(), flush=True)
    ending.set()
    await asyncio.gather(*asking)  # a connection that ended by itself raises here
    print(tally.take_line(), flush=True)


async def ask_once(url: str, body: bytes, patience: float) -> dict[str, Any]:
    connection = Connection(url, body, patience)
    outcome, version = await connection.ask()
    connection.close()
    return {"outcome": outcome, "version": version}


def main() -> int:
    """0; for `once` 1 if the answer is none."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("verb", choices=("load", "once"))
    parser.add_argument("url")
    parser.add_argument("--body", type=Path, required=True, help="file of the JSON row to send")
    parser.add_argument("--connections", type=int, default=32)
    parser.add_argument("--rate", type=float, default=160.0, help="requests a second, over all connections")
    parser.add_argument("--seconds", type=float, default=24 * 3600.0)
    parser.add_argument("--patience", type=float, default=5.0, help="seconds until an answer counts as lost")
    given = parser.parse_args()
    body = given.body.read_bytes()
    if given.verb == "load":
        asyncio.run(run_load(given.url, body, given.connections, given.rate, given.seconds, given.patience))
        return 0
    answer = asyncio.run(ask_once(given.url, body, given.patience))
    print(json.dumps(answer))
    return 0 if answer["outcome"] == OK else 1


if __name__ == "__main__":
    sys.exit(main())
