"""What the figures were measured on."""

import os
import platform
import re
import subprocess
from datetime import UTC, datetime
from pathlib import Path

import msgspec

from bench.places import ROOT


class Machine(msgspec.Struct, frozen=True):
    processor: str
    cores: int
    memory_gib: float
    kernel: str
    python: str
    load_average: float  # over the minute before: a busy machine shows here
    measured_at: str
    revision: str


def describe_machine() -> Machine:
    info = Path("/proc/cpuinfo").read_text()
    name = re.search(r"^model name\s*:\s*(.+)$", info, re.MULTILINE)
    return Machine(
        processor=name[1] if name else platform.machine(),
        cores=len(os.sched_getaffinity(0)),
        memory_gib=round(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30, 1),
        kernel=platform.release(),
        python=platform.python_version(),
        load_average=round(os.getloadavg()[0], 2),
        measured_at=datetime.now(UTC).strftime("%Y-%m-%d %H:%M UTC"),
        revision=_read_revision(),
    )


def _read_revision() -> str:
    command = ["git", "rev-parse", "--short", "HEAD"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    return done.stdout.strip() if done.returncode == 0 else "not committed"
