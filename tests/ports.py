"""Ports of this machine that nobody else takes between the choice and the use."""

import fcntl
import os
import random
import socket
import tempfile
from pathlib import Path
from typing import TextIO

# below what Linux (32768) and macOS (49152) give to outgoing connections: those would take one at any moment
FIRST, LAST = 20_000, 32_000
_held: list[TextIO] = []  # until this process ends


def take_free_port() -> int:
    """A port of loopback that nothing listens on, and that no other process of these tests is given."""
    folder = Path(tempfile.gettempdir()) / f"lathe-test-ports-{os.getuid()}"
    folder.mkdir(exist_ok=True)
    for port in random.sample(range(FIRST, LAST), LAST - FIRST):
        file = (folder / str(port)).open("w", encoding="utf-8")
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            with socket.create_server(("127.0.0.1", port)):
                _held.append(file)
                return port
        except OSError:
            file.close()
    raise AssertionError(f"no port from {FIRST} to {LAST} is free")
