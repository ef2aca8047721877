"""Runs a server's module with an event loop that notes which of its callbacks took long, and how late it was.

`python -m bench.experiments.hostile.loop_times FILE MODULE ARGUMENT …`. Two clocks: a callback that took long by the
processor time of the loop's own thread held the loop itself; one that took long by the wall clock alone waited for the
interpreter's lock, or for a core. Only the server's own environment is needed.
"""

import json
import runpy
import sys
import time
from collections.abc import Callable
from contextvars import Context
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

LONG_SECONDS = 0.001  # what is shorter is not noted
BEAT_SECONDS = 0.005
BEAT = "beat"
MARK = "_is_measured"
PROTOCOL_METHODS = ("connection_made", "data_received", "eof_received", "connection_lost")


@dataclass(frozen=True)
class Held:
    """A callback, or a beat that came late. `end` is by time.monotonic, as of every process of the machine.

    `cpu_seconds` of a beat are all that the loop's thread used since the one before.
    """

    name: str
    end: float
    seconds: float
    cpu_seconds: float


def read_times(file: Path, start: float, end: float) -> list[Held]:
    """What was noted between the two times; nothing for a server that was not started this way."""
    if not file.exists():
        return []
    noted = [Held(*json.loads(line)) for line in file.read_text().splitlines() if line.endswith("]")]
    return [held for held in noted if start <= held.end <= end]


class Notes:
    """Measures calls on the event loop's thread, and writes the long ones to a file."""

    def __init__(self, file: IO[str]) -> None:
        self._file = file

    def add(self, name: str, start: float, cpu_start: float) -> None:
        end = time.monotonic()
        if end - start > LONG_SECONDS:
            self._file.write(json.dumps([name, end, end - start, time.thread_time() - cpu_start]) + "\n")

    def measured(self, call: Callable[..., Any], name: str) -> Callable[..., Any]:
        def run(*given: Any) -> Any:
            start, cpu_start = time.monotonic(), time.thread_time()
            try:
                return call(*given)
            finally:
                self.add(name, start, cpu_start)

        return run

    def measure_class(self, protocol: type) -> None:
        """Measures what a transport calls; once only."""
        if not hasattr(protocol, MARK):
            setattr(protocol, MARK, True)
            for name in PROTOCOL_METHODS:
                setattr(protocol, name, self.measured(getattr(protocol, name), f"{protocol.__name__}.{name}"))


def name_callback(callback: Callable[..., Any]) -> str:
    """A task's step is named by its coroutine."""
    owner: Any = getattr(callback, "__self__", None)
    coroutine = owner.get_coro() if hasattr(owner, "get_coro") else None
    return str(getattr(coroutine or callback, "__qualname__", type(callback).__name__))


def make_loop_class(notes: Notes) -> type:
    import uvloop  # noqa: PLC0415 - of the server's environment; whoever reads the file needs none

    class MeasuredLoop(uvloop.Loop):
        def call_soon(self, callback: Any, *given: Any, context: Context | None = None) -> Any:  # type: ignore[override]
            return super().call_soon(notes.measured(callback, name_callback(callback)), *given, context=context)

        async def create_server(self, protocol_factory: Any, *given: Any, **options: Any) -> Any:
            def connect() -> Any:
                protocol = protocol_factory()
                notes.measure_class(type(protocol))
                return protocol

            return await super().create_server(connect, *given, **options)

        def run_forever(self) -> None:
            self._beat(time.monotonic(), time.thread_time())
            super().run_forever()

        def _beat(self, planned: float, cpu_start: float) -> None:
            notes.add(BEAT, planned, cpu_start)
            self.call_later(BEAT_SECONDS, self._beat, time.monotonic() + BEAT_SECONDS, time.thread_time())

    return MeasuredLoop


def main(file: str, module: str, *arguments: str) -> None:
    import uvloop  # noqa: PLC0415 - of the server's environment

    with Path(file).open("a", buffering=1) as output:
        setattr(uvloop, "Loop", make_loop_class(Notes(output)))  # noqa: B010 - what uvicorn makes; a class for mypy
        sys.argv = [module, *arguments]
        runpy.run_module(module, run_name="__main__", alter_sys=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
