"""Answers of /metrics: rendered a piece at a time, and once for all that asked before it began."""

import asyncio
import re
from collections.abc import Callable, Iterable, Iterator
from copy import copy
from time import perf_counter

from prometheus_client.core import Metric
from prometheus_client.exposition import choose_encoder
from prometheus_client.registry import Collector

from app.predictor.collector import Registry

KNOWN_VERSIONS = ("1.0.0", "0.0.4", "0.0.1")  # of Prometheus' text formats
PIECE_SECONDS = 0.001  # then others have their turn on the event loop; all of it takes 6 to 16 ms
PIECE_SAMPLES = 100  # of a family at once
END = b"# EOF\n"  # of OpenMetrics
HEAD = re.compile(rb"\A(?:#[^\n]*\n)*")  # of a family, which stands before its first sample alone

Encode = Callable[["Families"], bytes]


class Families(Collector):
    """Some families, in place of the registry that has all."""

    def __init__(self, families: Iterable[Metric]) -> None:
        self._families = families

    def collect(self) -> Iterable[Metric]:
        return self._families


class Scrapes:
    """Renders the registry for whoever asks."""

    def __init__(self, registry: Registry) -> None:
        self._registry = registry
        self._next: dict[str, asyncio.Task[bytes]] = {}  # by content type, what has not begun
        self._rendering = asyncio.Lock()

    async def render(self, accept: str) -> tuple[bytes, str]:
        """A scrape's answer and its content type, in the format the scraper asks for, or else the oldest.

        It holds whatever was counted before the call.
        """
        encode, content_type = choose_format(accept)
        task = self._next.get(content_type)
        if task is None or task.done():
            task = self._next[content_type] = asyncio.create_task(self._render(encode, content_type))
        return await asyncio.shield(task), content_type  # one that leaves does not end it for the others

    async def _render(self, encode: Encode, content_type: str) -> bytes:
        async with self._rendering:
            del self._next[content_type]  # who asks from now on needs newer counts
            pieces = []
            start = perf_counter()
            for piece in render_pieces(self._registry, encode):
                pieces.append(piece)
                if perf_counter() - start > PIECE_SECONDS:
                    await asyncio.sleep(0)
                    start = perf_counter()
            return b"".join(pieces)


def render_pieces(registry: Registry, encode: Encode) -> Iterator[bytes]:
    """What `encode` makes of the registry, family by family, a large one in parts."""
    for family in registry.collect():
        samples = family.samples
        for start in range(0, max(len(samples), 1), PIECE_SAMPLES):
            part = copy(family)
            part.samples = samples[start : start + PIECE_SAMPLES]
            text = encode(Families([part])).removesuffix(END)
            yield text if start == 0 else HEAD.sub(b"", text)
    yield encode(Families([]))


def choose_format(accept: str) -> tuple[Encode, str]:
    """How to encode what the scraper asks for, and its content type."""
    encode, content_type = choose_encoder(",".join(filter(_is_known_format, accept.split(","))))
    return encode, content_type


def _is_known_format(accepted: str) -> bool:
    """Whether one part of Accept is a format that exists: the library takes any version there, and fails at some."""
    stated = dict(part.strip().partition("=")[::2] for part in accepted.lower().split(";")[1:])
    return stated.get("version", KNOWN_VERSIONS[0]) in KNOWN_VERSIONS and stated.get("q", "1").strip("0.") != ""
