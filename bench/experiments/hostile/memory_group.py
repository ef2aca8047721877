"""A memory cgroup with a limit, for a server and all that it starts."""

import contextlib
import os
from pathlib import Path

from bench.errors import UnfitSystemError

V1, V2 = Path("/sys/fs/cgroup/memory"), Path("/sys/fs/cgroup")


class MemoryGroup:
    """A memory cgroup of this experiment's own, version 1 or 2."""

    def __init__(self, limit: int) -> None:
        """Raises: UnfitSystemError where none can be made."""
        self.is_v1 = (V1 / "memory.limit_in_bytes").exists()
        self.folder = (V1 if self.is_v1 else V2) / f"lathe-bench-{os.getpid()}"
        limits = ("memory.limit_in_bytes", "memory.memsw.limit_in_bytes") if self.is_v1 else ("memory.max",)
        try:
            self.folder.mkdir()
            (self.folder / limits[0]).write_text(str(limit))
        except OSError as error:
            self.close()
            raise UnfitSystemError(f"no memory cgroup can be made: {error}") from error
        with contextlib.suppress(OSError):  # without swap there is nothing to limit
            for name in limits[1:] if self.is_v1 else ("memory.swap.max",):
                (self.folder / name).write_text(str(limit) if self.is_v1 else "0")

    def enter(self) -> None:
        """Moves this process into the group, so that all it starts is counted from its first page."""
        (self.folder / "cgroup.procs").write_text(str(os.getpid()))

    def leave(self) -> None:
        (self.folder.parent / "cgroup.procs").write_text(str(os.getpid()))

    def count_killed(self) -> int:
        text = (self.folder / ("memory.oom_control" if self.is_v1 else "memory.events")).read_text()
        return int(dict(line.split() for line in text.splitlines()).get("oom_kill", 0))

    def close(self) -> None:
        with contextlib.suppress(OSError):
            self.folder.rmdir()
