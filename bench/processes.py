"""A server's processes as /proc shows them: who they are, what they used, and how they are ended."""

import os
import signal
import time
from dataclasses import dataclass
from pathlib import Path

TICKS_PER_SECOND = os.sysconf("SC_CLK_TCK")
PAGE_BYTES = os.sysconf("SC_PAGE_SIZE")


@dataclass(frozen=True)
class Process:
    """One process; a pid alone may be used again, with its start time it is unique."""

    pid: int
    started: int  # clock ticks since boot


@dataclass(frozen=True)
class Status:
    process: Process
    parent: int
    session: int
    cpu_seconds: float
    resident_bytes: int
    is_zombie: bool


def read_status(pid: int) -> Status | None:
    """None if the process is gone. Source of the fields: proc(5), /proc/pid/stat."""
    try:
        text = Path(f"/proc/{pid}/stat").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return None
    fields = text.rpartition(")")[2].split()  # the name before it may hold anything
    return Status(
        process=Process(pid, int(fields[19])),
        parent=int(fields[1]),
        session=int(fields[3]),
        cpu_seconds=(int(fields[11]) + int(fields[12])) / TICKS_PER_SECOND,
        resident_bytes=int(fields[21]) * PAGE_BYTES,
        is_zombie=fields[0] == "Z",
    )


def list_tree(root: int) -> list[Status]:
    """The process `root`, its session and all descendants, also those that began a session of their own."""
    found = [status for entry in os.listdir("/proc") if entry.isdecimal() and (status := read_status(int(entry)))]
    tree = {root} | {status.process.pid for status in found if status.session == root}
    size = 0
    while size < len(tree):
        size = len(tree)
        tree |= {status.process.pid for status in found if status.parent in tree}
    return [status for status in found if status.process.pid in tree and not status.is_zombie]


def pin_threads(pid: int, cores: set[int]) -> None:
    """Every thread of the process on `cores`; those it starts later inherit it."""
    for thread in Path(f"/proc/{pid}/task").iterdir():
        os.sched_setaffinity(int(thread.name), cores)


def is_alive(process: Process) -> bool:
    status = read_status(process.pid)
    return status is not None and status.process == process and not status.is_zombie


def wait_gone(processes: set[Process], timeout_seconds: float) -> set[Process]:
    """Those of `processes` that are still there after at most `timeout_seconds`."""
    deadline = time.monotonic() + timeout_seconds
    while (alive := {process for process in processes if is_alive(process)}) and time.monotonic() < deadline:
        time.sleep(0.02)
    return alive


def kill_processes(processes: set[Process]) -> None:
    """SIGKILL by pid, for each that is still the process it was."""
    for process in processes:
        if is_alive(process):
            os.kill(process.pid, signal.SIGKILL)
