"""What holds a server's event loop is noted by its name, and read back for the time it happened in."""

import math
import os
import subprocess
import sys
from pathlib import Path

from bench.experiments.hostile.loop_times import BEAT, Held, read_times
from bench.places import ROOT

PROGRAM = """
import asyncio, time, uvloop

def spin():
    end = time.thread_time() + 0.02
    while time.thread_time() < end:
        pass

class Slow(asyncio.Protocol):
    def connection_made(self, transport):
        spin()
        transport.close()

async def think():
    spin()

async def main():
    server = await asyncio.get_running_loop().create_server(Slow, "127.0.0.1", 0)
    await asyncio.create_task(think())
    reader, writer = await asyncio.open_connection(*server.sockets[0].getsockname())
    await reader.read()
    writer.close()

asyncio.Runner(loop_factory=uvloop.new_event_loop).run(main())
"""


def test_what_held_the_loop_is_noted_by_name(tmp_path: Path) -> None:
    (tmp_path / "slow_server.py").write_text(PROGRAM)
    times = tmp_path / "times"
    command = [sys.executable, "-m", "bench.experiments.hostile.loop_times", str(times), "slow_server"]
    environ = {**os.environ, "PYTHONPATH": os.pathsep.join([str(ROOT), str(tmp_path)])}
    subprocess.run(command, check=True, env=environ, cwd=tmp_path)
    noted = {held.name: held for held in read_times(times, 0.0, math.inf)}
    assert noted["think"].cpu_seconds >= 0.02
    assert noted["Slow.connection_made"].cpu_seconds >= 0.02
    assert noted[BEAT].seconds > 0
    assert not read_times(times, 0.0, noted["think"].end - 1)


def test_a_server_without_notes_has_none(tmp_path: Path) -> None:
    assert read_times(tmp_path / "none", 0.0, math.inf) == []


def test_a_line_that_is_still_being_written_is_left_for_later(tmp_path: Path) -> None:
    (tmp_path / "times").write_text('["a", 1.0, 0.5, 0.25]\n["b", 2.0, 0.')
    assert read_times(tmp_path / "times", 0.0, math.inf) == [Held("a", 1.0, 0.5, 0.25)]
