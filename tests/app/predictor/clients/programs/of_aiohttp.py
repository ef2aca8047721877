"""aiohttp's client session."""

import asyncio
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import aiohttp


async def stream(content: bytes) -> AsyncIterator[bytes]:
    for at in range(0, len(content), 10_000):
        yield content[at : at + 10_000]


async def main() -> None:
    async with aiohttp.ClientSession() as session:
        for line in Path(sys.argv[1]).read_text().splitlines():
            url, content_type, how, body, answer = line.split("\t")
            content = Path(body).read_bytes()
            data = stream(content) if how == "streamed" else content
            async with session.post(url, data=data, headers={"content-type": content_type}) as told:
                Path(answer).write_bytes(await told.read())
                print(told.status)


asyncio.run(main())
