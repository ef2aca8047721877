"""The programs that `make watch` starts: each with a log of its own, all of them ended with it."""

import contextlib
import os
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

from cli.errors import InputError, OutsideError

HOST = "127.0.0.1"
START_SECONDS = 60.0
STOP_SECONDS = 15.0
LOOK_SECONDS = 0.1


class Children:
    """Processes in their order; leaving the block ends them in the reverse order."""

    def __init__(self, logs: Path) -> None:
        self.logs = logs
        self.running: dict[str, subprocess.Popen[bytes]] = {}

    def __enter__(self) -> Self:
        self.logs.mkdir(parents=True, exist_ok=True)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        with ignore_interrupts():  # a second Ctrl-C must leave nobody behind
            self.stop()

    def start(self, name: str, command: Sequence[str | Path], **settings: str) -> None:
        """In a session of its own, so that Ctrl-C reaches this process alone, which then ends them in order."""
        with (self.logs / f"{name}.log").open("wb") as log:
            self.running[name] = subprocess.Popen(  # noqa: S603 - no shell, our own arguments
                command,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
                env=os.environ | settings,
            )

    def wait_until(self, holds: Callable[[], bool], name: str) -> None:
        """Raises: OutsideError if the program ends or is not ready in time, with its last line."""
        deadline = time.monotonic() + START_SECONDS
        while not holds():
            self.check()
            if time.monotonic() > deadline:
                raise OutsideError(f"{name} was not ready within {START_SECONDS:.0f} s: {self.read_last_line(name)}")
            time.sleep(LOOK_SECONDS)

    def check(self) -> None:
        """Raises: OutsideError if a program has ended by itself."""
        for name, process in self.running.items():
            if process.poll() is not None:
                code = process.returncode
                raise OutsideError(f"{name} ended with exit code {code}: {self.read_last_line(name)}")

    def read_last_line(self, name: str) -> str:
        path = self.logs / f"{name}.log"
        *_, last = ["nothing was logged", *path.read_text(encoding="utf-8", errors="replace").strip().splitlines()]
        return f"{last}; see {path}"

    def stop(self) -> None:
        for process in reversed(self.running.values()):
            with contextlib.suppress(ProcessLookupError):
                process.terminate()
            try:
                process.wait(STOP_SECONDS)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        self.running.clear()


@contextlib.contextmanager
def ignore_interrupts() -> Iterator[None]:
    former: Mapping[int, signal.Handlers | Callable[..., object] | int | None]
    former = {number: signal.signal(number, signal.SIG_IGN) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for number, handler in former.items():
            signal.signal(number, handler)


def find_program(*names: str, package: str) -> str:
    """The path of a program under one of its names.

    Raises: InputError with the way to get it.
    """
    for name in names:
        if path := shutil.which(name):
            return path
    raise InputError(f"{names[0]} is not on the path; on Debian: sudo apt-get install {package}")


def choose_port(wanted: int) -> int:
    """The port, or any that is free for 0.

    Raises: InputError if it is taken.
    """
    try:
        with socket.create_server((HOST, wanted)) as listener:
            port: int = listener.getsockname()[1]
            return port
    except OSError as error:
        raise InputError(
            f"port {wanted} cannot be listened on: {os.strerror(error.errno or 0)}; give another, or 0 for any"
        ) from error
